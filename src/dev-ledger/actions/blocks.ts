import { addressOf, hashBlock, ZERO_HASH } from "../../nano/index.js";
import { encodeContents, parseStateBlock, readHash, type StateBlock, sourceOf } from "../ledger-block.js";
import type { LedgerEntry } from "../ledger-entry.js";
import type { DevNode } from "../node.js";
import { listAnswer, objectAnswer, type RpcAnswer, type RpcValue, refuse } from "./answer.js";
import type { RpcRequest } from "./request.js";

export function blockInfo(request: RpcRequest, { state }: DevNode): RpcAnswer {
  const entry = state.block(request.hash()) ?? refuse("Block not found");
  return describeBlock(entry, request);
}

/** All or nothing, unless `include_not_found` is set; the keys are the hashes as they were written. */
export function blocksInfo(request: RpcRequest, { state }: DevNode): RpcAnswer {
  const includeNotFound = request.flag("include_not_found");
  const found: (readonly [string, RpcValue])[] = [];
  const notFound: string[] = [];
  for (const text of request.texts("hashes")) {
    const entry = state.block(readHash(text) ?? refuse("Bad hash number"));
    if (entry !== undefined) {
      found.push([text, { ...describeBlock(entry, request), ...describeLinks(entry, request, { state }) }]);
    } else if (includeNotFound) notFound.push(text);
    else refuse("Block not found");
  }
  return { blocks: objectAnswer(found), ...(includeNotFound && { blocks_not_found: listAnswer(notFound) }) };
}

/** Asks for an election; what comes of it is up to `Confirmations`. */
export function blockConfirm(request: RpcRequest, { state, confirmations }: DevNode): RpcAnswer {
  const entry = state.block(request.hash()) ?? refuse("Block not found");
  if (!entry.confirmed) confirmations.expect(entry.hash);
  return { started: "1" };
}

export function blockHash(request: RpcRequest): RpcAnswer {
  return { hash: hashBlock(readBlock(request)).toUpperCase() };
}

export function readBlock(request: RpcRequest): StateBlock {
  return parseStateBlock(request.blockFields()) ?? refuse("Block is invalid");
}

/** No hash and no destination among the answers; a first block is a "receive", there is no "open". */
function describeBlock(entry: LedgerEntry, request: RpcRequest): RpcAnswer {
  const contents = encodeContents(entry.block);
  return {
    block_account: addressOf(entry.account),
    amount: entry.amountRaw.toString(),
    balance: entry.balanceRaw.toString(),
    height: entry.height.toString(),
    local_timestamp: entry.seenAtSeconds.toString(),
    successor: (entry.successor ?? ZERO_HASH).toUpperCase(),
    confirmed: entry.confirmed ? "true" : "false",
    contents: request.flag("json_block") ? contents : `${JSON.stringify(contents, undefined, 4)}\n`,
    ...(entry.block.type === "state" && { subtype: entry.kind }),
  };
}

function describeLinks(entry: LedgerEntry, request: RpcRequest, { state }: Pick<DevNode, "state">): RpcAnswer {
  const isOpen = entry.kind === "send" && entry.receivedBy === undefined ? "1" : "0";
  const source = entry.kind === "receive" && entry.block.type === "state" ? sourceOf(entry.block) : ZERO_HASH;
  const sender = state.block(source)?.account;
  return {
    ...(request.flag("receivable", request.flag("pending")) && { pending: isOpen, receivable: isOpen }),
    ...(request.flag("receive_hash") && { receive_hash: (entry.receivedBy ?? ZERO_HASH).toUpperCase() }),
    ...(request.flag("source") && { source_account: sender === undefined ? "0" : addressOf(sender) }),
  };
}
