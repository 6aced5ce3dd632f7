import { type ErrorCode, isNanoError } from "../errors/index.js";
import { cryptoReady } from "../nano/index.js";
import {
  NETWORK,
  type Reason,
  refuse,
  SCHEME,
  type SettleAnswer,
  settleFailure,
  TRACKS,
  type VerifyAnswer,
  verifyFailure,
  verifySuccess,
  X402_VERSION,
} from "../protocol/index.js";
import { type FacilitatorOptions, resolveOptions } from "./options.js";
import { settlePayment } from "./settle.js";
import { verifyPayment } from "./verify.js";

/** `x402Version` is the request's top-level one, where it has one. Everything is judged, nothing is trusted. */
export interface FacilitatorRequest {
  readonly x402Version?: unknown;
  readonly paymentPayload: unknown;
  readonly paymentRequirements: unknown;
}

/** Verifies, settles, and holds no key. Knows no web framework and no host SDK. */
export interface FacilitatorEngine {
  verify(request: FacilitatorRequest): Promise<VerifyAnswer>;
  settle(request: FacilitatorRequest): Promise<SettleAnswer>;
  /** Ends the lease of a response that was cancelled. For resource servers only (R3). */
  release(lease: string): Promise<boolean>;
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
  const extra = () => ({
    assetTransferMethods: [...TRACKS],
    ...(settings.workPolicy === "attach"
      ? { work: "optional", workThreshold: settings.sendWorkThreshold.toString(16).padStart(16, "0") }
      : {}),
  });
  return {
    async verify({ paymentPayload, paymentRequirements, x402Version }) {
      try {
        await cryptoReady();
        const result = await verifyPayment(paymentPayload, paymentRequirements, x402Version, settings);
        return result.ok ? verifySuccess(result.checked.payer, result.lease) : verifyFailure(result, result.payer);
      } catch (error) {
        return verifyFailure(refuse(reasonOfOutage(error)));
      }
    },
    async settle({ paymentPayload, paymentRequirements, x402Version }) {
      try {
        await cryptoReady();
        const result = await settlePayment(paymentPayload, paymentRequirements, x402Version, settings);
        return result.ok ? result.answer : settleFailure(result, { payer: result.payer, hash: result.hash });
      } catch (error) {
        return settleFailure(refuse(reasonOfOutage(error)));
      }
    },
    release: (lease) => settings.store.release(lease),
    supported: () => ({
      kinds: [{ x402Version: X402_VERSION, scheme: SCHEME, network: NETWORK, extra: extra() }],
      extensions: [],
      signers: { "nano:*": [] },
    }),
    extra,
  };
}

const OUTAGES: Partial<Record<ErrorCode, Reason>> = {
  ledger_unavailable: "ledger_unavailable",
  ledger_refused: "ledger_unavailable",
  work_unavailable: "ledger_unavailable",
  store_unavailable: "facilitator_unavailable",
};

/** When an outage is thrown nothing was broadcast, so "not accepted" is true (R7). Anything else is a bug and stays one. */
function reasonOfOutage(error: unknown): Reason {
  const reason = isNanoError(error) ? OUTAGES[error.code] : undefined;
  if (reason === undefined) throw error;
  return reason;
}
