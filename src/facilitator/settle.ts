import { refuse, type SettleAnswer, settleSuccess } from "../protocol/index.js";
import type { LeaseToken } from "../store/port.js";
import { broadcastAndConfirm } from "./broadcast.js";
import { type CheckedPayment, checkPayment, parseForSettle, type Refused } from "./checked-payment.js";
import { judgeOnLedger } from "./facts.js";
import type { FacilitatorSettings } from "./options.js";
import { readStoredSuccess, refuseClaim, standingForSettle, withHash } from "./redemption.js";

/** A settle's lease outlives its wait for the confirmation by this much, so that nobody takes the hash in between. */
const SETTLE_LEASE_SLACK_MS = 15_000;

export type SettleResult = { readonly ok: true; readonly answer: SettleAnswer } | Refused;

/**
 * Verifies again in full and redeems exactly once (R4). The three outcomes of R8: settled (`ok`), refused, and pending
 * (`settlement_pending` with the hash). Throws only where nothing was broadcast and nothing decided.
 */
export async function settlePayment(
  paymentPayload: unknown,
  requirements: unknown,
  x402Version: unknown,
  settings: FacilitatorSettings,
): Promise<SettleResult> {
  const parsed = parseForSettle(paymentPayload, requirements, x402Version);
  if (!parsed.ok) return parsed;
  const { payment } = parsed;
  const token = payment.payload.lease;

  // A lease lifts the expiry, but whose it is can be told only after the signature: so without a token judge at once.
  const result = checkPayment(payment, token === undefined, settings);
  if (!result.ok) return result;
  const { checked } = result;
  const { payer, hash, key, paymentId } = checked;
  const standing = standingForSettle(await settings.store.get(key), token, paymentId);
  if (standing.kind === "repeat") return { ok: true, answer: standing.answer };
  const isOwner = standing.kind === "owner";
  const strict = isOwner || token === undefined ? result : checkPayment(payment, true, settings);
  if (!strict.ok) return strict;
  if (standing.kind === "refused") return withHash({ ...standing.refusal, payer }, hash);

  const resumes = isOwner && standing.broadcasting;
  if (!resumes) {
    const isTaken = async () => {
      const again = standingForSettle(await settings.store.get(key), token, paymentId);
      return again.kind === "refused" ? again.refusal : undefined;
    };
    const refusal = await judgeOnLedger(checked, settings, isTaken);
    if (refusal !== undefined) return withHash({ ...refusal, payer }, hash);
  }
  const settled = await claimAndSettle(checked, token, resumes, settings);
  return settled.ok ? settled : withHash(settled, hash);
}

async function claimAndSettle(
  checked: CheckedPayment,
  token: LeaseToken | undefined,
  resumes: boolean,
  settings: FacilitatorSettings,
): Promise<SettleResult> {
  const { store } = settings;
  const { payment, payer, key, paymentId } = checked;
  const leaseMs = confirmationWaitMs(checked, settings) + SETTLE_LEASE_SLACK_MS;
  const claim = await store.claim({ ...key, purpose: "settle", paymentId, token, leaseMs });
  if (claim.outcome !== "claimed") {
    const stored = claim.outcome === "redeemed" && claim.byThisToken ? readStoredSuccess(claim.result) : undefined;
    return stored === undefined ? { ...refuseClaim(claim), payer } : { ok: true, answer: stored };
  }
  const lease = claim.token;
  if (payment.track === "nanoSignature") return redeem(checked, lease, settings);

  const ownsJournal = resumes && claim.state === "broadcasting" && lease === token;
  const waitMs = confirmationWaitMs(checked, settings);
  const job = { payment, checked, lease, leaseMs, waitMs, ownsJournal };
  const unsettled = await broadcastAndConfirm(job, settings).catch(async (outage: unknown) => {
    // Nothing has left yet. A lease that this settle took itself ends; one that a verify gave stays (R3).
    if (lease !== token) await store.release(lease).catch(() => false);
    throw outage;
  });
  if (unsettled !== undefined) return { ...unsettled, payer };
  try {
    return await redeem(checked, lease, settings);
  } catch {
    // The block is on the ledger and the store is out of reach: whatever was committed, this is not "unpaid" (R8).
    return { ...refuse("settlement_pending"), payer, hash: checked.hash };
  }
}

/** The one place that redeems. Whoever lost the hash meanwhile is told so, and is not served. */
async function redeem(
  checked: CheckedPayment,
  lease: LeaseToken,
  settings: FacilitatorSettings,
): Promise<SettleResult> {
  const { hash, payer, payment } = checked;
  const answer = settleSuccess(hash, payer, payment.track);
  const advance = await settings.store.advance(lease, { to: "redeemed", result: JSON.stringify(answer) });
  switch (advance.outcome) {
    case "advanced":
      return { ok: true, answer };
    case "redeemed": {
      const stored = advance.byThisToken ? readStoredSuccess(advance.result) : undefined;
      return stored === undefined ? { ...refuse("duplicate_block_hash"), payer } : { ok: true, answer: stored };
    }
    case "lost":
      return { ...refuse("payment_in_progress"), payer };
  }
}

/** At most `maxTimeoutSeconds` or the configured limit, whichever is less (SPEC 3). */
function confirmationWaitMs(checked: CheckedPayment, settings: FacilitatorSettings): number {
  return Math.min(checked.payment.requirements.maxTimeoutSeconds, settings.confirmationTimeoutSeconds) * 1000;
}
