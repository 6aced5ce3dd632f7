import { createDeadlines } from "../../../../src/ledger/deadlines.js";
import { createMonotonicClock } from "../../../../src/ledger/monotonic-clock.js";
import type { Limits } from "../../../../src/ledger/pool/ask-once.js";
import { Member, type PoolTools } from "../../../../src/ledger/pool/member.js";
import { createPool, type Pool } from "../../../../src/ledger/pool/pool.js";
import { parseEndpoint } from "../../../../src/ledger/rpc/endpoint.js";
import type { FaultKind } from "../../../../src/ledger/rpc/fault.js";
import type { Question } from "../../../../src/ledger/rpc/questions.js";
import type { Exchange, ExchangeOptions, Transport } from "../../../../src/ledger/rpc/transport.js";
import { createManualTime, type ManualTime } from "../../../support/manual-time.js";

/** What an endpoint does with a request: an answer, or silence until somebody's patience ends. */
export type Script = (action: string, nth: number) => Exchange | "silence" | Promise<Exchange | "silence">;

export interface Post {
  /** The endpoint's name. */
  readonly at: string;
  readonly action: string;
  readonly atMs: number;
  readonly connection: ExchangeOptions["connection"];
  /** How it ended, once it has. */
  ended: string | undefined;
}

export interface StubPool {
  readonly pool: Pool;
  readonly members: readonly Member[];
  readonly posts: readonly Post[];
  readonly time: ManualTime;
  readonly tools: PoolTools;
  /** The posts to each endpoint so far, in the order in which they were made. */
  asked(): string;
}

/** Endpoints that are functions, in time that only a test moves. */
export function createStubPool(
  scripts: readonly Script[],
  options: { readonly random?: () => number; readonly requestsPerSecond?: number; readonly time?: ManualTime } = {},
): StubPool {
  const time = options.time ?? createManualTime();
  const { clock, sleep } = time;
  const tools = { clock, random: options.random ?? (() => 1), now: createMonotonicClock(clock) };
  const startMs = clock();
  const posts: Post[] = [];
  const { requestsPerSecond } = options;
  const members = scripts.map((script, index) => {
    const at = String(index);
    const transport = createStubTransport(script, time, (action, connection) => {
      const post: Post = { at, action, connection, atMs: clock() - startMs, ended: undefined };
      posts.push(post);
      return post;
    });
    return new Member(
      { name: at, endpoint: parseEndpoint(`http://127.0.0.1/${at}`, {}), transport, requestsPerSecond },
      tools,
    );
  });
  const [first, ...others] = members;
  if (first === undefined) throw new Error("a pool has members");
  const pool = createPool([first, ...others], { deadlines: createDeadlines({ clock, sleep }), now: tools.now });
  return { pool, members, posts, time, tools, asked: () => posts.map(({ at }) => at).join("") };
}

function createStubTransport(
  script: Script,
  { sleep }: ManualTime,
  note: (action: string, connection: ExchangeOptions["connection"]) => Post,
): Transport {
  const live = new Set<() => void>();
  let isClosed = false;
  let count = 0;
  return {
    async post(body, { signal, timeoutMs, connection }) {
      if (isClosed) return failed("unreachable", false);
      if (signal?.aborted === true) return failed("aborted", false);
      const { action } = JSON.parse(body) as { action: string };
      const post = note(action, connection);
      count += 1;
      const timer = new AbortController();
      let [onAbort, onClose] = [(): void => {}, (): void => {}];
      const exchange = await new Promise<Exchange>((resolve) => {
        onAbort = () => resolve(failed("aborted"));
        onClose = () => resolve(failed("closed"));
        signal?.addEventListener("abort", onAbort);
        if (connection === "kept") live.add(onClose);
        void sleep(timeoutMs, timer.signal).then(() => resolve(failed("too late")));
        void Promise.resolve(script(action, count)).then((said) => said !== "silence" && resolve(said));
      });
      timer.abort();
      live.delete(onClose);
      signal?.removeEventListener("abort", onAbort);
      post.ended = exchange.ok ? "answered" : exchange.fault.kind;
      return exchange;
    },
    async close() {
      isClosed = true;
      for (const end of live) end();
    },
  };
}

export function failed(kind: FaultKind, sent = true): Exchange {
  return { ok: false, fault: { kind, sent } };
}

export function status(code: number, retryAfter?: string): Exchange {
  return { ok: true, status: code, text: "", retryAfter };
}

export function said(value: unknown): Exchange {
  return { ok: true, status: 200, text: JSON.stringify(value) };
}

/** A read whose answer is the `value` that was said; undefined for "not found". */
export function read(action = "block_info"): Question<unknown> {
  return {
    action,
    isRead: true,
    body: JSON.stringify({ action }),
    readResult: (json) => ({ result: (json as { value?: unknown }).value }),
    readError: (text) => (text === "not found" ? { result: undefined } : undefined),
  };
}

export const within = (ms: number, signal?: AbortSignal): Limits => ({ attemptMs: () => ms, signal });

export type Step = Exchange | "silence";

/** Each in turn; the last one stays. */
export function inTurn(...steps: readonly Step[]): Script {
  return (_action, nth) => steps[Math.min(nth, steps.length) - 1] ?? "silence";
}

export const always = (step: Step): Script => inTurn(step);
