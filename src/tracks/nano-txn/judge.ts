import type { AccountInfo, BlockInfo } from "../../ledger/port.js";
import type { SignedBlock } from "../../nano/index.js";
import { type Refusal, refuse } from "../../protocol/index.js";

export interface NanoTxnFacts {
  /** `block_info` of the block itself: defined when it has landed. */
  readonly landed: BlockInfo | undefined;
  /** `account_info` of the payer. */
  readonly account: AccountInfo | undefined;
  /** Where `previous` is not the frontier: whether the block that follows it is confirmed. */
  readonly successorConfirmed?: boolean | undefined;
}

/** Rows 8–10 of Track A, on facts that somebody else gathered. Pure. */
export function judgeNanoTxn(block: SignedBlock, amountRaw: bigint, facts: NanoTxnFacts): Refusal | undefined {
  if (facts.landed !== undefined) return refuse("block_already_landed");
  const { account } = facts;
  if (account === undefined) return refuse("account_not_found");
  if (account.frontier !== block.previous) {
    const note =
      facts.successorConfirmed === false ? "The block that follows previous is not confirmed yet." : undefined;
    return refuse("stale_frontier", note);
  }
  if (account.confirmedFrontier !== account.frontier) return refuse("frontier_unconfirmed");
  const sentRaw = account.balanceRaw - block.balanceRaw;
  if (sentRaw === amountRaw) return undefined;
  return refuse(
    "insufficient_amount",
    `Required exactly ${String(amountRaw)} raw, the block sends ${String(sentRaw)} raw, which is too ${sentRaw < amountRaw ? "little" : "much"}.`,
  );
}
