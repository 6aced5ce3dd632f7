import type {
  AfterVerifyHook,
  BeforeVerifyHook,
  OnSettleFailureHook,
  OnVerifiedPaymentCanceledHook,
} from "@x402/core/server";
import type { SchemeServerHooks, SettleContext } from "@x402/core/types";
import { type ChallengeAuthority, isReason, REASONS, verifyResponseSchema } from "../../protocol/index.js";
import type { ReleaseLease } from "./lease-release.js";
import { judgeAtServer } from "./server-judge.js";

export interface ServerHookDependencies {
  readonly authority: ChallengeAuthority;
  readonly clock: () => number;
  readonly release: ReleaseLease | undefined;
}

export interface ServerHooks {
  readonly schemeHooks: SchemeServerHooks;
  readonly enrichSettlementPayload: (context: SettleContext) => Promise<Record<string, unknown> | undefined>;
}

/** Reasons after which the settlement may still succeed, or has: the lease is then not ours to end. */
const UNDECIDED = new Set<string>([
  "settlement_pending",
  "payment_in_progress",
  "duplicate_block_hash",
  "ledger_unavailable",
  "facilitator_unavailable",
]);

/**
 * Core treats a hook that throws as one that agrees, and calls hooks without `this`: so these are closures, and the one
 * that guards money answers every fault of its own with a refusal.
 */
export function createServerHooks({ authority, clock, release }: ServerHookDependencies): ServerHooks {
  /** Core passes the very same payload object to verify, cancel and settle of one request. */
  const leases = new WeakMap<object, string>();

  const onBeforeVerify: BeforeVerifyHook = async ({ paymentPayload, requirements }) => {
    try {
      const nowSeconds = Math.floor(clock() / 1000);
      const refusal = judgeAtServer(paymentPayload, requirements, { authority, nowSeconds });
      return refusal === undefined ? undefined : { abort: true, reason: refusal.reason, message: refusal.message };
    } catch {
      const reason = "facilitator_unavailable";
      return { abort: true, reason, message: REASONS[reason].sentence };
    }
  };

  /** Runs for refusals too. */
  const onAfterVerify: AfterVerifyHook = async ({ paymentPayload, result }) => {
    const read = verifyResponseSchema.safeParse(result);
    const lease = read.success && read.data.isValid ? read.data.extra?.lease : undefined;
    if (lease !== undefined) leases.set(paymentPayload, lease);
  };

  /** A facilitator that cannot be reached ends the lease by itself, after a minute at most. */
  const endLease = async (paymentPayload: object): Promise<void> => {
    const lease = leases.get(paymentPayload);
    if (lease !== undefined) await release?.(lease).catch(() => false);
  };

  const onVerifiedPaymentCanceled: OnVerifiedPaymentCanceledHook = async ({ paymentPayload }) =>
    endLease(paymentPayload);

  /** The response is withheld after a refusal, so the payer may use the proof again at once. */
  const onSettleFailure: OnSettleFailureHook = async ({ paymentPayload, error }) => {
    const reason = "errorReason" in error ? error.errorReason : undefined;
    if (typeof reason === "string" && isReason(reason) && !UNDECIDED.has(reason)) await endLease(paymentPayload);
  };

  return {
    schemeHooks: { onBeforeVerify, onAfterVerify, onVerifiedPaymentCanceled, onSettleFailure },
    enrichSettlementPayload: async ({ paymentPayload }) => {
      const lease = leases.get(paymentPayload);
      return lease === undefined ? undefined : { lease };
    },
  };
}
