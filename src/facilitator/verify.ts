import type { LeaseToken } from "../store/port.js";
import { type CheckedPayment, checkPayment, parseForVerify, type Refused } from "./checked-payment.js";
import { judgeOnLedger } from "./facts.js";
import type { FacilitatorSettings } from "./options.js";
import { judgeForVerify, refuseClaim } from "./redemption.js";

/** R3: a verify's lease lasts as long as the seller may take, and never longer than this. */
const MAX_LEASE_SECONDS = 60;

export type VerifyResult =
  | { readonly ok: true; readonly checked: CheckedPayment; readonly lease: LeaseToken }
  | Refused;

/**
 * All rows in the order of SPEC 3; the lease is taken last, in one atomic step that repeats the rows which look at the
 * store. Throws where nothing could be decided.
 */
export async function verifyPayment(
  paymentPayload: unknown,
  requirements: unknown,
  x402Version: unknown,
  settings: FacilitatorSettings,
): Promise<VerifyResult> {
  const parsed = parseForVerify(paymentPayload, requirements, x402Version);
  if (!parsed.ok) return parsed;
  const result = checkPayment(parsed.payment, true, settings);
  if (!result.ok) return result;
  const { checked } = result;
  const { store } = settings;
  const { payer, key, paymentId } = checked;

  const isTaken = async () => judgeForVerify(await store.get(key));
  const refusal = (await isTaken()) ?? (await judgeOnLedger(checked, settings, isTaken));
  if (refusal !== undefined) return { ...refusal, payer };

  const leaseMs = Math.min(parsed.payment.requirements.maxTimeoutSeconds, MAX_LEASE_SECONDS) * 1000;
  const claim = await store.claim({ ...key, purpose: "verify", paymentId, leaseMs });
  return claim.outcome === "claimed" ? { ok: true, checked, lease: claim.token } : { ...refuseClaim(claim), payer };
}
