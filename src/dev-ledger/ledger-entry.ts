import { type BlockHash, MAX_RAW, type PublicKey, ZERO_HASH } from "../nano/index.js";
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

/** A state block that passed every check of `process.ts`. */
export interface CheckedBlock {
  readonly hash: BlockHash;
  readonly block: StateBlock;
  readonly kind: BlockKind;
  readonly amountRaw: bigint;
}

type StoredFacts = Pick<LedgerEntry, "hash" | "block" | "kind" | "amountRaw" | "height" | "seenAtSeconds">;

/** An entry as it is kept: what its block says is not kept twice, there may be a million of them. */
export class StoredBlock implements LedgerEntry {
  readonly hash: BlockHash;
  readonly block: LedgerBlock;
  readonly kind: BlockKind;
  readonly amountRaw: bigint;
  readonly height: number;
  readonly seenAtSeconds: number;
  successor: BlockHash | undefined = undefined;
  receivedBy: BlockHash | undefined = undefined;
  confirmed = false;

  constructor({ hash, block, kind, amountRaw, height, seenAtSeconds }: StoredFacts) {
    this.hash = hash;
    this.block = block;
    this.kind = kind;
    this.amountRaw = amountRaw;
    this.height = height;
    this.seenAtSeconds = seenAtSeconds;
  }

  get account(): PublicKey {
    return this.block.account;
  }

  get previous(): BlockHash {
    return this.block.type === "state" ? this.block.previous : ZERO_HASH;
  }

  get balanceRaw(): bigint {
    return this.block.type === "state" ? this.block.balanceRaw : MAX_RAW;
  }
}
