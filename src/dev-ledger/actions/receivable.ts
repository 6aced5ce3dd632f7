import { addressOf, type PublicKey } from "../../nano/index.js";
import { readAddress } from "../ledger-block.js";
import type { LedgerEntry } from "../ledger-entry.js";
import type { LedgerState } from "../ledger-state.js";
import type { DevNode } from "../node.js";
import { listAnswer, objectAnswer, type RpcAnswer, type RpcValue, refuse } from "./answer.js";
import type { RpcRequest } from "./request.js";

interface Filter {
  readonly count: number;
  readonly thresholdRaw: bigint;
  readonly source: boolean;
  /** The epoch a receiver must have, as it is printed. */
  readonly minVersion: string | undefined;
  readonly sorting: boolean;
}

export function receivable(request: RpcRequest, { state, network }: DevNode): RpcAnswer {
  const account = request.account();
  const offset = request.offset();
  const filter = readFilter(request, network.epoch);
  return { blocks: blocksAnswer(pageOf(visible(account, request, state), offset, filter), filter) };
}

/** The old name says that it is one. */
export function pending(request: RpcRequest, node: DevNode): RpcAnswer {
  return { deprecated: "1", ...receivable(request, node) };
}

export function accountsReceivable(request: RpcRequest, { state }: DevNode): RpcAnswer {
  const filter = readFilter(request);
  const entries: (readonly [string, RpcValue])[] = [];
  for (const text of request.texts("accounts")) {
    const account = readAddress(text) ?? refuse("Bad account number");
    const first = [...slice(aboveThreshold(visible(account, request, state), filter), 0, filter.count)];
    const blocks = blocksAnswer(filter.sorting ? first.sort(byAmount) : first, filter);
    if (blocks !== "") entries.push([addressOf(account), blocks]);
  }
  return { blocks: objectAnswer(entries) };
}

export function accountsPending(request: RpcRequest, node: DevNode): RpcAnswer {
  return { deprecated: "1", ...accountsReceivable(request, node) };
}

export function pendingExists(request: RpcRequest, node: DevNode): RpcAnswer {
  return { deprecated: "1", ...receivableExists(request, node) };
}

export function receivableExists(request: RpcRequest, { state }: DevNode): RpcAnswer {
  const entry = state.block(request.hash()) ?? refuse("Block not found");
  const isOpen = entry.kind === "send" && entry.receivedBy === undefined;
  return { exists: isOpen && isVisible(entry, request, state) ? "1" : "0" };
}

function* visible(account: PublicKey, request: RpcRequest, state: LedgerState): Generator<LedgerEntry> {
  for (const entry of state.receivableOf(account)) {
    if (isVisible(entry, request, state)) yield entry;
  }
}

/**
 * `include_only_confirmed: false` alone still hides a send that has an election; only together with `include_active`
 * does it show every send.
 */
function isVisible(entry: LedgerEntry, request: RpcRequest, state: LedgerState): boolean {
  if (entry.confirmed) return true;
  if (request.flag("include_only_confirmed", true)) return false;
  return request.flag("include_active") || !state.isActive(entry);
}

/** Without an epoch there is no `min_version`. */
function readFilter(request: RpcRequest, epoch?: number): Filter {
  return {
    count: request.optionalCount(),
    thresholdRaw: request.thresholdRaw(),
    source: request.flag("source"),
    minVersion: request.flag("min_version") ? epoch?.toString() : undefined,
    sorting: request.flag("sorting"),
  };
}

/** The offset counts what is below the threshold too, unless the list is sorted: then all is done before. */
function pageOf(entries: Iterable<LedgerEntry>, offset: number, filter: Filter): readonly LedgerEntry[] {
  const { count, sorting } = filter;
  if (!sorting) return [...slice(aboveThreshold(slice(entries, offset), filter), 0, count)];
  return [...aboveThreshold(entries, filter)].sort(byAmount).slice(offset, offset + count);
}

function* aboveThreshold(entries: Iterable<LedgerEntry>, { thresholdRaw }: Filter): Generator<LedgerEntry> {
  for (const entry of entries) {
    if (entry.amountRaw >= thresholdRaw) yield entry;
  }
}

/** Looks at no more than it hands out: a page of ten costs the same whether ten follow it or a hundred thousand. */
function* slice(
  entries: Iterable<LedgerEntry>,
  from: number,
  count = Number.POSITIVE_INFINITY,
): Generator<LedgerEntry> {
  let place = 0;
  if (count === 0) return;
  for (const entry of entries) {
    place += 1;
    if (place > from) yield entry;
    if (place >= from + count) return;
  }
}

/** Largest first. */
function byAmount(left: LedgerEntry, right: LedgerEntry): number {
  if (left.amountRaw === right.amountRaw) return 0;
  return left.amountRaw > right.amountRaw ? -1 : 1;
}

/** A list of hashes, or hash → amount, or hash → object, depending on what was asked for. */
function blocksAnswer(entries: readonly LedgerEntry[], filter: Filter): RpcValue {
  const { thresholdRaw, source, minVersion, sorting } = filter;
  const isSimple = thresholdRaw === 0n && !source && minVersion === undefined && !sorting;
  if (isSimple) return listAnswer(entries.map(({ hash }) => hash.toUpperCase()));
  return objectAnswer(entries.map((entry) => [entry.hash.toUpperCase(), details(entry, filter)]));
}

function details(entry: LedgerEntry, { source, minVersion }: Filter): RpcValue {
  const amount = entry.amountRaw.toString();
  if (!source && minVersion === undefined) return amount;
  return {
    amount,
    ...(source && { source: addressOf(entry.account) }),
    ...(minVersion !== undefined && { min_version: minVersion }),
  };
}
