import type { BlockInfo } from "../../ledger/port.js";
import { hashBlock } from "../../nano/index.js";
import { type NanoSignaturePayment, type Refusal, refuse } from "../../protocol/index.js";

export interface NanoSignatureFacts {
  /** `block_info` with `json_block`; undefined where the node does not know the hash. */
  readonly info: BlockInfo | undefined;
  readonly nowSeconds: number;
  /** R5: how long after the node saw it a block can be redeemed. */
  readonly paymentAgeSeconds: number;
  /** R6: the store knows nothing of what was redeemed up to this second. */
  readonly storeBornAtSeconds: number;
}

/** A node whose clock is ahead of ours may date a block this far into the future. */
const FUTURE_TOLERANCE_SECONDS = 60;

/** Rows 6–11 of Track B, on facts that somebody else gathered. Pure. */
export function judgeNanoSignature(
  payment: NanoSignaturePayment,
  amountRaw: bigint,
  facts: NanoSignatureFacts,
): Refusal | undefined {
  const { info } = facts;
  const { blockHash, account } = payment.payload;
  if (info === undefined) return refuse("block_not_found");
  const { block } = info;
  if (block === undefined) return refuse("wrong_block_type");
  if (hashBlock(block) !== blockHash) return refuse("block_not_found", "The node's answer does not hash to it.");
  if (info.subtype !== "send") return refuse("wrong_block_type");
  if (info.account !== account || block.account !== account) return refuse("sender_mismatch");
  if (block.link !== payment.requirements.payTo) return refuse("wrong_destination");
  if (info.amountRaw < amountRaw) {
    const detail = `Required at least ${String(amountRaw)} raw, the block sends ${String(info.amountRaw)} raw.`;
    return refuse("insufficient_amount", detail);
  }
  if (!info.confirmed) return refuse("unconfirmed_block");
  return judgeAge(info.localTimestampSeconds, facts);
}

/** Row 11 (R5, R6). An unknown time fails closed: an old transfer must never buy anything. */
function judgeAge(seenSeconds: number, facts: NanoSignatureFacts): Refusal | undefined {
  const ageSeconds = facts.nowSeconds - seenSeconds;
  if (!(seenSeconds > 0)) return refuse("payment_too_old", "The node does not say when it saw the block.");
  if (ageSeconds < -FUTURE_TOLERANCE_SECONDS)
    return refuse("payment_too_old", "The node dates the block in the future.");
  if (ageSeconds > facts.paymentAgeSeconds) {
    return refuse(
      "payment_too_old",
      `The node saw it ${String(ageSeconds)} s ago, the limit is ${String(facts.paymentAgeSeconds)} s.`,
    );
  }
  if (seenSeconds <= facts.storeBornAtSeconds) {
    return refuse("payment_too_old", "The redemption store has no record of the time it was made in.");
  }
  return undefined;
}
