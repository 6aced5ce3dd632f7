import {
  type BlockHash,
  hashBlock,
  hexToBytes,
  keyBytes,
  type PublicKey,
  workValue,
  ZERO_HASH,
} from "../nano/index.js";
import { type StateBlock, sourceOf } from "./ledger-block.js";
import type { AccountEntry, BlockKind, CheckedBlock, LedgerEntry } from "./ledger-entry.js";
import type { LedgerState } from "./ledger-state.js";
import type { WorkRules } from "./network.js";
import { isSignatureTaken } from "./signature.js";
import { isVouchedFor } from "./vouched-blocks.js";

export type ProcessRefusal =
  | "old"
  | "bad_signature"
  | "fork"
  | "gap_previous"
  | "gap_source"
  | "unreceivable"
  | "balance_mismatch"
  | "insufficient_work";

export type CheckResult =
  | { readonly outcome: "passed"; readonly checked: CheckedBlock }
  | { readonly outcome: "refused"; readonly refusal: ProcessRefusal };

interface Candidate extends CheckedBlock {
  readonly account: AccountEntry | undefined;
}

interface Check {
  readonly refusal: ProcessRefusal;
  readonly applies: (candidate: Candidate, state: LedgerState, work: WorkRules) => boolean;
}

/**
 * The node's checks in the node's order; the first that applies answers. Nobody can sign for the burn account here
 * (see `signature.ts`), so the node's own check for that has no row.
 */
const CHECKS: readonly Check[] = [
  { refusal: "old", applies: ({ hash }, state) => state.block(hash) !== undefined },
  { refusal: "bad_signature", applies: ({ block }) => !isVouchedFor(block) && !isSignatureTaken(block) },
  { refusal: "fork", applies: ({ account, block }) => account !== undefined && block.previous === ZERO_HASH },
  {
    refusal: "gap_previous",
    applies: ({ account, block }, state) =>
      account === undefined ? block.previous !== ZERO_HASH : state.block(block.previous) === undefined,
  },
  { refusal: "fork", applies: ({ account, block }) => account !== undefined && block.previous !== account.head },
  { refusal: "gap_source", applies: ({ account, kind }) => account === undefined && kind === "change" },
  {
    refusal: "gap_source",
    applies: ({ block, kind }, state) => kind === "receive" && state.block(sourceOf(block)) === undefined,
  },
  {
    refusal: "unreceivable",
    applies: ({ block, kind }, state) => kind === "receive" && receivableFor(block, state) === undefined,
  },
  {
    refusal: "balance_mismatch",
    applies: ({ amountRaw, block, kind }, state) =>
      amountRaw !== (kind === "receive" ? receivableFor(block, state)?.amountRaw : kind === "change" ? 0n : amountRaw),
  },
  {
    refusal: "insufficient_work",
    applies: ({ block, kind }, _state, work) =>
      valueOfWork(block) < (kind === "receive" ? work.required.receive : work.required.send),
  },
];

export function checkBlock(block: StateBlock, state: LedgerState, work: WorkRules): CheckResult {
  const candidate = describe(block, state);
  for (const check of CHECKS) {
    if (check.applies(candidate, state, work)) return { outcome: "refused", refusal: check.refusal };
  }
  return { outcome: "passed", checked: candidate };
}

/** The root of a first block is its account, there is no `previous` to work on. */
export function rootOf(block: StateBlock): BlockHash | PublicKey {
  return block.previous === ZERO_HASH ? block.account : block.previous;
}

export function valueOfWork(block: StateBlock): bigint {
  return workValue(hexToBytes(block.work, 8), keyBytes(rootOf(block)));
}

/** What a block is follows from the balance at the head and the link alone; the `subtype` a client names does not. */
function describe(block: StateBlock, state: LedgerState): Candidate {
  const account = state.account(block.account);
  const beforeRaw = account?.balanceRaw ?? 0n;
  const kind = kindOf(block, beforeRaw);
  const amountRaw = kind === "send" ? beforeRaw - block.balanceRaw : block.balanceRaw - beforeRaw;
  return { hash: hashBlock(block), block, kind, amountRaw, account };
}

function kindOf(block: StateBlock, beforeRaw: bigint): BlockKind {
  if (block.balanceRaw < beforeRaw) return "send";
  return sourceOf(block) === ZERO_HASH ? "change" : "receive";
}

function receivableFor(block: StateBlock, state: LedgerState): LedgerEntry | undefined {
  return state.receivableEntry(block.account, sourceOf(block));
}
