import { type BlockHash, hashBlock } from "../../nano/index.js";
import { parsePayment } from "../../protocol/index.js";
import { type PaymentOutcome, readSettlement, withoutSettlement } from "../../purse/index.js";

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
  return { hash, outcome: readSettlement(hash, context.settleResponse) ?? withoutSettlement(context.paymentRequired) };
}
