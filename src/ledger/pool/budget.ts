/** What an endpoint is asked at most. Unspent requests of one second are kept, not more. */
export class Budget {
  /** From one request to the next; 0 without a limit. */
  readonly #intervalMs: number;
  /** How far ahead of that pace requests may be. */
  readonly #leadMs: number;
  /** When the next request is due at that pace. */
  #dueMs = 0;

  constructor(perSecond?: number) {
    this.#intervalMs = perSecond === undefined ? 0 : 1000 / perSecond;
    this.#leadMs = perSecond === undefined ? 0 : (Math.max(1, perSecond) - 1) * this.#intervalMs;
  }

  /** When a request may start that comes at `fromMs`. */
  startsAtMs(fromMs: number): number {
    return this.#intervalMs === 0 ? fromMs : Math.max(fromMs, this.#dueMs - this.#leadMs);
  }

  /** Takes a turn, also one that is still to come: who waits is in the queue. */
  take(fromMs: number): number {
    const startsAtMs = this.startsAtMs(fromMs);
    this.#dueMs = Math.max(this.#dueMs, startsAtMs) + this.#intervalMs;
    return startsAtMs;
  }

  /** A turn that was waited for in vain. */
  giveBack(): void {
    this.#dueMs -= this.#intervalMs;
  }
}
