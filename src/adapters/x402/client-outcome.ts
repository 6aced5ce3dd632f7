import { type BlockHash, hashBlock } from "../../nano/index.js";
import { parsePayment, settleResponseSchema, transactionOf } from "../../protocol/index.js";
import type { PaymentOutcome } from "../../purse/index.js";

/** What the host tells after a paid request, as far as it matters here. Everything in it is the seller's word. */
export interface ResponseContext {
  readonly paymentPayload: unknown;
  readonly requirements: object;
  readonly settleResponse?: unknown;
  readonly paymentRequired?: { readonly error?: unknown };
}

/** Which payment was answered, and how; undefined for a payload that is not ours. Never throws. */
export function readOutcome(context: ResponseContext): { hash: BlockHash; outcome: PaymentOutcome } | undefined {
  const parsed = parsePayment(context.paymentPayload, context.requirements, { allowLease: true });
  if (!parsed.ok) return undefined;
  const { payment } = parsed;
  const hash = payment.track === "nanoTxn" ? hashBlock(payment.payload.block) : payment.payload.blockHash;
  return { hash, outcome: judge(hash, context) };
}

/**
 * Served only where the settlement says so, for this block: a 200 without one, a 500 and a lost connection look the
 * same from here, and the payment is kept.
 */
function judge(hash: BlockHash, { settleResponse, paymentRequired }: ResponseContext): PaymentOutcome {
  if (settleResponse === undefined) {
    if (paymentRequired === undefined) return { isServed: false, reason: "no_settlement" };
    const { error } = paymentRequired;
    return { isServed: false, reason: typeof error === "string" ? error : "payment_required" };
  }
  const settlement = settleResponseSchema.safeParse(settleResponse);
  if (!settlement.success) return { isServed: false, reason: "unreadable_settlement" };
  const { success, transaction, errorReason } = settlement.data;
  if (!success) return { isServed: false, reason: errorReason ?? "settlement_failed" };
  const isOurs = (transaction ?? "") === "" || transaction?.toUpperCase() === transactionOf(hash);
  return isOurs ? { isServed: true } : { isServed: false, reason: "settlement_of_another_block" };
}
