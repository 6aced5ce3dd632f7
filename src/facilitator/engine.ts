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
  const extra = () => ({
    assetTransferMethods: [...TRACKS],
    ...(settings.workPolicy === "attach"
      ? { work: "optional", workThreshold: settings.sendWorkThreshold.toString(16).padStart(16, "0") }
      : {}),
  });
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
    release: (lease) => settings.store.release(lease),
    supported: () => ({
      kinds: [{ x402Version: X402_VERSION, scheme: SCHEME, network: NETWORK, extra: extra() }],
      extensions: [],
      signers: { "nano:*": [] },
    }),
    extra,
  };
}
