import { addressOf, hashBlock, type PublicKey, ZERO_HASH } from "../../nano/index.js";
import { encodeContents, type LedgerBlock, parseStateBlock, readHash, type StateBlock } from "../ledger-block.js";
import type { LedgerEntry } from "../ledger-entry.js";
import type { LedgerState } from "../ledger-state.js";
import type { DevNode } from "../node.js";
import { listAnswer, objectAnswer, type RpcAnswer, type RpcValue, refuse } from "./answer.js";
import { otherParty, senderOf } from "./parties.js";
import type { RpcRequest } from "./request.js";

export function blockInfo(request: RpcRequest, { state }: DevNode): RpcAnswer {
  const entry = state.block(request.hash()) ?? refuse("Block not found");
  return describeBlock(entry, request, state);
}

/** All or nothing, unless `include_not_found` is set; the keys are the hashes as they were written. */
export function blocksInfo(request: RpcRequest, { state }: DevNode): RpcAnswer {
  const includeNotFound = request.flag("include_not_found");
  const found: (readonly [string, RpcValue])[] = [];
  const notFound: string[] = [];
  for (const text of request.texts("hashes")) {
    const entry = state.block(readHash(text) ?? refuse("Bad hash number"));
    if (entry !== undefined) {
      found.push([text, { ...describeBlock(entry, request, state), ...describeLinks(entry, request, state) }]);
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

/** JSON, or JSON in a text where `json_block` is not asked for. */
export function contentsAnswer(block: LedgerBlock, request: RpcRequest): RpcValue {
  const contents = encodeContents(block);
  return request.flag("json_block") ? contents : `${JSON.stringify(contents, undefined, 4)}\n`;
}

/** Nothing where it was not asked for. */
export function linkedAccount(entry: LedgerEntry, request: RpcRequest, state: LedgerState): RpcAnswer {
  return request.flag("include_linked_account") ? { linked_account: addressOrZero(otherParty(entry, state)) } : {};
}

function addressOrZero(account: PublicKey | undefined): string {
  return account === undefined ? "0" : addressOf(account);
}

/** No hash and no destination among the answers; a first block is a "receive", there is no "open". */
function describeBlock(entry: LedgerEntry, request: RpcRequest, state: LedgerState): RpcAnswer {
  return {
    block_account: addressOf(entry.account),
    ...linkedAccount(entry, request, state),
    amount: entry.amountRaw.toString(),
    balance: entry.balanceRaw.toString(),
    height: entry.height.toString(),
    local_timestamp: entry.seenAtSeconds.toString(),
    successor: (entry.successor ?? ZERO_HASH).toUpperCase(),
    confirmed: entry.confirmed ? "true" : "false",
    contents: contentsAnswer(entry.block, request),
    ...(entry.block.type === "state" && { subtype: entry.kind }),
  };
}

function describeLinks(entry: LedgerEntry, request: RpcRequest, state: LedgerState): RpcAnswer {
  const isOpen = entry.kind === "send" && entry.receivedBy === undefined ? "1" : "0";
  return {
    ...(request.flag("receivable", request.flag("pending")) && { pending: isOpen, receivable: isOpen }),
    ...(request.flag("receive_hash") && { receive_hash: (entry.receivedBy ?? ZERO_HASH).toUpperCase() }),
    ...(request.flag("source") && { source_account: addressOrZero(senderOf(entry, state)) }),
  };
}
