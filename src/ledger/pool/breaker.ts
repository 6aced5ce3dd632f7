/** One fault is an accident. */
const FAULTS_IN_A_ROW = 3;
const FIRST_REST_MS = 500;
const LONGEST_REST_MS = 30_000;

/**
 * Lets who fails rest, twice as long each time, with jitter so that many clients do not come back together. After the
 * rest one call tries; its success closes the breaker, its failure begins the next rest.
 */
export class Breaker {
  #faults = 0;
  #restsUntilMs = 0;
  #trial: Promise<unknown> | undefined;
  readonly #random: () => number;

  constructor(random: () => number) {
    this.#random = random;
  }

  /** Closed, or its rest is over and nobody is trying yet. */
  isReady(nowMs: number): boolean {
    return !this.isOpen || (nowMs >= this.#restsUntilMs && this.#trial === undefined);
  }

  get isOpen(): boolean {
    return this.#faults >= FAULTS_IN_A_ROW;
  }

  /** The call that finds out whether it is back; whoever else has nowhere to go waits for its end. */
  get trial(): Promise<unknown> | undefined {
    return this.#trial;
  }

  /** While it is open, the call that begins now is the trial. */
  begin(call: Promise<unknown>): void {
    if (!this.isOpen || this.#trial !== undefined) return;
    const trial = call.finally(() => {
      if (this.#trial === trial) this.#trial = undefined;
    });
    this.#trial = trial;
  }

  noteAnswer(): void {
    this.#faults = 0;
    this.#trial = undefined;
  }

  /** `isCertain`: no accident, such as "too many requests". */
  noteFault(nowMs: number, isCertain = false): void {
    this.#faults = isCertain ? Math.max(this.#faults + 1, FAULTS_IN_A_ROW) : this.#faults + 1;
    if (!this.isOpen) return;
    const restMs = Math.min(FIRST_REST_MS * 2 ** (this.#faults - FAULTS_IN_A_ROW), LONGEST_REST_MS);
    this.#restsUntilMs = nowMs + restMs * (0.5 + this.#random() / 2);
  }
}
