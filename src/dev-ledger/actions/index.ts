import type { DevNode } from "../node.js";
import { accountBalance, accountInfo, accountsBalances, accountsFrontiers } from "./accounts.js";
import { type RpcAnswer, refusalOf, refuse } from "./answer.js";
import { blockCreate } from "./block-create.js";
import { blockConfirm, blockHash, blockInfo, blocksInfo } from "./blocks.js";
import { accountBlockCount, availableSupply, frontierCount, frontiers } from "./census.js";
import { blockAccount, blocks, chain, successors } from "./chain.js";
import { needsControl } from "./control.js";
import { confirmationActive, confirmationInfo } from "./elections.js";
import { accountHistory } from "./history.js";
import { accountGet, accountKey, deterministicKey, keyExpand, validateAccountNumber } from "./keys.js";
import { processBlock } from "./process.js";
import {
  accountsPending,
  accountsReceivable,
  pending,
  pendingExists,
  receivable,
  receivableExists,
} from "./receivable.js";
import {
  accountRepresentative,
  accountsRepresentatives,
  accountWeight,
  confirmationQuorum,
  representatives,
  representativesOnline,
} from "./representatives.js";
import { RpcRequest } from "./request.js";
import { blockCount, telemetry, uptime, version } from "./status.js";
import { nanoToRaw, rawToNano } from "./units.js";
import { activeDifficulty, workCancel, workGenerate, workValidate } from "./work.js";

type Action = (request: RpcRequest, node: DevNode, signal: AbortSignal) => RpcAnswer | Promise<RpcAnswer>;

/**
 * Every action there is; anything else is "Unknown command": what a node does for its wallets, its peers and its own
 * administration, and `key_create`, because nothing here is random.
 */
const ACTIONS: ReadonlyMap<string, Action> = new Map<string, Action>([
  ["account_balance", accountBalance],
  ["account_block_count", accountBlockCount],
  ["account_get", accountGet],
  ["account_history", accountHistory],
  ["account_info", accountInfo],
  ["account_key", accountKey],
  ["account_representative", accountRepresentative],
  ["account_weight", accountWeight],
  ["accounts_balances", accountsBalances],
  ["accounts_frontiers", accountsFrontiers],
  ["accounts_pending", accountsPending],
  ["accounts_receivable", accountsReceivable],
  ["accounts_representatives", accountsRepresentatives],
  ["active_difficulty", activeDifficulty],
  ["available_supply", availableSupply],
  ["block_account", blockAccount],
  ["block_confirm", blockConfirm],
  ["block_count", blockCount],
  ["block_create", blockCreate],
  ["block_hash", blockHash],
  ["block_info", blockInfo],
  ["blocks", blocks],
  ["blocks_info", blocksInfo],
  ["chain", chain],
  ["confirmation_active", confirmationActive],
  ["confirmation_info", confirmationInfo],
  ["confirmation_quorum", confirmationQuorum],
  ["deterministic_key", deterministicKey],
  ["frontier_count", frontierCount],
  ["frontiers", frontiers],
  ["key_expand", keyExpand],
  ["nano_to_raw", nanoToRaw],
  ["pending", pending],
  ["pending_exists", pendingExists],
  ["process", processBlock],
  ["raw_to_nano", rawToNano],
  ["receivable", receivable],
  ["receivable_exists", receivableExists],
  ["representatives", representatives],
  ["representatives_online", representativesOnline],
  ["successors", successors],
  ["telemetry", telemetry],
  ["uptime", uptime],
  ["validate_account_number", validateAccountNumber],
  ["version", version],
  ["work_cancel", workCancel],
  ["work_generate", workGenerate],
  ["work_validate", workValidate],
]);

/** The node's default for `max_json_depth`. It counts every bracket there is, in texts too, and no nesting. */
const MAX_BRACKETS = 20;

/** The body of a request → the answer; refusals of the node are answers too. `signal`: nobody waits any more. */
export async function answerRpc(body: string, node: DevNode, signal: AbortSignal): Promise<RpcAnswer> {
  try {
    if (hasTooManyBrackets(body)) refuse("Max JSON depth exceeded");
    const request = RpcRequest.parse(body);
    const name = request.text("action");
    if (!node.rules.control && needsControl(name, request)) refuse("RPC control is disabled");
    const action = ACTIONS.get(name) ?? refuse("Unknown command");
    return await action(request, node, signal);
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal === undefined) throw error;
    return { error: refusal };
  }
}

function hasTooManyBrackets(body: string): boolean {
  return body.split(/[[{]/, MAX_BRACKETS + 2).length > MAX_BRACKETS + 1;
}
