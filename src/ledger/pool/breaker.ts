import type { Fault } from "../rpc/fault.js";

/** One fault is an accident. */
const FAULTS_IN_A_ROW = 3;
const FIRST_REST_MS = 500;
const LONGEST_REST_MS = 30_000;

/** undefined: it says nothing about who was tried. */
type Tell = (fault: Fault | undefined) => void;

/**
 * Lets who fails rest, twice as long each time, with jitter so that many clients do not come back together. After the
 * rest one call tries; its success closes the breaker, its failure begins the next rest.
 */
export class Breaker {
  readonly #random: () => number;
  #faults = 0;
  #rests = 0;
  #restsUntilMs = 0;
  #trial: { readonly outcome: Promise<Fault | undefined>; readonly tell: Tell } | undefined;

  constructor(random: () => number) {
    this.#random = random;
  }

  get isOpen(): boolean {
    return this.#faults >= FAULTS_IN_A_ROW;
  }

  get restsUntilMs(): number {
    return this.#restsUntilMs;
  }

  /** How the call goes that finds out whether it is back; whoever else has nowhere to go waits for that. */
  get trial(): Promise<Fault | undefined> | undefined {
    return this.#trial?.outcome;
  }

  /** Closed, or its rest is over and nobody is trying yet. */
  isReady(nowMs: number): boolean {
    return !this.isOpen || (nowMs >= this.#restsUntilMs && this.#trial === undefined);
  }

  /** While it is open, the call that begins now is the trial. Whoever begins must tell. */
  begin(): Tell {
    if (!this.isOpen || this.#trial !== undefined) return () => undefined;
    let tell: Tell = () => undefined;
    const outcome = new Promise<Fault | undefined>((resolve) => {
      tell = resolve;
    });
    const trial = { outcome, tell };
    this.#trial = trial;
    return (fault) => {
      if (this.#trial === trial) this.#trial = undefined;
      tell(fault);
    };
  }

  noteAnswer(): void {
    this.#faults = 0;
    this.#rests = 0;
    this.#trial?.tell(undefined);
    this.#trial = undefined;
  }

  /** `isCertain`: no accident, such as "too many requests". */
  noteFault(nowMs: number, isCertain = false): void {
    // A hundred calls that were under way together and fail together are one reason to rest, not a hundred.
    if (this.isOpen && nowMs < this.#restsUntilMs) return;
    this.#faults = isCertain ? FAULTS_IN_A_ROW : this.#faults + 1;
    if (!this.isOpen) return;
    const restMs = Math.min(FIRST_REST_MS * 2 ** this.#rests, LONGEST_REST_MS);
    this.#rests += 1;
    this.#restsUntilMs = nowMs + restMs * (0.5 + this.#random() / 2);
  }
}
