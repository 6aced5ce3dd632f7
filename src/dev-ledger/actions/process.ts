import { hashBlock, ZERO_HASH } from "../../nano/index.js";
import type { StateBlock } from "../ledger-block.js";
import type { LedgerState } from "../ledger-state.js";
import type { DevNode } from "../node.js";
import { type ProcessRefusal, valueOfWork } from "../process.js";
import { type RpcAnswer, refuse } from "./answer.js";
import { readBlock } from "./blocks.js";
import type { RpcRequest } from "./request.js";

const SENTENCES: Readonly<Record<ProcessRefusal, string>> = {
  old: "Old block",
  bad_signature: "Bad signature",
  fork: "Fork",
  gap_previous: "Gap previous block",
  gap_source: "Gap source block",
  unreceivable: "Unreceivable",
  balance_mismatch: "Balance and amount delta do not match",
  insufficient_work: "Block work is insufficient",
};

const BAD_BALANCE = "Invalid block balance for given subtype";
const BAD_PREVIOUS = "Invalid previous block for given subtype";

type SubtypeCheck = (block: StateBlock, headRaw: bigint) => string | undefined;

/** What the RPC layer itself says against a subtype, judged by the balance at the head, not at `previous`. */
const SUBTYPES: ReadonlyMap<string, SubtypeCheck> = new Map<string, SubtypeCheck>([
  ["send", (block, headRaw) => (headRaw <= block.balanceRaw ? BAD_BALANCE : undefined)],
  ["receive", (block, headRaw) => (headRaw > block.balanceRaw ? BAD_BALANCE : undefined)],
  ["open", (block) => (block.previous === ZERO_HASH ? undefined : BAD_PREVIOUS)],
  [
    "change",
    (block, headRaw) => {
      if (headRaw !== block.balanceRaw) return BAD_BALANCE;
      return block.previous === ZERO_HASH ? BAD_PREVIOUS : undefined;
    },
  ],
  // There are no epochs on this ledger, so no link is an epoch's.
  ["epoch", (block, headRaw) => (headRaw === block.balanceRaw ? "Invalid epoch link" : BAD_BALANCE)],
]);

/**
 * Order: the block's form, the subtype, entry work, then the checks of the ledger. A gap found under a subtype is
 * refused here and the block forgotten; without one the ledger keeps it (SPEC R10).
 */
export function processBlock(request: RpcRequest, { state, processor, network }: DevNode): RpcAnswer {
  const block = readBlock(request);
  checkSubtype(block, request.optionalText("subtype") ?? "", state);
  if (valueOfWork(block) < network.work.entry) refuse("Block work is less than threshold");
  const refusal = processor.process(block);
  if (request.flag("async")) return { started: "1" };
  const hash = hashBlock(block).toUpperCase();
  if (refusal === undefined) return { hash };
  if (refusal !== "fork" || !request.flag("force")) refuse(SENTENCES[refusal]);
  processor.force(block);
  return { hash };
}

function checkSubtype(block: StateBlock, subtype: string, state: LedgerState): void {
  if (subtype === "") return;
  if (block.previous !== ZERO_HASH && state.block(block.previous) === undefined) refuse(SENTENCES.gap_previous);
  const check = SUBTYPES.get(subtype);
  if (check === undefined) refuse("Invalid block subtype");
  const objection = check(block, state.account(block.account)?.balanceRaw ?? 0n);
  if (objection !== undefined) refuse(objection);
}
