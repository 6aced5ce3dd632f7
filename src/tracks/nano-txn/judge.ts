import type { BlockInfo } from "../../ledger/port.js";
import { type BlockHash, hashBlock, type SignedBlock } from "../../nano/index.js";
import { type Refusal, refuse } from "../../protocol/index.js";

export interface NanoTxnFacts {
  /**
   * `block_info` of the block's `previous`. Its balance is bound by its hash, so no node can overstate what the block
   * sends, and what follows it says at once whether it is the frontier and whether the block itself has landed.
   */
  readonly previous: BlockInfo | undefined;
  /** Where `previous` is not on the payer's chain: whether there is such a chain. */
  readonly hasAccount?: boolean | undefined;
  /** Where another block follows `previous`: whether that one is confirmed. */
  readonly successorConfirmed?: boolean | undefined;
}

/** Rows 8–10 of Track A, on facts that somebody else gathered. Pure. */
export function judgeNanoTxn(block: SignedBlock, amountRaw: bigint, facts: NanoTxnFacts): Refusal | undefined {
  const { previous, hasAccount, successorConfirmed } = facts;
  if (previous?.account !== block.account) return refuse(hasAccount === false ? "account_not_found" : "stale_frontier");
  if (previous.successor !== undefined) return judgeSuccessor(previous.successor, block, successorConfirmed);
  if (!previous.confirmed) return refuse("frontier_unconfirmed");
  const sentRaw = previous.balanceRaw - block.balanceRaw;
  if (sentRaw === amountRaw) return undefined;
  return refuse(
    "insufficient_amount",
    `Required exactly ${String(amountRaw)} raw, the block sends ${String(sentRaw)} raw, which is too ${sentRaw < amountRaw ? "little" : "much"}.`,
  );
}

function judgeSuccessor(successor: BlockHash, block: SignedBlock, isConfirmed: boolean | undefined): Refusal {
  if (successor === hashBlock(block)) return refuse("block_already_landed");
  const note = isConfirmed === false ? "The block that follows previous is not confirmed yet." : undefined;
  return refuse("stale_frontier", note);
}
