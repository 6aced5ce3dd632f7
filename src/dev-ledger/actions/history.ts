import { addressOf, type BlockHash, type PublicKey, ZERO_HASH } from "../../nano/index.js";
import { encodeContents, readAddress, readHash } from "../ledger-block.js";
import type { LedgerEntry } from "../ledger-entry.js";
import type { LedgerState } from "../ledger-state.js";
import type { DevNode } from "../node.js";
import { listAnswer, type RpcAnswer, type RpcValue, refuse } from "./answer.js";
import { linkedAccount } from "./blocks.js";
import { otherParty } from "./parties.js";
import type { RpcRequest } from "./request.js";

/** Newest first, or oldest first with `reverse`; changes appear only with `raw`. */
export function accountHistory(request: RpcRequest, { state }: DevNode): RpcAnswer {
  const filter = readFilter(request);
  const reverse = request.flag("reverse");
  const raw = request.flag("raw");
  const count = request.count();
  let skip = request.offset();
  const { account, start } = readStart(request, state, reverse);
  const history: RpcValue[] = [];
  let next = start;
  for (let entry = state.block(next); entry !== undefined && history.length < count; entry = state.block(next)) {
    const described = skip > 0 ? undefined : describeEntry(entry, state, raw, filter);
    if (skip > 0) skip -= 1;
    if (described !== undefined) {
      history.push({ ...described, ...linkedAccount(entry, request, state), ...describePlace(entry, raw) });
    }
    next = (reverse ? entry.successor : entry.previous) ?? ZERO_HASH;
  }
  return {
    account: addressOf(account),
    history: listAnswer(history),
    ...(next !== ZERO_HASH && { [reverse ? "next" : "previous"]: next.toUpperCase() }),
  };
}

function readFilter(request: RpcRequest): ReadonlySet<PublicKey> {
  const texts = request.has("account_filter") ? request.texts("account_filter") : [];
  return new Set(texts.map((text) => readAddress(text) ?? refuse("Bad account number")));
}

function readStart(
  request: RpcRequest,
  state: LedgerState,
  reverse: boolean,
): { readonly account: PublicKey; readonly start: BlockHash } {
  const headText = request.optionalText("head");
  if (headText !== undefined) {
    const entry = state.block(readHash(headText) ?? refuse("Bad hash number")) ?? refuse("Block not found");
    return { account: entry.account, start: entry.hash };
  }
  const account = request.account();
  const info = state.account(account);
  if (reverse && info === undefined) refuse("Account not found");
  return { account, start: (reverse ? info?.openBlock : info?.head) ?? ZERO_HASH };
}

/**
 * undefined for what the list leaves out: a change without `raw`, or another party than the filter names. The filter
 * spares genesis, whose money comes from itself, and takes from a raw change no more than its subtype.
 */
function describeEntry(
  entry: LedgerEntry,
  state: LedgerState,
  raw: boolean,
  filter: ReadonlySet<PublicKey>,
): RpcAnswer | undefined {
  const { block, kind, amountRaw } = entry;
  const party = block.type === "open" ? entry.account : otherParty(entry, state);
  if (filter.size > 0 && block.type === "state" && party !== undefined && !filter.has(party)) return undefined;
  if (kind === "change" && !raw) return undefined;
  const isNamed = kind !== "change" || filter.size === 0;
  return {
    ...(raw ? rawFields(entry) : { type: kind }),
    ...(raw && block.type === "state" && isNamed && { subtype: kind }),
    ...(party !== undefined && { account: addressOf(party), amount: amountRaw.toString() }),
  };
}

function describePlace({ block, seenAtSeconds, height, hash, confirmed }: LedgerEntry, raw: boolean): RpcAnswer {
  return {
    local_timestamp: seenAtSeconds.toString(),
    height: height.toString(),
    hash: hash.toUpperCase(),
    confirmed: confirmed ? "true" : "false",
    ...(raw && { work: block.work, signature: block.signature.toUpperCase() }),
  };
}

function rawFields(entry: LedgerEntry): RpcAnswer {
  const { representative = "", source = "", link = "", balance = "", previous = "" } = encodeContents(entry.block);
  if (entry.block.type === "open") return { type: "open", representative, source, opened: addressOf(entry.account) };
  return { type: "state", representative, link, balance, previous };
}
