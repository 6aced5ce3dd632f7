import type { BlockHash, PublicKey } from "../nano/index.js";
import type { LedgerBlock, StateBlock } from "./ledger-block.js";

export type BlockKind = "send" | "receive" | "change";

/** A block on the ledger with what the node keeps beside it. */
export interface LedgerEntry {
  readonly hash: BlockHash;
  readonly account: PublicKey;
  readonly block: LedgerBlock;
  readonly previous: BlockHash;
  readonly kind: BlockKind;
  readonly amountRaw: bigint;
  readonly balanceRaw: bigint;
  readonly height: number;
  readonly seenAtSeconds: number;
  readonly successor: BlockHash | undefined;
  /** For a send: the block that received it. */
  readonly receivedBy: BlockHash | undefined;
  readonly confirmed: boolean;
}

export interface AccountEntry {
  readonly account: PublicKey;
  readonly head: BlockHash;
  readonly openBlock: BlockHash;
  readonly representative: PublicKey;
  readonly balanceRaw: bigint;
  readonly blockCount: number;
  readonly confirmedHeight: number;
  /** ZERO_HASH while no block of the account is confirmed, as the node prints it. */
  readonly confirmedFrontier: BlockHash;
  readonly modifiedAtSeconds: number;
}

export interface ReceivableEntry {
  readonly hash: BlockHash;
  readonly source: PublicKey;
  readonly amountRaw: bigint;
}

/** A state block that passed every check of `process.ts`. */
export interface CheckedBlock {
  readonly hash: BlockHash;
  readonly block: StateBlock;
  readonly kind: BlockKind;
  readonly amountRaw: bigint;
}
