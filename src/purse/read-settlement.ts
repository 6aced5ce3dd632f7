import type { BlockHash } from "../nano/index.js";
import { settleResponseSchema, transactionOf } from "../protocol/index.js";
import type { PaymentOutcome } from "./present.js";

/**
 * What a seller's settlement says of a payment; undefined where there is none. Served only where it says so, for this
 * block: a 200 without a settlement, a 500 and a lost connection look the same from here, and the payment is kept.
 */
export function readSettlement(hash: BlockHash, settlement: unknown): PaymentOutcome | undefined {
  if (settlement === undefined) return undefined;
  const read = settleResponseSchema.safeParse(settlement);
  if (!read.success) return { isServed: false, reason: "unreadable_settlement" };
  const { success, transaction, errorReason } = read.data;
  if (!success) return { isServed: false, reason: errorReason ?? "settlement_failed" };
  const isOurs = (transaction ?? "") === "" || transaction?.toUpperCase() === transactionOf(hash);
  return isOurs ? { isServed: true } : { isServed: false, reason: "settlement_of_another_block" };
}

/** What an answer without a settlement says; `paymentRequired` is its 402, where it was one. */
export function withoutSettlement(paymentRequired: { readonly error?: unknown } | undefined): PaymentOutcome {
  if (paymentRequired === undefined) return { isServed: false, reason: "no_settlement" };
  const { error } = paymentRequired;
  return { isServed: false, reason: typeof error === "string" ? error : "payment_required" };
}
