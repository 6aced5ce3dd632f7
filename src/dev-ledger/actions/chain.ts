import { addressOf, ZERO_HASH } from "../../nano/index.js";
import { readHash } from "../ledger-block.js";
import type { DevNode } from "../node.js";
import { listAnswer, objectAnswer, type RpcAnswer, type RpcValue, refuse } from "./answer.js";
import { contentsAnswer } from "./blocks.js";
import type { RpcRequest } from "./request.js";

/** Contents alone, by the hashes as they were written. */
export function blocks(request: RpcRequest, { state }: DevNode): RpcAnswer {
  const entries = request.texts("hashes").map((text): readonly [string, RpcValue] => {
    const entry = state.block(readHash(text) ?? refuse("Bad hash number")) ?? refuse("Block not found");
    return [text, contentsAnswer(entry.block, request)];
  });
  return { blocks: objectAnswer(entries) };
}

export function blockAccount(request: RpcRequest, { state }: DevNode): RpcAnswer {
  const entry = state.block(request.hash()) ?? refuse("Block not found");
  return { account: addressOf(entry.account) };
}

/** From the block down to the first one of its account. */
export function chain(request: RpcRequest, node: DevNode): RpcAnswer {
  return walk(request, node, request.flag("reverse"));
}

/** From the block up to the head. */
export function successors(request: RpcRequest, node: DevNode): RpcAnswer {
  return walk(request, node, !request.flag("reverse"));
}

function walk(request: RpcRequest, { state }: DevNode, upwards: boolean): RpcAnswer {
  const start = request.hash("block");
  const count = request.count();
  let skip = request.offset();
  const hashes: string[] = [];
  for (let entry = state.block(start); entry !== undefined && hashes.length < count; ) {
    if (skip > 0) skip -= 1;
    else hashes.push(entry.hash.toUpperCase());
    entry = state.block((upwards ? entry.successor : entry.previous) ?? ZERO_HASH);
  }
  return { blocks: listAnswer(hashes) };
}
