import { parsePayment, type Refusal } from "../protocol/index.js";
import type { LeaseToken } from "../store/port.js";
import { type CheckedPayment, checkPayment, type Refused } from "./checked-payment.js";
import { judgeOnLedger } from "./facts.js";
import { takeLease } from "./lease.js";
import type { FacilitatorSettings } from "./options.js";
import { refuseOutage } from "./outage.js";
import { judgeForVerify, refuseClaim } from "./redemption.js";
import type { FacilitatorRequest } from "./request.js";

/** R3: a verify's lease lasts as long as the seller may take, and never longer than this. */
const MAX_LEASE_SECONDS = 60;

export type VerifyResult = Verified | Refused;

interface Verified {
  readonly ok: true;
  readonly checked: CheckedPayment;
  readonly lease: LeaseToken;
}

/** All rows in the order of SPEC 3; a `lease` in a payload that is to be verified is a client's invention (R3). */
export async function verifyPayment(request: FacilitatorRequest, settings: FacilitatorSettings): Promise<VerifyResult> {
  const { paymentPayload, paymentRequirements, x402Version } = request;
  const parsed = parsePayment(paymentPayload, paymentRequirements, { x402Version, allowLease: false });
  if (!parsed.ok) return parsed;
  const result = checkPayment(parsed.payment, true, settings);
  if (!result.ok) return result;
  const { checked } = result;
  const { payer } = checked;
  try {
    const verified = await verifyChecked(checked, settings);
    return verified.ok ? verified : { ...verified, payer };
  } catch (error) {
    return { ...refuseOutage(error), payer };
  }
}

/** The rows that ask store and ledger. The lease is taken last, in one atomic step that repeats those of the store. */
async function verifyChecked(checked: CheckedPayment, settings: FacilitatorSettings): Promise<Verified | Refusal> {
  const { store } = settings;
  const { key, payment, paymentId } = checked;
  const isTaken = async () => judgeForVerify(await store.get(key));
  const judgeAge = true;
  const taken = await isTaken();
  if (taken !== undefined) return taken;
  const judgement = await judgeOnLedger(checked, settings, { isTaken, judgeAge });
  if (!judgement.ok) return judgement.refusal;

  const leaseMs = Math.min(payment.requirements.maxTimeoutSeconds, MAX_LEASE_SECONDS) * 1000;
  const claim = await takeLease({ ...key, purpose: "verify", paymentId, leaseMs }, checked, settings);
  if (claim.outcome !== "claimed") return refuseClaim(claim);
  settings.sightings.keep(claim.token, checked, judgement.seen);
  return { ok: true, checked, lease: claim.token };
}
