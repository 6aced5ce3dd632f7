import {
  type BlockHash,
  hashBlock,
  isBlockSignatureValid,
  isBlockWorkValid,
  type PublicKey,
} from "../../nano/index.js";
import {
  checkExpiry,
  checkTerms,
  type NanoTxnPayment,
  type Refusal,
  refuse,
  spokenChallenge,
} from "../../protocol/index.js";

/**
 * What is asked of a block's work. `validate`: it meets the send threshold. `format`: it is 16 hexadecimal digits.
 * `attach`: absent work is computed by the facilitator at settle; work that is there must meet the threshold.
 */
export type WorkPolicy = "validate" | "format" | "attach";

export interface NanoTxnContext {
  readonly nowSeconds: number;
  /** False for a settle that holds the lease: expiry was judged when verify accepted (R4). */
  readonly judgeExpiry: boolean;
  readonly workPolicy: WorkPolicy;
  readonly sendThreshold: bigint;
}

export type NanoTxnCheck =
  | { readonly ok: true; readonly amountRaw: bigint; readonly hash: BlockHash; readonly payer: PublicKey }
  | (Refusal & { readonly payer?: PublicKey });

/** Rows 2–6 of Track A: everything that needs neither ledger nor store. Pure. */
export function checkNanoTxn(payment: NanoTxnPayment, context: NanoTxnContext): NanoTxnCheck {
  const terms = checkTerms(payment);
  if (!terms.ok) return terms;
  const { requirements, payload } = payment;
  const { block, linkAsAccount, workForm } = payload;

  const expiry = context.judgeExpiry ? checkValidBefore(payment, context.nowSeconds) : undefined;
  if (expiry !== undefined) return expiry;

  if (block.link !== requirements.payTo) return refuse("wrong_destination");
  if (linkAsAccount !== undefined && linkAsAccount !== block.link) {
    return refuse("wrong_destination", "link_as_account contradicts link.");
  }

  if (!isBlockSignatureValid(block)) return refuse("invalid_signature");
  const payer = block.account;

  if (workForm === "malformed") return { ...refuse("invalid_work", "Work is 16 hexadecimal digits."), payer };
  if (workForm === "absent" && context.workPolicy !== "attach") {
    return { ...refuse("invalid_work", "There is none."), payer };
  }
  const strength = workForm === "present" && context.workPolicy !== "format";
  if (strength && !isBlockWorkValid(block, context.sendThreshold)) {
    return { ...refuse("invalid_work", `It is below ${context.sendThreshold.toString(16)}.`), payer };
  }
  return { ok: true, amountRaw: terms.amountRaw, hash: hashBlock(block), payer };
}

/** Row 3: a block without an expiry has none, its frontier bounds it anyway. The resource server asks it too. */
export function checkValidBefore(payment: NanoTxnPayment, nowSeconds: number): Refusal | undefined {
  const { validBefore } = spokenChallenge(payment);
  if (validBefore === undefined) return undefined;
  const { maxTimeoutSeconds } = payment.requirements;
  return checkExpiry(validBefore, { nowSeconds, maxTimeoutSeconds, authenticated: false });
}
