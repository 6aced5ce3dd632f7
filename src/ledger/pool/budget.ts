/** What an endpoint is asked at most. Unspent requests of one second are kept, not more. */
export class Budget {
  #left: number;
  #seenMs = 0;
  readonly #perSecond: number;

  constructor(perSecond = Number.POSITIVE_INFINITY) {
    this.#perSecond = perSecond;
    this.#left = Math.max(1, perSecond);
  }

  /** How long a request that begins now has to wait for its turn. */
  waitMs(nowMs: number): number {
    if (this.#perSecond === Number.POSITIVE_INFINITY) return 0;
    const earned = ((nowMs - this.#seenMs) / 1000) * this.#perSecond;
    this.#left = Math.min(Math.max(1, this.#perSecond), this.#left + earned);
    this.#seenMs = nowMs;
    return this.#left >= 1 ? 0 : Math.ceil(((1 - this.#left) / this.#perSecond) * 1000);
  }

  /** Takes a turn, also one that is still to come: who waits is in the queue. */
  take(): void {
    this.#left -= 1;
  }

  /** A turn that was waited for in vain. */
  giveBack(): void {
    this.#left += 1;
  }
}
