import { cryptoReady } from "../nano/index.js";
import {
  NETWORK,
  SCHEME,
  type SettleAnswer,
  settleFailure,
  TRACKS,
  type VerifyAnswer,
  verifyFailure,
  verifySuccess,
  X402_VERSION,
} from "../protocol/index.js";
import { isOurEntry, type OfferedEntry, offerEntry } from "./accepts.js";
import type { Settlement } from "./claim-and-settle.js";
import { type FacilitatorOptions, resolveOptions } from "./options.js";
import { keepRecovering, type RecoveryReport, recoverJournal } from "./recovery.js";
import type { FacilitatorRequest } from "./request.js";
import { settlePayment } from "./settle.js";
import { SingleFlight } from "./single-flight.js";
import { verifyPayment } from "./verify.js";

/** Verifies, settles, and holds no key. Knows no web framework and no host SDK. */
export interface FacilitatorEngine {
  verify(request: FacilitatorRequest): Promise<VerifyAnswer>;
  settle(request: FacilitatorRequest): Promise<SettleAnswer>;
  /** Ends the lease of a response that was cancelled. For resource servers only (R3). */
  release(lease: string): Promise<boolean>;
  /** One pass over the journal now, beside those that are made at the start and then regularly (R9). */
  recover(): Promise<RecoveryReport>;
  /** Ends the regular passes. Ledger and store are the caller's, and stay open. */
  close(): void;
  supported(): SupportedAnswer;
  /**
   * A seller's entries → what its 402 offers: both tracks of each that names none, with challenges issued now. Entries of
   * other schemes, networks and assets are left out: nobody here could settle them. Asks neither ledger nor store. Throws
   * `invalid_requirements` and `invalid_price` for an entry that nobody could pay.
   */
  accepts(entries: readonly unknown[]): OfferedEntry[];
  /** What a kind says of itself in `/supported`. */
  extra(): Readonly<Record<string, unknown>>;
}

export interface SupportedAnswer {
  readonly kinds: readonly {
    readonly x402Version: typeof X402_VERSION;
    readonly scheme: typeof SCHEME;
    readonly network: typeof NETWORK;
    readonly extra: Readonly<Record<string, unknown>>;
  }[];
  readonly extensions: readonly string[];
  readonly signers: { readonly "nano:*": readonly string[] };
}

export function createFacilitatorEngine(options: FacilitatorOptions): FacilitatorEngine {
  const settings = resolveOptions(options);
  const running = new SingleFlight<Settlement>();
  const recovering = new SingleFlight<RecoveryReport>();
  const recover = () => recovering.run("", () => recoverJournal(settings));
  const stop = keepRecovering(recover, settings);
  /** SPEC 8: clients may leave the work of a Track A block to a facilitator that attaches it. */
  const work =
    settings.workPolicy === "attach"
      ? { work: "optional", workThreshold: settings.sendWorkThreshold.toString(16).padStart(16, "0") }
      : {};
  const extra = () => ({ assetTransferMethods: [...TRACKS], ...work });
  return {
    async verify(request) {
      await cryptoReady();
      const result = await verifyPayment(request, settings);
      return result.ok ? verifySuccess(result.checked.payer, result.lease) : verifyFailure(result, result.payer);
    },
    async settle(request) {
      await cryptoReady();
      const result = await settlePayment(request, settings, running);
      return result.ok ? result.answer : settleFailure(result, { payer: result.payer, hash: result.hash });
    },
    recover,
    close: stop,
    release: async (lease) => settings.store.release(lease),
    supported: () => ({
      kinds: [{ x402Version: X402_VERSION, scheme: SCHEME, network: NETWORK, extra: extra() }],
      extensions: [],
      signers: { "nano:*": [] },
    }),
    accepts: (entries) => entries.filter(isOurEntry).flatMap((entry) => offerEntry(entry, work, settings)),
    extra,
  };
}
