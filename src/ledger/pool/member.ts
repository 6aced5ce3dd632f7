import type { EndpointName } from "../port.js";
import type { Endpoint } from "../rpc/endpoint.js";
import type { Fault } from "../rpc/fault.js";
import type { Question } from "../rpc/questions.js";
import type { Transport } from "../rpc/transport.js";
import { Breaker } from "./breaker.js";
import { Budget } from "./budget.js";
import { Latencies } from "./latencies.js";
import { parseRetryAfter } from "./retry-after.js";

/** What a pool tells time and chance by. */
export interface PoolTools {
  /** Milliseconds since 1970: what dates in headers are compared with. */
  readonly clock: () => number;
  /** Milliseconds that only grow. */
  readonly now: () => number;
  readonly random: () => number;
}

export interface MemberOptions {
  readonly name: EndpointName;
  readonly endpoint: Endpoint;
  readonly transport: Transport;
  readonly requestsPerSecond?: number | undefined;
}

/** HTTP's words for "you ask too much" and "not now". */
const TOO_MANY_REQUESTS = 429;

/** One endpoint, and what was learned about it. */
export class Member {
  readonly name: EndpointName;
  readonly endpoint: Endpoint;
  readonly transport: Transport;
  readonly budget: Budget;
  readonly latencies = new Latencies();
  readonly #breaker: Breaker;
  readonly #lag: Breaker;
  /** "action not allowed" says something about one action; the others may be answered well. */
  readonly #actions = new Map<string, Breaker>();
  readonly #tools: PoolTools;
  #closedUntilMs = 0;

  constructor({ name, endpoint, transport, requestsPerSecond }: MemberOptions, tools: PoolTools) {
    this.name = name;
    this.endpoint = endpoint;
    this.transport = transport;
    this.budget = new Budget(requestsPerSecond);
    this.#breaker = new Breaker(tools.random);
    this.#lag = new Breaker(tools.random);
    this.#tools = tools;
  }

  /** Neither resting nor being tried by somebody else. */
  isReady(action: string): boolean {
    const nowMs = this.#tools.now();
    return this.#breakersOf(action).every((breaker) => breaker.isReady(nowMs));
  }

  /** The call that tries an endpoint which failed before. */
  trialOf(action: string): Promise<unknown> | undefined {
    return this.#breakersOf(action).find((breaker) => breaker.trial !== undefined)?.trial;
  }

  /** It has said when it wants to be asked again, or its budget is spent. */
  waitMs(): number {
    const nowMs = this.#tools.now();
    return Math.max(this.#closedUntilMs - nowMs, this.budget.waitMs(nowMs), 0);
  }

  begin(action: string, call: Promise<unknown>): void {
    for (const breaker of this.#breakersOf(action)) breaker.begin(call);
  }

  /** Only reads say how fast the endpoint is: work takes what it takes. */
  noteAnswer({ action, isRead }: Pick<Question<unknown>, "action" | "isRead">, tookMs: number): void {
    this.#breaker.noteAnswer();
    this.#actions.get(action)?.noteAnswer();
    if (isRead) this.latencies.add(tookMs);
  }

  noteFault(action: string, fault: Fault): void {
    const { clock, now, random } = this.#tools;
    if (fault.kind === "aborted" || fault.kind === "closed") return;
    if (fault.kind === "unknown error") {
      const breaker = this.#actions.get(action) ?? new Breaker(random);
      this.#actions.set(action, breaker);
      breaker.noteFault(now());
      return;
    }
    const retryAfterMs = parseRetryAfter(fault.retryAfter, clock());
    if (retryAfterMs !== undefined) this.#closedUntilMs = now() + retryAfterMs;
    const isCertain = fault.kind === "HTTP status" && fault.facts?.["status"] === TOO_MANY_REQUESTS;
    this.#breaker.noteFault(now(), isCertain);
  }

  /** Another endpoint, asked later, was faster. */
  noteSlow(): void {
    this.#breaker.noteFault(this.#tools.now());
  }

  /** It lacks what another endpoint has; it answers well all the while, so its answers prove nothing. */
  noteLag(): void {
    this.#lag.noteFault(this.#tools.now());
  }

  noteKnowledge(): void {
    this.#lag.noteAnswer();
  }

  #breakersOf(action: string): readonly Breaker[] {
    const own = this.#actions.get(action);
    return own === undefined ? [this.#breaker, this.#lag] : [this.#breaker, this.#lag, own];
  }
}

/** In the order in which they should be asked: those that are ready, those that failed, those that asked for time. */
export function rank(members: readonly Member[], action: string): readonly Member[] {
  const free = members.filter((member) => member.waitMs() === 0);
  const busy = members.filter((member) => member.waitMs() > 0).sort((left, right) => left.waitMs() - right.waitMs());
  const ready = free.filter((member) => member.isReady(action));
  return [...ready, ...free.filter((member) => !ready.includes(member)), ...busy];
}
