import { type ChallengeAuthority, checkTerms, parsePayment, type Refusal, refuse } from "../../protocol/index.js";
import { checkChallenge } from "../../tracks/nano-signature/index.js";
import { checkValidBefore } from "../../tracks/nano-txn/index.js";

export interface ServerContext {
  readonly authority: ChallengeAuthority;
  readonly nowSeconds: number;
}

/**
 * What the resource server itself judges before the facilitator is asked. Core compares neither nonce nor time (they are
 * `dynamicExtraFields`), rebuilds the requirements for each request, and skips term matching for payloads that call
 * themselves version 1; so forged, stretched and stale challenges and cross-track payloads are stopped here.
 */
export function judgeAtServer(
  paymentPayload: unknown,
  requirements: unknown,
  context: ServerContext,
): Refusal | undefined {
  const parsed = parsePayment(paymentPayload, requirements, { allowLease: false });
  if (!parsed.ok) return parsed;
  const { payment } = parsed;
  for (const { extra } of [payment.accepted, payment.requirements]) {
    // The two entries differ in price: a payload of one track must not be judged by the other's terms (SPEC 3).
    if (extra.assetTransferMethod !== undefined && extra.assetTransferMethod !== payment.track) {
      return refuse(
        "requirements_mismatch",
        `The payload is ${payment.track}, the entry ${extra.assetTransferMethod}.`,
      );
    }
  }
  const terms = checkTerms(payment);
  if (!terms.ok) return terms;
  if (payment.track === "nanoTxn") return checkValidBefore(payment, context.nowSeconds);
  const challenge = checkChallenge(payment, terms.amountRaw, { ...context, judgeExpiry: true });
  return challenge.ok ? undefined : challenge;
}
