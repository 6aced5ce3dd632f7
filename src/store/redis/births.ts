import { NanoError } from "../../errors/index.js";
import type { Keys } from "./keys.js";
import type { RedisLink } from "./link.js";
import { BIRTH } from "./scripts/index.js";

/** With 128 marks in random slots, a Cluster of ten masters has one without any in 1 of 70,000 stores. */
const CLUSTER_MARKS = 128;
const READ_AGAIN_MS = 1_000;

export interface BirthsOptions {
  readonly link: RedisLink;
  readonly keys: Keys;
  /** The time for tests, else empty: the server's own. */
  readonly serverTime: () => string;
  readonly clock: () => number;
}

/**
 * When the data was made (R6): a mark that the first process to come writes, by the server's clock. Data that is lost
 * while we run (FLUSHALL, a fail-over to an empty replica) loses its mark; then the store is born anew, and refuses
 * all blocks from before. On one server every script checks the mark in the same step. A script of a Cluster sees only
 * the slot of its payment, so there the marks are read again once a second, before the next use.
 */
export class Births {
  /** What the facts of a payment are judged by. Never goes back while we run. */
  bornAtSeconds = 0;
  /** What scripts find in the mark while the data is the data that we know. */
  mark = "";
  readonly #options: BirthsOptions;
  #reading: Promise<void> | undefined;
  #readAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: BirthsOptions) {
    this.#options = options;
  }

  /** The key that a script finds the mark under; none in a Cluster, where it lies in another slot. */
  get scriptKeys(): readonly string[] {
    const { link, keys } = this.#options;
    return link.isCluster ? [] : [keys.birth(0)];
  }

  /** Whether `check` is due before the next use. Apart, because a call must not wait where it is not. */
  get isDue(): boolean {
    const agoMs = this.#options.clock() - this.#readAtMs;
    return this.#options.link.isCluster && !(agoMs >= 0 && agoMs < READ_AGAIN_MS);
  }

  /** Throws where the data is not what it was: whoever calls was judged by the old birth. */
  async check(): Promise<void> {
    const { mark } = this;
    await this.read();
    if (this.mark !== mark) throw lostData();
  }

  /** Shared by all who ask at once. */
  async read(): Promise<void> {
    this.#reading ??= this.#readUntilSteady().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  /**
   * A new birth is shown before its mark counts, with a round trip between: what was judged by the old birth a moment
   * ago comes to its claim under the old mark, and is refused.
   */
  async #readUntilSteady(): Promise<void> {
    for (let shown = this.mark; ; ) {
      const startMs = this.#options.clock();
      const read = await this.#readMarks();
      if (read === shown) {
        this.mark = read;
        this.#readAtMs = startMs;
        return;
      }
      shown = read;
      this.bornAtSeconds = Math.max(this.bornAtSeconds, Number(read));
    }
  }

  /** The youngest: a master that lost its part has the store begin anew. */
  async #readMarks(): Promise<string> {
    const { link, keys, serverTime } = this.#options;
    const numbers = Array.from({ length: link.isCluster ? CLUSTER_MARKS : 1 }, (_, number) => number);
    const replies = await Promise.all(
      numbers.map((number) => link.run({ script: BIRTH, keys: [keys.birth(number)], args: [serverTime()] })),
    );
    const marks = replies.map(([mark = ""]) => mark);
    if (!marks.every((mark) => /^\d+$/.test(mark))) throw new NanoError("store_unavailable", { why: "no birth time" });
    return String(Math.max(...marks.map(Number)));
  }
}

export function lostData(): NanoError<"store_unavailable"> {
  return new NanoError("store_unavailable", { why: "its data was lost; it is born anew and refuses older blocks" });
}
