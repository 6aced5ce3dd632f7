import { parsePayment, type Refusal } from "../protocol/index.js";
import type { LeaseToken } from "../store/port.js";
import { needsWork } from "./broadcast.js";
import { type CheckedPayment, checkPayment, type Refused } from "./checked-payment.js";
import { claimAndSettle, hasBroadcast, type Settle, type Settled, type Settlement } from "./claim-and-settle.js";
import { type Judgement, judgeAgain, judgeOnLedger } from "./facts.js";
import type { FacilitatorSettings } from "./options.js";
import { refuseOutage } from "./outage.js";
import { type SettleStanding, standingForSettle, withHash } from "./redemption.js";
import type { FacilitatorRequest } from "./request.js";
import type { SingleFlight } from "./single-flight.js";

export type SettleResult = Settled | Refused;

/**
 * Verifies again in full and redeems exactly once (R4). The three outcomes of R8: settled (`ok`), refused, and pending
 * (`settlement_pending` with the hash). Throws only bugs.
 */
export async function settlePayment(
  request: FacilitatorRequest,
  settings: FacilitatorSettings,
  running: SingleFlight<Settlement>,
): Promise<SettleResult> {
  const { paymentPayload, paymentRequirements, x402Version } = request;
  const parsed = parsePayment(paymentPayload, paymentRequirements, { x402Version, allowLease: true });
  if (!parsed.ok) return parsed;
  const { payment } = parsed;
  const token = payment.payload.lease;

  // A lease lifts the expiry (R4), but whose it is can be told only once the other rows have passed.
  const strict = checkPayment(payment, true, settings);
  const lenient = strict.ok || token === undefined ? strict : checkPayment(payment, false, settings);
  if (!lenient.ok) return strict.ok ? lenient : strict;
  const { checked } = lenient;
  const { payer, hash } = checked;
  try {
    const standing = await readStanding(checked, token, settings);
    if (standing.kind === "repeat") return { ok: true, answer: standing.answer };
    if (standing.kind !== "owner" && !strict.ok) return { ...strict, payer };
    if (standing.kind === "refused") return withHash({ ...standing.refusal, payer }, hash);
    const settle = () => settleChecked({ checked, token, standing }, settings);
    // Two settles with one token would each take the other's broadcast for a stranger's (R10).
    const isOwner = token !== undefined && standing.kind === "owner";
    const settlement = await (isOwner ? running.run(token, settle) : settle());
    return settlement.ok ? settlement : withHash({ ...settlement, payer }, hash);
  } catch (error) {
    return { ...refuseOutage(error), payer };
  }
}

async function readStanding(
  { key, paymentId }: CheckedPayment,
  token: LeaseToken | undefined,
  { store }: FacilitatorSettings,
): Promise<SettleStanding> {
  return standingForSettle(await store.get(key), token, paymentId);
}

/** The rows that ask the ledger, then the lease and all that follows. */
async function settleChecked(settle: Settle, settings: FacilitatorSettings): Promise<Settlement> {
  const { checked, token, standing } = settle;
  if (hasBroadcast(standing)) return claimAndSettle(settle, settings);
  const isOwner = standing.kind === "owner";
  const isTaken = async () => {
    const latest = await readStanding(checked, token, settings);
    return latest.kind === "refused" ? latest.refusal : undefined;
  };
  // Work costs more than a look: it is computed after every other check, on what the ledger holds now (row 6).
  const seen =
    isOwner && token !== undefined && !needsWork(checked, settings)
      ? settings.sightings.take(token, checked)
      : undefined;
  const refusal =
    seen === undefined
      ? refusalOf(await judgeOnLedger(checked, settings, { isTaken, judgeAge: !isOwner }))
      : judgeAgain(checked, seen, settings);
  if (refusal === undefined) return claimAndSettle(settle, settings);
  if (!isOwner || refusal.reason !== "block_already_landed") return refusal;
  // Another facilitator on this store may be at work with the same token: then it has landed through us (R10).
  const latest = await readStanding(checked, token, settings);
  if (latest.kind === "repeat") return { ok: true, answer: latest.answer };
  const isOurs = latest.kind === "owner" && latest.broadcasting;
  return isOurs ? claimAndSettle({ ...settle, standing: latest }, settings) : refusal;
}

function refusalOf(judgement: Judgement): Refusal | undefined {
  return judgement.ok ? undefined : judgement.refusal;
}
