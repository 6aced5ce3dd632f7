import type { FacilitatorHandler, GetRequirementsArgs } from "@faremeter/types/facilitator";
import type {
  x402PaymentPayload,
  x402PaymentRequirements,
  x402SupportedKind,
  x402VerifyResponse,
} from "@faremeter/types/x402v2";
import { isNanoError } from "../../errors/index.js";
import {
  createFacilitatorEngine,
  type FacilitatorEngine,
  type FacilitatorOptions,
  type RecoveryReport,
} from "../../facilitator/index.js";
import {
  ASSET,
  inventChallengeSecret,
  isStillRunning,
  isUndecided,
  NETWORK,
  refuse,
  SCHEME,
  type SettleAnswer,
  settleFailure,
  type VerifyAnswer,
  verifyFailure,
} from "../../protocol/index.js";

export interface FaremeterFacilitatorOptions extends FacilitatorOptions {
  /** Told once of what would otherwise only show as a 402 that offers nothing. Default `console.warn`. */
  readonly onWarning?: ((message: string) => void) | undefined;
}

/** One of Faremeter's `x402Handlers`, and what it needs beside a request. */
export interface NanoFacilitatorHandler extends FacilitatorHandler {
  /** `schemes` stands here too, where Faremeter 0.21 looks for it. */
  readonly capabilities: { networks: string[]; assets: string[]; schemes: string[] };
  readonly schemes: string[];
  getSupported(): Promise<x402SupportedKind>[];
  handleVerify(requirements: x402PaymentRequirements, payment: x402PaymentPayload): Promise<x402VerifyResponse | null>;
  getSigners(): Promise<Record<string, string[]>>;
  /** One pass over the journal now, beside those that are made at the start and then regularly (R9). */
  recover(): Promise<RecoveryReport>;
  /** Ends the regular passes. Ledger and store stay open: they are the caller's. */
  close(): void;
}

/**
 * Verifies and settles in the process of a Faremeter server. Express 4 ends the process when a handler throws, or when
 * none answers: whatever arrives for `exact` on `nano:mainnet` is answered, with a refusal at least.
 */
export function createFacilitatorHandler(options: FaremeterFacilitatorOptions): NanoFacilitatorHandler {
  const { onWarning = console.warn } = options;
  const engine = createFacilitatorEngine({
    ...options,
    challengeSecret: options.challengeSecret ?? inventChallengeSecret(onWarning, options.randomBytes),
  });
  const offer = createOffers(engine, onWarning);
  /** Faremeter passes the very same payment object to verify and settle of one request, and no token. */
  const leases = new WeakMap<object, string>();
  return {
    capabilities: { networks: [NETWORK], assets: [ASSET], schemes: [SCHEME] },
    schemes: [SCHEME],
    getSupported: () => engine.supported().kinds.map(async ({ extra, ...kind }) => ({ ...kind, extra: { ...extra } })),
    getSigners: async () => ({ "nano:*": [] }),
    getRequirements: async ({ accepts }: GetRequirementsArgs) => accepts.flatMap(offer),
    async handleVerify(requirements, payment) {
      if (!isForUs(requirements)) return null;
      const answer = await verify(engine, requirements, payment);
      if (answer.extra !== undefined) leases.set(payment, answer.extra.lease);
      const { isValid, invalidReason, payer } = answer;
      return {
        isValid,
        ...(invalidReason === undefined ? {} : { invalidReason }),
        ...(payer === undefined ? {} : { payer }),
      };
    },
    async handleSettle(requirements, payment) {
      if (!isForUs(requirements)) return null;
      const lease = leases.get(payment);
      const answer =
        lease === undefined
          ? await settle(engine, requirements, payment)
          : await settleWithLease(engine, requirements, payment, lease);
      return { ...answer };
    },
    recover: () => engine.recover(),
    close: () => {
      engine.close();
    },
  };
}

/** Where prices are made for each request, each bad one has a text of its own. */
const MAX_TOLD = 20;

/** Asks nobody, and leaves out what cannot be offered: a throw here would end the process of an Express 4 server. */
function createOffers(
  engine: FacilitatorEngine,
  onWarning: (message: string) => void,
): (entry: x402PaymentRequirements) => x402PaymentRequirements[] {
  const told = new Set<string>();
  return (entry) => {
    try {
      return engine.accepts([entry]).map((offered) => ({ ...offered, extra: { ...offered.extra } }));
    } catch (error) {
      const why = isNanoError(error) ? error.message : "a fault of x402-nano";
      if (told.size < MAX_TOLD && !told.has(why)) {
        told.add(why);
        tell(onWarning, `x402-nano: a price is not offered to anybody: ${why}`);
      }
      return [];
    }
  };
}

/** A logger that throws must not end the server. */
function tell(onWarning: (message: string) => void, message: string): void {
  try {
    onWarning(message);
  } catch {
    // There is nobody left to tell.
  }
}

async function verify(engine: FacilitatorEngine, requirements: unknown, payment: unknown): Promise<VerifyAnswer> {
  try {
    return await engine.verify({ paymentPayload: payment, paymentRequirements: requirements });
  } catch {
    return verifyFailure(refuse("facilitator_unavailable"));
  }
}

/** A token that a client brings along is no token of ours: settle-first servers have none, and others hold theirs here. */
async function settle(
  engine: FacilitatorEngine,
  requirements: unknown,
  payment: x402PaymentPayload,
): Promise<SettleAnswer> {
  try {
    if (bringsLease(payment)) return settleFailure(refuse("malformed_payload", "At payload.lease."));
    return await engine.settle({ paymentPayload: payment, paymentRequirements: requirements });
  } catch {
    return settleFailure(refuse("facilitator_unavailable"));
  }
}

function bringsLease({ payload }: { readonly payload?: unknown }): boolean {
  return typeof payload === "object" && payload !== null && Object.hasOwn(payload, "lease");
}

/**
 * The response exists and waits for this: what was not decided is asked once more. After a refusal it is withheld, so
 * the lease ends and the payer may use the proof again at once.
 */
async function settleWithLease(
  engine: FacilitatorEngine,
  requirements: unknown,
  payment: x402PaymentPayload,
  lease: string,
): Promise<SettleAnswer> {
  const paymentPayload = { ...payment, payload: { ...payment.payload, lease } };
  const ask = (): Promise<SettleAnswer> =>
    engine
      .settle({ paymentPayload, paymentRequirements: requirements })
      .catch(() => settleFailure(refuse("facilitator_unavailable")));
  let answer = await ask();
  if (isUndecided(answer.errorReason)) answer = await ask();
  if (!answer.success && !isStillRunning(answer.errorReason)) await engine.release(lease).catch(() => false);
  return answer;
}

/** Anything else is another handler's: Faremeter routes by network and asset alone. */
function isForUs({ scheme, network, asset }: x402PaymentRequirements): boolean {
  return scheme === SCHEME && network === NETWORK && asset === ASSET;
}
