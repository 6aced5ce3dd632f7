import { addressOf, MAX_RAW, type PublicKey, parseAddress } from "../../nano/index.js";
import type { DevNode } from "../node.js";
import { objectAnswer, type RpcAnswer, refuse } from "./answer.js";
import type { RpcRequest } from "./request.js";

const BURN_ACCOUNT: PublicKey = parseAddress("nano_1111111111111111111111111111111111111111111111111111hifc8npp");

export function accountBlockCount(request: RpcRequest, { state }: DevNode): RpcAnswer {
  const info = state.account(request.account()) ?? refuse("Account not found");
  return { block_count: info.blockCount.toString() };
}

export function frontierCount(_request: RpcRequest, { state }: DevNode): RpcAnswer {
  return { count: state.accountCount.toString() };
}

/** In the order of the keys, from `account` on. */
export function frontiers(request: RpcRequest, { state }: DevNode): RpcAnswer {
  const start = request.account();
  const count = request.count();
  const entries: (readonly [string, string])[] = [];
  for (const { account, head } of state.accountsFrom(start)) {
    if (entries.length >= count) break;
    entries.push([addressOf(account), head.toUpperCase()]);
  }
  return { frontiers: objectAnswer(entries) };
}

/** All there is, without what genesis holds and what was burned. */
export function availableSupply(_request: RpcRequest, { state, network }: DevNode): RpcAnswer {
  const heldRaw = state.account(network.genesis.account)?.balanceRaw ?? 0n;
  return { available: (MAX_RAW - heldRaw - state.receivableSums(BURN_ACCOUNT).allRaw).toString() };
}
