import {
  addressOf,
  type BlockHash,
  encodeBlockJson,
  hashBlock,
  hexToBytes,
  isWorkValid,
  keyBytes,
  type PublicKey,
  type SignedBlock,
} from "../../nano/index.js";
import type { AccountInfo, BlockInfo, BlockSubtype, ProcessResult, Receivable } from "../port.js";
import {
  accountInfoAnswer,
  blockInfoAnswer,
  processAnswer,
  type Read,
  readAnswer,
  receivableAnswer,
  workAnswer,
} from "./answers.js";
import { ACCOUNT_NOT_FOUND, BLOCK_NOT_FOUND, blockRefusal, isSameError } from "./node-errors.js";

/** An RPC request together with how its answer is read. */
export interface Question<Result> {
  readonly action: string;
  /** Costs the node nothing, changes nothing: may be asked twice at once. */
  readonly isRead: boolean;
  readonly body: string;
  readonly readResult: (json: unknown) => Read<Result>;

  /** What the ledger means by an `error`; undefined where the words are not the ledger's. */
  readonly readError: (text: string) => { readonly result: Result } | undefined;
}

/** What our requests say. Providers' own fields must have other names: nodes take the first of two, we mean the second. */
export const REQUEST_FIELDS: ReadonlySet<string> = new Set([
  "account",
  "action",
  "block",
  "count",
  "difficulty",
  "hash",
  "include_confirmed",
  "include_only_confirmed",
  "json_block",
  "representative",
  "sorting",
  "source",
  "subtype",
]);

/** Largest first, so that a rain of dust cannot bury a payment beyond this count. */
const RECEIVABLE_COUNT = 256;

const READS = new Set(["account_info", "block_info", "receivable"]);

export function askAccountInfo(account: PublicKey): Question<AccountInfo | undefined> {
  return {
    ...request("account_info", { account: addressOf(account), representative: "true", include_confirmed: "true" }),
    readResult: (json) => readAnswer(accountInfoAnswer, json),
    readError: (text) => (isSameError(text, ACCOUNT_NOT_FOUND) ? { result: undefined } : undefined),
  };
}

/** The answer carries no hash: without the check a node, or a cache before it, could answer with another block. */
export function askBlockInfo(hash: BlockHash): Question<BlockInfo | undefined> {
  return {
    ...request("block_info", { hash, json_block: "true" }),
    readResult: (json) => readAnswer(blockInfoAnswer, json, (info) => contradictionOf(info, hash)),
    readError: (text) => (isSameError(text, BLOCK_NOT_FOUND) ? { result: undefined } : undefined),
  };
}

/** What the node says beside the contents must be what the contents, which the hash binds, say. */
function contradictionOf({ account, balanceRaw, block }: BlockInfo, hash: BlockHash): string | undefined {
  if (block === undefined) return undefined;
  if (hashBlock(block) !== hash) return "another block";
  return block.account === account && block.balanceRaw === balanceRaw ? undefined : "not what the block says";
}

export function askReceivable(account: PublicKey): Question<readonly Receivable[]> {
  return {
    ...request("receivable", {
      account: addressOf(account),
      count: RECEIVABLE_COUNT.toString(),
      source: "true",
      sorting: "true",
      include_only_confirmed: "true",
    }),
    readResult: (json) => readAnswer(receivableAnswer, json),
    readError: () => undefined,
  };
}

/**
 * With `subtype`: without it the node keeps a block that has a gap, and it comes in by itself later (SPEC R10). A node
 * that takes a block answers with its hash; anything else leaves open what became of it.
 */
export function askProcess(block: SignedBlock, subtype: BlockSubtype): Question<ProcessResult> {
  const expected = hashBlock(block);
  return {
    ...request("process", { json_block: "true", subtype, block: encodeBlockJson(block) }),
    readResult: (json) => {
      const read = readAnswer(processAnswer, json, (hash) => (hash === expected ? undefined : "another block"));
      return "issue" in read ? read : { result: { outcome: "accepted", hash: read.result } };
    },
    readError: (text) => {
      const nodeError = blockRefusal(text);
      return nodeError === undefined ? undefined : { result: { outcome: "refused", nodeError } };
    },
  };
}

/** A node with a lower threshold of its own may answer with work that is worth less than asked. */
export function askWork(root: BlockHash | PublicKey, threshold: bigint): Question<string> {
  const isEnough = (work: string): boolean => isWorkValid(hexToBytes(work, 8), keyBytes(root), threshold);
  return {
    ...request("work_generate", { hash: root, difficulty: threshold.toString(16).padStart(16, "0") }),
    readResult: (json) => readAnswer(workAnswer, json, (work) => (isEnough(work) ? undefined : "below the threshold")),
    readError: () => undefined,
  };
}

function request(
  action: string,
  fields: Readonly<Record<string, unknown>>,
): { readonly action: string; readonly body: string; readonly isRead: boolean } {
  return { action, body: JSON.stringify({ action, ...fields }), isRead: READS.has(action) };
}
