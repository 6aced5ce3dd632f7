const SAMPLES = 64;
/** What is learned is worked out anew after so many; before the first of these it is a guess. */
const LEARN_AFTER = 8;
/** A public node answers a read in some 100 ms. */
const FIRST_GUESS_MS = 300;
const SHORTEST_MS = 20;
const LONGEST_MS = 2_000;

/** How long the last answers took. */
export class Latencies {
  readonly #samples: number[] = [];
  #next = 0;
  #patienceMs = FIRST_GUESS_MS;

  /** After this long an answer is late, as 19 of 20 were there by then: another endpoint is asked as well. */
  get patienceMs(): number {
    return this.#patienceMs;
  }

  add(ms: number): void {
    this.#samples[this.#next] = ms;
    this.#next = (this.#next + 1) % SAMPLES;
    if (this.#next % LEARN_AFTER !== 0) return;
    this.#patienceMs = Math.min(Math.max(1.5 * this.#ninetyFifth(), SHORTEST_MS), LONGEST_MS);
  }

  #ninetyFifth(): number {
    const sorted = Float64Array.from(this.#samples).sort();
    return sorted[Math.floor(sorted.length * 0.95)] ?? 0;
  }
}
