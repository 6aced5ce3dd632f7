import { NanoError } from "../../errors/index.js";
import type { SqlDatabase } from "./database.node.js";

interface Step {
  /** Runs the step inside the transaction, and says what to answer once that is committed. */
  readonly take: () => () => void;
  readonly fail: (error: NanoError) => void;
}

export interface GroupCommitSettings {
  readonly database: SqlDatabase;
  /** What is remembered is made what the file holds again, after a transaction that was not committed. */
  readonly restore: () => void;
  /** Runs a batch soon, after the callers that are ready now have joined it. */
  readonly schedule: (flush: () => void) => void;
}

/**
 * Steps of many callers in one transaction: one wait for the disk for all of them. Nobody hears an answer before it is
 * on the disk. Where the disk fails, everybody in the batch hears so, and nothing of it has happened.
 */
export class GroupCommit {
  readonly #settings: GroupCommitSettings;
  #waiting: Step[] = [];
  #isSound = true;

  constructor(settings: GroupCommitSettings) {
    this.#settings = settings;
  }

  run<Result>(step: () => Result): Promise<Result> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.length === 0) {
        this.#settings.schedule(() => {
          this.flush();
        });
      }
      this.#waiting.push({
        take() {
          const result = step();
          return () => {
            resolve(result);
          };
        },
        fail: reject,
      });
    });
  }

  /** A look between two batches: it never sees what is not committed. */
  look<Result>(read: () => Result): Result {
    try {
      this.#makeSound();
      return read();
    } catch (error) {
      throw unavailable(error);
    }
  }

  flush(): void {
    const batch = this.#waiting;
    this.#waiting = [];
    if (batch.length === 0) return;
    try {
      for (const answer of this.#commit(batch)) answer();
    } catch (error) {
      for (const { fail } of batch) fail(unavailable(error));
    }
  }

  #commit(batch: readonly Step[]): (() => void)[] {
    const { database } = this.#settings;
    this.#makeSound();
    try {
      database.exec("BEGIN IMMEDIATE");
      const answers = batch.map(({ take }) => take());
      database.exec("COMMIT");
      return answers;
    } catch (error) {
      this.#isSound = false;
      throw error;
    }
  }

  #makeSound(): void {
    if (this.#isSound) return;
    try {
      this.#settings.database.exec("ROLLBACK");
    } catch {
      // SQLite has rolled back by itself, as it does where the disk is full.
    }
    this.#settings.restore();
    this.#isSound = true;
  }
}

function unavailable(cause: unknown): NanoError {
  return new NanoError("store_unavailable", { why: "the file could not be read or written" }, cause);
}
