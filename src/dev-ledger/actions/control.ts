import type { RpcRequest } from "./request.js";

/** What a node guards with `enable_control`, whether or not this ledger can do it. */
const CONTROLLED: ReadonlySet<string> = new Set(
  ["account_create", "account_move", "account_remove", "account_representative_set", "accounts_create"].concat(
    ["block_create", "bootstrap_lazy", "database_txn_tracker", "epoch_upgrade", "keepalive", "ledger", "node_id"],
    ["password_change", "populate_backlog", "receive", "receive_minimum", "receive_minimum_set", "search_pending"],
    ["search_pending_all", "search_receivable", "search_receivable_all", "send", "stop", "unchecked_clear"],
    ["unopened", "wallet_add", "wallet_add_watch", "wallet_change_seed", "wallet_create", "wallet_destroy"],
    ["wallet_lock", "wallet_representative_set", "wallet_republish", "wallet_seed", "wallet_work_get"],
    ["work_cancel", "work_generate", "work_get", "work_peer_add", "work_peers", "work_peers_clear", "work_set"],
  ),
);

/** Decided by the name, and for `process` by `force`, before anything else is looked at. */
export function needsControl(action: string, request: RpcRequest): boolean {
  return CONTROLLED.has(action) || (action === "process" && request.flag("force"));
}
