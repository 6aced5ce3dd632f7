import type { EndpointName } from "../port.js";
import type { Endpoint } from "../rpc/endpoint.js";
import type { Fault } from "../rpc/fault.js";
import type { Transport } from "../rpc/transport.js";
import { Breaker } from "./breaker.js";
import { Budget } from "./budget.js";
import { isAboutAction, type Kind, statusOf, TOO_MANY_REQUESTS } from "./kind.js";
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

/** For what is not asked twice without need: blocks, and the last word of an endpoint. */
const LONG_PATIENCE_FACTOR = 4;
const SHORTEST_LONG_PATIENCE_MS = 500;
/** A node that was cut off has caught up by then, or has lagged again. */
const LAG_MEMORY_MS = 60_000;

/** One endpoint, and what was learned about it. */
export class Member {
  readonly name: EndpointName;
  readonly endpoint: Endpoint;
  readonly transport: Transport;
  readonly #tools: PoolTools;
  readonly #budget: Budget;
  readonly #latencies = new Latencies();
  readonly #breaker: Breaker;
  /** "action not allowed" says something about one action; the others may be answered well. */
  readonly #actions = new Map<string, Breaker>();
  /** Who lacks what others have answers well all the while: it is asked after them, and never kept from being asked. */
  readonly #lag: Breaker;
  #lagAtMs = 0;
  #closedUntilMs = 0;

  constructor({ name, endpoint, transport, requestsPerSecond }: MemberOptions, tools: PoolTools) {
    this.name = name;
    this.endpoint = endpoint;
    this.transport = transport;
    this.#tools = tools;
    this.#budget = new Budget(requestsPerSecond);
    this.#breaker = new Breaker(tools.random);
    this.#lag = new Breaker(tools.random);
  }

  /** Whom to ask first: 0 well, 1 to be tried again, 2 resting, 3 has asked for time or has no turn left. */
  placeFor({ action, isRead }: Kind): 0 | 1 | 2 | 3 {
    if (this.waitMs() > 0) return 3;
    this.#forgetLag();
    const breakers = [...this.#breakersOf(action), this.#lag];
    const nowMs = this.#tools.now();
    if (!breakers.every((breaker) => breaker.isReady(nowMs))) return 2;
    // Reads find out whether it is back; nobody's block does, as long as somebody is well.
    return isRead || !breakers.some((breaker) => breaker.isOpen) ? 0 : 1;
  }

  /** It has said when it wants to be asked again, or its budget is spent. */
  waitMs(): number {
    const nowMs = this.#tools.now();
    return this.#budget.startsAtMs(this.#openFromMs(nowMs)) - nowMs;
  }

  /** When the turn comes that is taken now. A queue for who asked for time must not come in all at once either. */
  takeTurn(): number {
    return this.#budget.take(this.#openFromMs(this.#tools.now()));
  }

  giveTurnBack(): void {
    this.#budget.giveBack();
  }

  /** How long it still wants to be left alone. */
  closedMs(): number {
    const nowMs = this.#tools.now();
    return this.#openFromMs(nowMs) - nowMs;
  }

  trialOf(action: string): Promise<Fault | undefined> | undefined {
    return this.#breakersOf(action).find(({ trial }) => trial !== undefined)?.trial;
  }

  /** Whoever begins must tell how it went; undefined where that says nothing about the endpoint. */
  begin({ action, isRead }: Kind): (fault: Fault | undefined) => void {
    // Others wait for a trial: not as long as work takes, and no block is for trying.
    if (!isRead) return () => undefined;
    const told = this.#breakersOf(action).map((breaker) => breaker.begin());
    return (fault) => {
      for (const tell of told) tell(fault);
    };
  }

  patienceMs(): number {
    return this.#latencies.patienceMs;
  }

  longPatienceMs(): number {
    return Math.max(LONG_PATIENCE_FACTOR * this.patienceMs(), SHORTEST_LONG_PATIENCE_MS);
  }

  /** Only reads say how fast the endpoint is: work takes what it takes. */
  noteAnswer({ action, isRead }: Kind, tookMs: number): void {
    this.#breaker.noteAnswer();
    this.#actions.get(action)?.noteAnswer();
    if (isRead) this.#latencies.add(tookMs);
  }

  /** `false`: nothing is learned from it. */
  noteFault(kind: Kind, fault: Fault, tookMs: number): boolean {
    if (fault.kind === "aborted" || fault.kind === "closed") return false;
    // The caller had less time than the endpoint needs.
    if (fault.kind === "too late" && tookMs < this.longPatienceMs()) return false;
    const nowMs = this.#tools.now();
    const status = statusOf(fault);
    if (isAboutAction(kind, fault, status)) {
      if (fault.kind !== "too late") this.#breaker.noteAnswer();
      this.#actionBreaker(kind.action).noteFault(nowMs);
    } else this.#breaker.noteFault(nowMs, status === TOO_MANY_REQUESTS);
    const retryAfterMs = parseRetryAfter(fault.retryAfter, this.#tools.clock());
    if (retryAfterMs !== undefined) this.#closedUntilMs = nowMs + retryAfterMs;
    else if (status === TOO_MANY_REQUESTS)
      this.#closedUntilMs = Math.max(this.#closedUntilMs, this.#breaker.restsUntilMs);
    return true;
  }

  /** Another endpoint, asked later, was faster. */
  noteSlow(): void {
    this.#breaker.noteFault(this.#tools.now());
  }

  /** It lacks what others have, or has alone what nobody else has. Its answers prove nothing, only time does. */
  noteLag(): void {
    this.#forgetLag();
    this.#lagAtMs = this.#tools.now();
    this.#lag.noteFault(this.#lagAtMs);
  }

  #forgetLag(): void {
    if (this.#tools.now() - this.#lagAtMs > LAG_MEMORY_MS) this.#lag.noteAnswer();
  }

  #openFromMs(nowMs: number): number {
    return Math.max(nowMs, this.#closedUntilMs);
  }

  #breakersOf(action: string): readonly Breaker[] {
    const own = this.#actions.get(action);
    return own === undefined ? [this.#breaker] : [this.#breaker, own];
  }

  #actionBreaker(action: string): Breaker {
    const breaker = this.#actions.get(action) ?? new Breaker(this.#tools.random);
    this.#actions.set(action, breaker);
    return breaker;
  }
}
