import type { Question } from "../rpc/questions.js";
import { type Ask, type Asked, askTwice, type Limits } from "./ask-once.js";
import { type AttemptTools, attempt } from "./attempt.js";
import type { Member } from "./member.js";
import { firstOf } from "./race.js";

export interface RoundOptions {
  /** In the order in which they are asked. */
  readonly members: readonly [Member, ...Member[]];
  readonly limits: Limits;
  readonly tools: AttemptTools;
}

/** One question on its way to several endpoints, one after the other or beside each other. Whoever begins it ends it. */
export class Round<Result> {
  readonly #question: Question<Result>;
  readonly #options: RoundOptions;
  readonly #ask: Ask;
  readonly #waiting: Member[];
  readonly #running = new Map<Member, Promise<Asked<Result>>>();
  /** Who waits for a turn is not late. */
  readonly #begun = new Set<Member>();
  readonly #late = new Set<Member>();
  readonly #stop = new AbortController();
  readonly #onAbort = (): void => {
    this.#stop.abort();
  };

  constructor(question: Question<Result>, options: RoundOptions, ask: Ask = askTwice) {
    this.#question = question;
    this.#options = options;
    this.#ask = (member, ...rest) => {
      this.#begun.add(member);
      return ask(member, ...rest);
    };
    this.#waiting = [...options.members];
    const { signal } = options.limits;
    // `AbortSignal.any` would leave a listener behind on a caller's long-lived signal.
    signal?.addEventListener("abort", this.#onAbort, { once: true });
    if (signal?.aborted === true) this.#stop.abort();
  }

  get waiting(): readonly Member[] {
    return this.#waiting;
  }

  get running(): number {
    return this.#running.size;
  }

  /** Of those that wait, the first that will do. */
  askNext(willDo: (member: Member) => boolean = () => true): Member | undefined {
    const [member] = this.#waiting.splice(this.#waiting.findIndex(willDo) >>> 0, 1);
    if (member === undefined) return undefined;
    const { limits, tools } = this.#options;
    const own = { signal: this.#stop.signal, attemptMs: limits.attemptMs };
    this.#running.set(member, attempt(member, this.#question, own, tools, this.#ask));
    return member;
  }

  /** Of those that wait, only these are still asked. */
  keep(isWanted: (member: Member) => boolean): void {
    this.#waiting.splice(0, Infinity, ...this.#waiting.filter(isWanted));
  }

  /** undefined: all that are running are late. */
  async next(patienceMs: number | undefined): Promise<Asked<Result> | undefined> {
    const { limits, tools } = this.#options;
    const asked = await firstOf(this.#running.values(), { deadlines: tools.deadlines, ms: patienceMs });
    if (asked !== undefined) this.#running.delete(asked.member);
    else for (const member of this.#running.keys()) if (this.#begun.has(member)) this.#late.add(member);
    if (limits.attemptMs() <= 0) this.keep(() => false);
    return asked;
  }

  /** The question is answered. Who was late, and is still at it, is slow. */
  noteSlow(): void {
    for (const member of this.#late) if (this.#running.has(member)) member.noteSlow();
  }

  end(): void {
    this.#options.limits.signal?.removeEventListener("abort", this.#onAbort);
    if (this.#running.size > 0) this.#stop.abort();
  }
}
