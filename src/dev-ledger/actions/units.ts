import { MAX_RAW } from "../../nano/index.js";
import { type RpcAnswer, refuse } from "./answer.js";
import type { RpcRequest } from "./request.js";

const RAW_PER_NANO = 10n ** 30n;

/** Whole Nano. Zero is "too big" on a node as well; what exceeds the supply is on ours, a node's number wraps around. */
export function nanoToRaw(request: RpcRequest): RpcAnswer {
  const raw = request.amountRaw() * RAW_PER_NANO;
  return raw > 0n && raw <= MAX_RAW ? { amount: raw.toString() } : refuse("Amount too big");
}

/** What is left of a whole Nano is dropped. */
export function rawToNano(request: RpcRequest): RpcAnswer {
  return { amount: (request.amountRaw() / RAW_PER_NANO).toString() };
}
