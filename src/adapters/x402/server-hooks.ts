import type {
  AfterVerifyHook,
  BeforeVerifyHook,
  OnSettleFailureHook,
  OnVerifiedPaymentCanceledHook,
} from "@x402/core/server";
import type { SchemeServerHooks, SettleContext } from "@x402/core/types";
import {
  type ChallengeAuthority,
  isStillRunning,
  isUndecided,
  REASONS,
  verifyResponseSchema,
} from "../../protocol/index.js";
import type { FacilitatorLink } from "./facilitator-link.js";
import { judgeAtServer } from "./server-judge.js";

export interface ServerHookDependencies {
  readonly authority: ChallengeAuthority;
  readonly clock: () => number;
  readonly facilitator: FacilitatorLink | undefined;
}

export interface ServerHooks {
  readonly schemeHooks: SchemeServerHooks;
  readonly enrichSettlementPayload: (context: SettleContext) => Promise<Record<string, unknown> | undefined>;
}

/**
 * Core treats a hook that throws as one that agrees, and calls hooks without `this`: so these are closures, and the one
 * that guards money answers every fault of its own with a refusal.
 */
export function createServerHooks({ authority, clock, facilitator }: ServerHookDependencies): ServerHooks {
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
    if (lease !== undefined) await facilitator?.release(lease).catch(() => false);
  };

  const onVerifiedPaymentCanceled: OnVerifiedPaymentCanceledHook = async ({ paymentPayload }) =>
    endLease(paymentPayload);

  /**
   * The answer may be lost while the block is redeemed: asking again with the same lease gives the stored success (R9).
   * After a refusal the response is withheld, so the lease ends and the payer may use the proof again at once.
   */
  const onSettleFailure: OnSettleFailureHook = async ({ paymentPayload, requirements, error }) => {
    const lease = leases.get(paymentPayload);
    if (lease === undefined || facilitator === undefined) return undefined;
    let reason = reasonOf(error);
    if (reason === undefined || isUndecided(reason)) {
      const { payload, ...envelope } = paymentPayload;
      const result = await facilitator
        .settle({ ...envelope, payload: { ...payload, lease } }, requirements)
        .catch(() => undefined);
      if (result?.success === true) return { recovered: true, result };
      reason = result?.errorReason;
    }
    if (!isStillRunning(reason)) await endLease(paymentPayload);
    return undefined;
  };

  return {
    schemeHooks: { onBeforeVerify, onAfterVerify, onVerifiedPaymentCanceled, onSettleFailure },
    enrichSettlementPayload: async ({ paymentPayload }) => {
      const lease = leases.get(paymentPayload);
      return lease === undefined ? undefined : { lease };
    },
  };
}

/** The facilitator's word; undefined where none came: a lost connection, a time-out, a fault of the facilitator. */
function reasonOf(error: Error): string | undefined {
  return "errorReason" in error && typeof error.errorReason === "string" ? error.errorReason : undefined;
}
