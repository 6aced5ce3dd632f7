import { hasCode } from "../errors/index.js";
import { refuse, type SettleAnswer, settleSuccess } from "../protocol/index.js";
import type { AdvanceResult, LeaseToken } from "../store/port.js";
import { broadcastAndConfirm, pending, type Unsettled } from "./broadcast.js";
import type { CheckedPayment } from "./checked-payment.js";
import { takeLease } from "./lease.js";
import type { FacilitatorSettings } from "./options.js";
import { readStoredSuccess, refuseClaim, type SettleStanding } from "./redemption.js";

/** A settle's lease outlives its wait for the confirmation by this much, so that nobody takes the hash in between. */
const SETTLE_LEASE_SLACK_MS = 15_000;

/** How often a redemption is tried again where the store did not answer, and after what pause. */
const REDEEM_AGAIN = 2;
const REDEEM_PAUSE_MS = 250;

/** A settle that passed all rows, or needs none of those that ask the ledger because it goes on with its broadcast. */
export interface Settle {
  readonly checked: CheckedPayment;
  readonly token: LeaseToken | undefined;
  readonly standing: Extract<SettleStanding, { kind: "owner" | "stranger" }>;
}

export interface Settled {
  readonly ok: true;
  readonly answer: SettleAnswer;
}
export type Settlement = Settled | Unsettled;

/** Whether an earlier call with this token may have broadcast the block: then no outage says "not paid" (R8). */
export function hasBroadcast(standing: SettleStanding): boolean {
  return standing.kind === "owner" && standing.broadcasting;
}

/** The lease and all that follows. Throws where nothing was broadcast. */
export async function claimAndSettle(settle: Settle, settings: FacilitatorSettings): Promise<Settlement> {
  const stillPending = { ...refuse("settlement_pending"), hash: settle.checked.hash };
  if (!hasBroadcast(settle.standing)) return claimAndConclude(settle, settings);
  const settlement = await claimAndConclude(settle, settings).catch(() => stillPending);
  // The payer is trying another block on the same frontier meanwhile; this one may land all the same.
  return !settlement.ok && settlement.reason === "duplicate_frontier" ? stillPending : settlement;
}

async function claimAndConclude(settle: Settle, settings: FacilitatorSettings): Promise<Settlement> {
  const { checked, token, standing } = settle;
  const { store } = settings;
  const { payment, key, paymentId } = checked;
  const isOwner = standing.kind === "owner";
  const waitMs = confirmationWaitMs(checked, settings);
  const leaseMs = waitMs + SETTLE_LEASE_SLACK_MS;
  const claim = await takeLease({ ...key, purpose: "settle", paymentId, token, leaseMs }, checked, settings);
  if (claim.outcome !== "claimed") {
    const isOwn = isOwner && claim.outcome === "redeemed" && claim.byThisToken;
    const stored = isOwn ? readStoredSuccess(claim.result) : undefined;
    return stored === undefined ? refuseClaim(claim) : { ok: true, answer: stored };
  }
  const lease = claim.token;
  const isContinued = lease === token;
  try {
    // Somebody else had the hash meanwhile, so what an owner is spared was never judged.
    if (isOwner && !isContinued) return await giveBack(lease, settings);
    if (payment.track === "nanoSignature") return await redeem(checked, lease, settings);
    const hasJournal = claim.state === "broadcasting";
    const job = { payment, hash: checked.hash, payer: checked.payer, lease, leaseMs, waitMs, hasJournal };
    const unsettled = await broadcastAndConfirm(job, settings);
    if (unsettled !== undefined) return unsettled;
    // The block is on the ledger: whatever a store that fails now has committed, this is not "unpaid" (R8).
    return await redeem(checked, lease, settings).catch(() => pending(job, settings));
  } catch (error) {
    // A lease that this settle took itself ends; one that a verify gave stays (R3).
    if (!isContinued) await store.release(lease).catch(() => false);
    throw error;
  }
}

async function giveBack(lease: LeaseToken, { store }: FacilitatorSettings): Promise<Unsettled> {
  await store.release(lease);
  return refuse("payment_in_progress");
}

/** The one place that redeems. Whoever lost the hash meanwhile is told so, and is not served. */
async function redeem(
  { hash, payer, payment }: CheckedPayment,
  lease: LeaseToken,
  settings: FacilitatorSettings,
): Promise<Settlement> {
  const answer = settleSuccess(hash, payer, payment.track);
  const advance = await advanceToRedeemed(lease, JSON.stringify(answer), settings);
  switch (advance.outcome) {
    case "advanced":
      return { ok: true, answer };
    case "redeemed": {
      const stored = advance.byThisToken ? readStoredSuccess(advance.result) : undefined;
      return stored === undefined ? refuse("duplicate_block_hash") : { ok: true, answer: stored };
    }
    case "lost":
      return refuse("payment_in_progress");
  }
}

/**
 * A store that did not answer may have redeemed: the very same step again is then answered as done by this token. A host
 * that has no token could not ask again, and its payer would have paid for nothing.
 */
async function advanceToRedeemed(
  lease: LeaseToken,
  result: string,
  { store, sleep }: FacilitatorSettings,
): Promise<AdvanceResult> {
  for (let left = REDEEM_AGAIN; ; left -= 1) {
    try {
      return await store.advance(lease, { to: "redeemed", result });
    } catch (error) {
      if (left === 0 || !hasCode(error, "store_unavailable")) throw error;
      await sleep(REDEEM_PAUSE_MS);
    }
  }
}

/** At most `maxTimeoutSeconds` or the configured limit, whichever is less (SPEC 3). */
function confirmationWaitMs({ payment }: CheckedPayment, settings: FacilitatorSettings): number {
  return Math.min(payment.requirements.maxTimeoutSeconds, settings.confirmationTimeoutSeconds) * 1000;
}
