import {
  type ChallengeAuthority,
  checkExpiry,
  checkTerms,
  type NanoSignaturePayment,
  parsePayment,
  type Refusal,
  refuse,
  spokenChallenge,
} from "../../protocol/index.js";
import { checkChallenge } from "../../tracks/nano-signature/index.js";

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
  const { nowSeconds } = context;
  if (payment.track === "nanoSignature") return judgeChallenge(payment, terms.amountRaw, context);
  const { validBefore } = spokenChallenge(payment);
  const { maxTimeoutSeconds } = payment.requirements;
  if (validBefore === undefined) return undefined;
  return checkExpiry(validBefore, { nowSeconds, maxTimeoutSeconds, authenticated: false });
}

function judgeChallenge(payment: NanoSignaturePayment, amountRaw: bigint, context: ServerContext): Refusal | undefined {
  const { nonce, validBefore } = spokenChallenge(payment);
  if (nonce === undefined || validBefore === undefined) return refuse("challenge_invalid");
  return checkChallenge({ nonce, validBefore, amountRaw }, payment, { ...context, judgeExpiry: true });
}
