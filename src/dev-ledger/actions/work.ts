import { hexToBytes, keyBytes, workValue } from "../../nano/index.js";
import { difficultyOf, formatDifficulty, formatMultiplier, multiplierOf } from "../difficulty.js";
import type { DevNode } from "../node.js";
import { searchWork } from "../work-search.js";
import { type RpcAnswer, refuse } from "./answer.js";
import type { RpcRequest } from "./request.js";

/** The node's default limit, as a multiple of the advertised send threshold. */
const MAX_MULTIPLIER = 64;

export async function workGenerate(request: RpcRequest, { network }: DevNode, signal: AbortSignal): Promise<RpcAnswer> {
  const { entry, advertised } = network.work;
  const hash = request.hash();
  const threshold = readThreshold(request, advertised.send);
  if (threshold > difficultyOf(MAX_MULTIPLIER, advertised.send) || threshold < entry) {
    refuse("Difficulty above config limit or below publish threshold");
  }
  const work = await searchWork(keyBytes(hash), threshold, signal);
  const value = workValue(hexToBytes(work, 8), keyBytes(hash));
  return { hash: hash.toUpperCase(), work, ...describeValue(value, advertised.send) };
}

/** "valid" only for a difficulty that was asked for: without one the node no longer says it. */
export function workValidate(request: RpcRequest, { network }: DevNode): RpcAnswer {
  const { advertised } = network.work;
  const hash = request.hash();
  const work = request.work();
  const threshold = readThreshold(request, advertised.send);
  const value = workValue(hexToBytes(work, 8), keyBytes(hash));
  return {
    ...(request.has("difficulty") && { valid: value >= threshold ? "1" : "0" }),
    valid_all: value >= advertised.send ? "1" : "0",
    valid_receive: value >= advertised.receive ? "1" : "0",
    ...describeValue(value, advertised.send),
  };
}

export function activeDifficulty(_request: RpcRequest, { network }: DevNode): RpcAnswer {
  const send = formatDifficulty(network.work.advertised.send);
  const receive = formatDifficulty(network.work.advertised.receive);
  return {
    deprecated: "1",
    network_minimum: send,
    network_receive_minimum: receive,
    network_current: send,
    network_receive_current: receive,
    multiplier: "1",
  };
}

/** A multiplier wins over a difficulty. */
function readThreshold(request: RpcRequest, otherwise: bigint): bigint {
  if (!["work_1", undefined].includes(request.optionalText("version"))) refuse("Bad work version");
  const difficulty = request.difficulty() ?? otherwise;
  const multiplier = request.multiplier();
  return multiplier === undefined ? difficulty : difficultyOf(multiplier, otherwise);
}

function describeValue(value: bigint, base: bigint): RpcAnswer {
  return { difficulty: formatDifficulty(value), multiplier: formatMultiplier(multiplierOf(value, base)) };
}
