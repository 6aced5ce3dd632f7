import type { DevNode } from "../node.js";
import { accountBalance, accountInfo, accountsBalances, accountsFrontiers } from "./accounts.js";
import { type RpcAnswer, refusalOf, refuse } from "./answer.js";
import { blockConfirm, blockHash, blockInfo, blocksInfo } from "./blocks.js";
import { accountHistory } from "./history.js";
import { accountGet, accountKey, validateAccountNumber } from "./keys.js";
import { processBlock } from "./process.js";
import { accountsReceivable, pending, receivable, receivableExists } from "./receivable.js";
import { RpcRequest } from "./request.js";
import { blockCount, telemetry, uptime, version } from "./status.js";
import { activeDifficulty, workGenerate, workValidate } from "./work.js";

type Action = (request: RpcRequest, node: DevNode, signal: AbortSignal) => RpcAnswer | Promise<RpcAnswer>;

/** Every action there is; anything else is "Unknown command". */
const ACTIONS: ReadonlyMap<string, Action> = new Map<string, Action>([
  ["account_balance", accountBalance],
  ["account_get", accountGet],
  ["account_history", accountHistory],
  ["account_info", accountInfo],
  ["account_key", accountKey],
  ["accounts_balances", accountsBalances],
  ["accounts_frontiers", accountsFrontiers],
  ["accounts_receivable", accountsReceivable],
  ["active_difficulty", activeDifficulty],
  ["block_confirm", blockConfirm],
  ["block_count", blockCount],
  ["block_hash", blockHash],
  ["block_info", blockInfo],
  ["blocks_info", blocksInfo],
  ["pending", pending],
  ["process", processBlock],
  ["receivable", receivable],
  ["receivable_exists", receivableExists],
  ["telemetry", telemetry],
  ["uptime", uptime],
  ["validate_account_number", validateAccountNumber],
  ["version", version],
  ["work_generate", workGenerate],
  ["work_validate", workValidate],
]);

/** The body of a request → the answer; refusals of the node are answers too. `signal`: nobody waits any more. */
export async function answerRpc(body: string, node: DevNode, signal: AbortSignal): Promise<RpcAnswer> {
  try {
    const request = RpcRequest.parse(body);
    const action = ACTIONS.get(request.text("action")) ?? refuse("Unknown command");
    return await action(request, node, signal);
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal === undefined) throw error;
    return { error: refusal };
  }
}
