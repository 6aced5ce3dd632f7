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
  const challenge = checkChallenge(payment, amountRaw, context);
  if (!challenge.ok) return challenge;

  const message = challengeMessage(blockHash, challenge.nonce, challenge.validBefore);
  if (!verifyNoms(hexToBytes(signature, 64), message, keyBytes(account))) return refuse("invalid_signature");
  return { ok: true, amountRaw, hash: blockHash, payer: account };
}

export type ChallengeCheck = { readonly ok: true; readonly nonce: string; readonly validBefore: number } | Refusal;

/** Row 3. Also what the resource server asks on its own, before the facilitator is called. */
export function checkChallenge(
  payment: NanoSignaturePayment,
  amountRaw: bigint,
  context: NanoSignatureContext,
): ChallengeCheck {
  const { nonce, validBefore } = spokenChallenge(payment);
  if (nonce === undefined || validBefore === undefined) {
    return refuse("challenge_invalid", "A nanoSignature payment names the nonce and validBefore of its challenge.");
  }
  const { authority, nowSeconds } = context;
  const { maxTimeoutSeconds, payTo } = payment.requirements;
  if (context.judgeExpiry) {
    const expiry = checkExpiry(validBefore, { nowSeconds, maxTimeoutSeconds, authenticated: authority !== undefined });
    if (expiry !== undefined) return expiry;
  }
  const isOurs = authority === undefined || authority.isOwnNonce(nonce, { payTo, amountRaw, validBefore });
  return isOurs ? { ok: true, nonce, validBefore } : refuse("challenge_invalid");
}
