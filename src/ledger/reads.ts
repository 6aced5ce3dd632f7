import type { BlockHash } from "../nano/index.js";
import { createMonotonicClock } from "./monotonic-clock.js";
import type { LedgerSettings } from "./options.js";
import type { Asked, Limits } from "./pool/ask-once.js";
import type { Pool } from "./pool/pool.js";
import { Sharing } from "./pool/sharing.js";
import type { AccountInfo, BlockInfo, CallOptions, Ledger, ReadOptions } from "./port.js";
import { toUnavailable } from "./rpc/fault.js";
import { askAccountInfo, askBlockInfo, askReceivable, type Question } from "./rpc/questions.js";

export interface Reads extends Pick<Ledger, "accountInfo" | "blockInfo" | "receivable"> {
  /** One look for who waits; `false` also where nobody could be asked. */
  isConfirmed(hash: BlockHash, signal?: AbortSignal): Promise<boolean>;
  /** Whether any endpoint shows the block; undefined where nobody could be asked. */
  isThere(hash: BlockHash, limits: Limits): Promise<boolean | undefined>;
}

/** How often a look insists on "confirmed", at every endpoint if need be: the first one may lag behind for ever. */
const INSISTS = 0.3;

export function createReads(pool: Pool, settings: LedgerSettings): Reads {
  const { agreement, random, timeoutMs } = settings;
  const now = createMonotonicClock(settings.clock);
  const shared = { accounts: new Sharing<AccountInfo | undefined>(), blocks: new Sharing<BlockInfo | undefined>() };

  const ask = async <Result>(
    question: Question<Result>,
    call: ReadOptions = {},
    isEnough: ((result: Result) => boolean) | undefined = call.anywhere === undefined ? undefined : isKnown,
  ): Promise<Result> => {
    const limits = limitsOf(call, timeoutMs, now);
    return unpack(question, await pool.ask(question, { limits, at: call.at, isEnough }));
  };

  const askForBlock = async (hash: BlockHash, call: ReadOptions = {}): Promise<BlockInfo | undefined> => {
    const question = askBlockInfo(hash);
    if (agreement === 1 || call.at !== undefined) {
      return ask(question, call, call.anywhere === "confirmed" ? isSeenConfirmed : undefined);
    }
    const [limits, anywhere] = [limitsOf(call, timeoutMs, now), call.anywhere !== undefined];
    return unpack(question, await pool.askAgreed(question, { count: agreement, anywhere, limits }));
  };

  const isConfirmed = async (hash: BlockHash, signal?: AbortSignal): Promise<boolean> => {
    const insists = agreement === 1 && random() < INSISTS;
    const info = insists
      ? await ask(askBlockInfo(hash), { signal }, isSeenConfirmed)
      : await askForBlock(hash, { signal, anywhere: "known" });
    return info?.confirmed === true;
  };

  return {
    accountInfo: (account, call) =>
      isShared(call)
        ? shared.accounts.run(`${account} ${String(call?.anywhere)}`, () => ask(askAccountInfo(account), call))
        : ask(askAccountInfo(account), call),
    blockInfo: (hash, call) =>
      isShared(call)
        ? shared.blocks.run(`${hash} ${String(call?.anywhere)}`, () => askForBlock(hash, call))
        : askForBlock(hash, call),
    receivable: (account, call) => ask(askReceivable(account), call),
    isConfirmed: (hash, signal) => isConfirmed(hash, signal).catch(() => false),
    async isThere(hash, limits) {
      const asked = await pool.ask(askBlockInfo(hash), { limits, isEnough: isKnown });
      return asked.ok ? asked.result !== undefined : undefined;
    },
  };
}

/** A caller's `timeoutMs` is for the whole call, ours for each attempt. */
export function limitsOf(call: CallOptions | undefined, attemptMs: number, now: () => number): Limits {
  const endsAtMs = call?.timeoutMs === undefined ? undefined : now() + call.timeoutMs;
  return {
    signal: call?.signal,
    attemptMs: () => (endsAtMs === undefined ? attemptMs : Math.min(attemptMs, endsAtMs - now())),
  };
}

export function unpack<Result>(question: Pick<Question<Result>, "action">, asked: Asked<Result>): Result {
  if (asked.ok) return asked.result;
  throw toUnavailable(question.action, asked.member.endpoint, asked.fault);
}

/** A caller with a deadline or a way out of its own has a call of its own. */
function isShared(call: ReadOptions | undefined): boolean {
  return call?.share === true && call.signal === undefined && call.timeoutMs === undefined && call.at === undefined;
}

function isSeenConfirmed(info: BlockInfo | undefined): boolean {
  return info?.confirmed === true;
}

function isKnown(result: unknown): boolean {
  return result !== undefined;
}
