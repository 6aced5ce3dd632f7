import { type BlockHash, hexToBytes, keyBytes, type PublicKey, verifyNoms } from "../../nano/index.js";
import {
  type ChallengeAuthority,
  challengeMessage,
  checkExpiry,
  checkTerms,
  type NanoSignaturePayment,
  type Refusal,
  refuse,
  spokenChallenge,
} from "../../protocol/index.js";

export interface NanoSignatureContext {
  readonly nowSeconds: number;
  /** False for a settle that holds the lease: expiry was judged when verify accepted (R4). */
  readonly judgeExpiry: boolean;
  /** Whoever holds the secret authenticates the challenge; without it only its time bounds can be judged. */
  readonly authority: ChallengeAuthority | undefined;
}

export type NanoSignatureCheck =
  | { readonly ok: true; readonly amountRaw: bigint; readonly hash: BlockHash; readonly payer: PublicKey }
  | Refusal;

/** Rows 2–4 of Track B: everything that needs neither ledger nor store. Pure. */
export function checkNanoSignature(payment: NanoSignaturePayment, context: NanoSignatureContext): NanoSignatureCheck {
  const terms = checkTerms(payment);
  if (!terms.ok) return terms;
  const { amountRaw } = terms;
  const { blockHash, account, signature } = payment.payload;
  const { nonce, validBefore } = spokenChallenge(payment);
  if (nonce === undefined || validBefore === undefined) {
    return refuse("challenge_invalid", "A nanoSignature payment names the nonce and validBefore of its challenge.");
  }
  const challenge = checkChallenge({ nonce, validBefore, amountRaw }, payment, context);
  if (challenge !== undefined) return challenge;

  const message = challengeMessage(blockHash, nonce, validBefore);
  if (!verifyNoms(hexToBytes(signature, 64), message, keyBytes(account))) return refuse("invalid_signature");
  return { ok: true, amountRaw, hash: blockHash, payer: account };
}

/** Row 3. Also what the resource server asks on its own, before the facilitator is called. */
export function checkChallenge(
  spoken: { readonly nonce: string; readonly validBefore: number; readonly amountRaw: bigint },
  payment: NanoSignaturePayment,
  context: NanoSignatureContext,
): Refusal | undefined {
  const { nonce, validBefore, amountRaw } = spoken;
  const { authority, nowSeconds } = context;
  if (context.judgeExpiry) {
    const { maxTimeoutSeconds } = payment.requirements;
    const expiry = checkExpiry(validBefore, { nowSeconds, maxTimeoutSeconds, authenticated: authority !== undefined });
    if (expiry !== undefined) return expiry;
  }
  if (authority === undefined) return undefined;
  const terms = { payTo: payment.requirements.payTo, amountRaw, validBefore };
  return authority.isOwnNonce(nonce, terms) ? undefined : refuse("challenge_invalid");
}
