import { type BlockHash, hexToBytes, keyBytes, workValue, ZERO_HASH } from "../../nano/index.js";
import { difficultyOf, formatDifficulty, formatMultiplier, multiplierOf } from "../difficulty.js";
import { type StateBlock, sourceOf } from "../ledger-block.js";
import type { DevNode } from "../node.js";
import { rootOf, valueOfWork } from "../process.js";
import { type RpcAnswer, refuse } from "./answer.js";
import { readBlock } from "./blocks.js";
import type { RpcRequest } from "./request.js";
import { cancelWork, findWork } from "./running-work.js";

/** The node's default limit, as a multiple of the advertised send threshold. */
const MAX_MULTIPLIER = 64;

/** There are no work peers: whoever asks for them gets the node's own work, or is told that there is none at all. */
export async function workGenerate(request: RpcRequest, node: DevNode, signal: AbortSignal): Promise<RpcAnswer> {
  const { entry, advertised } = node.network.work;
  request.checkWorkVersion();
  request.optionalAccount("account");
  const hash = request.hash();
  const asked = readThreshold(request, advertised.send);
  if (asked > difficultyOf(MAX_MULTIPLIER, advertised.send) || asked < entry) {
    refuse("Difficulty above config limit or below publish threshold");
  }
  const threshold = request.has("block") ? thresholdForBlock(request, hash, asked, node) : asked;
  if (!node.rules.workGeneration) {
    refuse(request.flag("use_peers") ? "Work generation is disabled" : "Local work generation is disabled");
  }
  const work = (await findWork(node, hash, threshold, signal)) ?? refuse("Cancelled");
  const value = workValue(hexToBytes(work, 8), keyBytes(hash));
  return { hash: hash.toUpperCase(), work, ...describeValue(value, advertised.send) };
}

export function workCancel(request: RpcRequest, node: DevNode): RpcAnswer {
  cancelWork(node, request.hash());
  return { success: "" };
}

/** "valid" only for a difficulty that was asked for: without one the node no longer says it. */
export function workValidate(request: RpcRequest, { network }: DevNode): RpcAnswer {
  const { advertised } = network.work;
  const hash = request.hash();
  const work = request.work();
  request.checkWorkVersion();
  const threshold = readThreshold(request, advertised.send);
  const value = workValue(hexToBytes(work, 8), keyBytes(hash));
  return {
    ...(request.has("difficulty") && { valid: value >= threshold ? "1" : "0" }),
    valid_all: value >= advertised.send ? "1" : "0",
    valid_receive: value >= advertised.receive ? "1" : "0",
    ...describeValue(value, advertised.send),
  };
}

export function activeDifficulty(request: RpcRequest, { network }: DevNode): RpcAnswer {
  const send = formatDifficulty(network.work.advertised.send);
  const receive = formatDifficulty(network.work.advertised.receive);
  return {
    deprecated: "1",
    network_minimum: send,
    network_receive_minimum: receive,
    network_current: send,
    network_receive_current: receive,
    multiplier: "1",
    ...(request.flag("include_trend") && { difficulty_trend: [formatMultiplier(1)] }),
  };
}

/** What a block needs, as far as the ledger shows what it is: else what is enough for any. */
export function difficultyOnLedger(block: StateBlock, { state, network }: DevNode): bigint {
  const { required, advertised } = network.work;
  const before = state.block(block.previous);
  if (before !== undefined && before.balanceRaw > block.balanceRaw) return required.send;
  const source = sourceOf(block);
  if (source !== ZERO_HASH && state.receivableEntry(block.account, source) !== undefined) return required.receive;
  return before === undefined ? advertised.send : required.send;
}

function thresholdForBlock(request: RpcRequest, hash: BlockHash, asked: bigint, node: DevNode): bigint {
  const block = readBlock(request);
  if (rootOf(block) !== hash) refuse("Root mismatch for block");
  const isAsked = request.has("difficulty") || request.has("multiplier");
  const threshold = isAsked ? asked : difficultyOnLedger(block, node);
  if (valueOfWork(block) >= threshold) refuse("Provided work is already enough for given difficulty");
  return threshold;
}

/** A multiplier wins over a difficulty. */
function readThreshold(request: RpcRequest, otherwise: bigint): bigint {
  const difficulty = request.difficulty() ?? otherwise;
  const multiplier = request.multiplier();
  return multiplier === undefined ? difficulty : difficultyOf(multiplier, otherwise);
}

function describeValue(value: bigint, base: bigint): RpcAnswer {
  return { difficulty: formatDifficulty(value), multiplier: formatMultiplier(multiplierOf(value, base)) };
}
