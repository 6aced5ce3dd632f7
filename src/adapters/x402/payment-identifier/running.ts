import type { KeptResponse } from "./kept-response.js";

/** One request that is being answered. Its copies wait for it. */
export interface Run {
  readonly startedAtMs: number;
  /** It was served and settled: until it is kept or found too long, its name is taken. */
  readonly markPaid: () => void;
  /** The response for all copies, or undefined where it is none for them: refused, failed, too long. Never rejects. */
  readonly ended: Promise<KeptResponse | undefined>;
  readonly end: (response: KeptResponse | undefined) => void;
}

/**
 * The requests that run in this process, by fingerprint: a request that differs in anything is another one. So nobody
 * can hold up a payer by sending something else under the same identifier first: whether that is paid for only the
 * host can tell, and until it has, it stands in nobody's way.
 */
export class Running {
  readonly #runs = new Map<string, Run>();
  /** Which request was paid for under a key. */
  readonly #paid = new Map<string, string>();
  readonly #clock: () => number;
  readonly #abandonMs: number;

  constructor(clock: () => number, abandonMs: number) {
    this.#clock = clock;
    this.#abandonMs = abandonMs;
  }

  find(fingerprint: string): Run | undefined {
    this.#dropAbandoned();
    return this.#runs.get(fingerprint);
  }

  /** Whether another request was paid for under this key, and is about to be kept. */
  isTaken(key: string, fingerprint: string): boolean {
    const paid = this.#paid.get(key);
    return paid !== undefined && paid !== fingerprint;
  }

  /** In the same synchronous step as the `find` that found nothing. */
  start(key: string, fingerprint: string): Run {
    let resolve: (response: KeptResponse | undefined) => void = () => undefined;
    const ended = new Promise<KeptResponse | undefined>((settle) => {
      resolve = settle;
    });
    const run: Run = {
      startedAtMs: this.#clock(),
      ended,
      markPaid: () => {
        if (!this.#paid.has(key)) this.#paid.set(key, fingerprint);
      },
      end: (response) => {
        if (this.#paid.get(key) === fingerprint) this.#paid.delete(key);
        if (this.#runs.get(fingerprint) === run) this.#runs.delete(fingerprint);
        resolve(response);
      },
    };
    this.#runs.set(fingerprint, run);
    return run;
  }

  /** A handler that never answers must not lock its payer out. The map is in the order of starting. */
  #dropAbandoned(): void {
    const oldestMs = this.#clock() - this.#abandonMs;
    for (const run of this.#runs.values()) {
      if (run.startedAtMs > oldestMs) break;
      run.end(undefined);
    }
  }
}
