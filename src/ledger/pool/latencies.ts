const SAMPLES = 64;
const ENOUGH_SAMPLES = 8;
/** Until enough is known; a public node answers a read in some 100 ms. */
const FIRST_GUESS_MS = 300;
const SHORTEST_MS = 20;
const LONGEST_MS = 2_000;

/** How long the last answers took. */
export class Latencies {
  readonly #samples: number[] = [];
  #next = 0;
  #patienceMs: number | undefined;

  add(ms: number): void {
    this.#samples[this.#next] = ms;
    this.#next = (this.#next + 1) % SAMPLES;
    this.#patienceMs = undefined;
  }

  /** After this long an answer is late, as 19 of 20 were there by then: another endpoint is asked as well. */
  patienceMs(): number {
    if (this.#samples.length < ENOUGH_SAMPLES) return FIRST_GUESS_MS;
    this.#patienceMs ??= Math.min(Math.max(1.5 * this.#ninetyFifth(), SHORTEST_MS), LONGEST_MS);
    return this.#patienceMs;
  }

  #ninetyFifth(): number {
    const sorted = [...this.#samples].sort((left, right) => left - right);
    return sorted[Math.floor(sorted.length * 0.95)] ?? 0;
  }
}
