import { addressOf, type PublicKey } from "../../nano/index.js";
import { readAddress } from "../ledger-block.js";
import type { ReceivableEntry } from "../ledger-entry.js";
import type { LedgerState } from "../ledger-state.js";
import type { DevNode } from "../node.js";
import { listAnswer, objectAnswer, type RpcAnswer, type RpcValue, refuse } from "./answer.js";
import type { RpcRequest } from "./request.js";

interface Filter {
  readonly count: number;
  readonly offset: number;
  readonly thresholdRaw: bigint;
  readonly source: boolean;
  readonly minVersion: boolean;
  readonly sorting: boolean;
}

export function receivable(request: RpcRequest, { state }: DevNode): RpcAnswer {
  const account = request.account();
  const filter = readFilter(request);
  return { blocks: blocksAnswer(pageOf(visible(account, request, state), filter), filter) };
}

/** The old name says that it is one. */
export function pending(request: RpcRequest, node: DevNode): RpcAnswer {
  return { deprecated: "1", ...receivable(request, node) };
}

export function accountsReceivable(request: RpcRequest, { state }: DevNode): RpcAnswer {
  const filter = { ...readFilter(request), offset: 0, minVersion: false };
  const entries: (readonly [string, RpcValue])[] = [];
  for (const text of request.texts("accounts")) {
    const account = readAddress(text) ?? refuse("Bad account number");
    const first = aboveThreshold(visible(account, request, state), filter).slice(0, filter.count);
    const blocks = blocksAnswer(filter.sorting ? first.sort(byAmount) : first, filter);
    if (blocks !== "") entries.push([addressOf(account), blocks]);
  }
  return { blocks: objectAnswer(entries) };
}

export function receivableExists(request: RpcRequest, { state }: DevNode): RpcAnswer {
  const entry = state.block(request.hash()) ?? refuse("Block not found");
  const isOpen = entry.kind === "send" && entry.receivedBy === undefined;
  return { exists: isOpen && isVisible(entry.hash, request, state) ? "1" : "0" };
}

export function receivableRaw(account: PublicKey, state: LedgerState): bigint {
  return state.receivableOf(account).reduce((sumRaw, { amountRaw }) => sumRaw + amountRaw, 0n);
}

export function confirmedReceivableRaw(account: PublicKey, state: LedgerState): bigint {
  const confirmed = state.receivableOf(account).filter(({ hash }) => state.block(hash)?.confirmed === true);
  return confirmed.reduce((sumRaw, { amountRaw }) => sumRaw + amountRaw, 0n);
}

function visible(account: PublicKey, request: RpcRequest, state: LedgerState): readonly ReceivableEntry[] {
  return state.receivableOf(account).filter(({ hash }) => isVisible(hash, request, state));
}

/**
 * `include_only_confirmed: false` alone still hides a send that has an election; only together with `include_active`
 * does it show every send.
 */
function isVisible(hash: ReceivableEntry["hash"], request: RpcRequest, state: LedgerState): boolean {
  const entry = state.block(hash);
  if (entry === undefined || entry.confirmed) return entry !== undefined;
  if (request.flag("include_only_confirmed", true)) return false;
  return request.flag("include_active") || !state.isActive(entry);
}

function readFilter(request: RpcRequest): Filter {
  return {
    count: request.optionalCount(),
    offset: request.offset(),
    thresholdRaw: request.thresholdRaw(),
    source: request.flag("source"),
    minVersion: request.flag("min_version"),
    sorting: request.flag("sorting"),
  };
}

/** The offset counts what is below the threshold too, unless the list is sorted: then all is done before. */
function pageOf(entries: readonly ReceivableEntry[], filter: Filter): readonly ReceivableEntry[] {
  const { count, offset, sorting } = filter;
  if (!sorting) return aboveThreshold(entries.slice(offset), filter).slice(0, count);
  return aboveThreshold(entries, filter)
    .sort(byAmount)
    .slice(offset, offset + count);
}

function aboveThreshold(entries: readonly ReceivableEntry[], { thresholdRaw }: Filter): ReceivableEntry[] {
  return entries.filter(({ amountRaw }) => amountRaw >= thresholdRaw);
}

/** Largest first. */
function byAmount(left: ReceivableEntry, right: ReceivableEntry): number {
  if (left.amountRaw === right.amountRaw) return 0;
  return left.amountRaw > right.amountRaw ? -1 : 1;
}

/** A list of hashes, or hash → amount, or hash → object, depending on what was asked for. */
function blocksAnswer(entries: readonly ReceivableEntry[], filter: Filter): RpcValue {
  const { thresholdRaw, source, minVersion, sorting } = filter;
  const isSimple = thresholdRaw === 0n && !source && !minVersion && !sorting;
  if (isSimple) return listAnswer(entries.map(({ hash }) => hash.toUpperCase()));
  return objectAnswer(entries.map((entry) => [entry.hash.toUpperCase(), details(entry, filter)]));
}

function details(entry: ReceivableEntry, { source, minVersion }: Filter): RpcValue {
  const amount = entry.amountRaw.toString();
  if (!source && !minVersion) return amount;
  return { amount, ...(source && { source: addressOf(entry.source) }), ...(minVersion && { min_version: "0" }) };
}
