import {
  isSameFingerprint,
  type ReplayRequest,
  type ReplayRequestWithBody,
  readNaming,
  requestFingerprint,
  responseKey,
} from "./fingerprint.js";
import { decodeRecord, encodeRecord, type KeptResponse, keepResponse } from "./kept-response.js";
import type { ReplaySettings } from "./options.js";
import { type PaymentIdentifierProblem, problemResponse } from "./problems.js";
import { type Run, Running } from "./running.js";

/** What a host is told to do with a request. */
export type Decision =
  /** Not ours: what comes after is run, and nothing kept. */
  | { readonly kind: "pass" }
  /** This is the response; what comes after must not run. */
  | { readonly kind: "answer"; readonly response: KeptResponse }
  /** What comes after is run, and the response handed in, once. */
  | { readonly kind: "run"; readonly recording: Recording };

export interface Recording {
  readonly maxBodyBytes: number;
  /** Its head says that it was served and settled; the body is still to come. */
  readonly markPaid: () => void;
  /** Served and settled, in full: to be handed out again. */
  readonly keep: (status: number, headers: KeptResponse["headers"], body: Uint8Array) => void;
  /** Refused, failed, too long or broken off: copies that wait go on for themselves. */
  readonly discard: () => void;
}

export const REPLAYED_HEADER = "Idempotent-Replayed";

/** The rules of the extension, for any host. */
export class Replay {
  readonly #settings: ReplaySettings;
  readonly #running: Running;

  constructor(settings: ReplaySettings) {
    this.#settings = settings;
    this.#running = new Running(settings.clock, settings.abandonMs);
  }

  /** The common case, a request without a payment, is told apart without waiting for anything. */
  hasPayment(request: ReplayRequest): boolean {
    return (request.header("payment-signature") ?? "") !== "";
  }

  /** Never throws: where something is wrong here, the request goes on to the host, which judges it in full. */
  async decide(request: ReplayRequestWithBody): Promise<Decision> {
    try {
      return await this.#decide(request);
    } catch {
      this.#settings.warn("a request could not be compared with those before; its response is not kept.");
      return { kind: "pass" };
    }
  }

  async #decide(request: ReplayRequestWithBody): Promise<Decision> {
    const { scopeOf, isRequired, maxRequestBytes, boundHeaders } = this.#settings;
    const naming = readNaming(request.header("payment-signature"), isRequired(request));
    if (naming.kind === "none") return { kind: "pass" };
    if (naming.kind === "refused") return answer(naming.problem);
    const body = await request.readBody(maxRequestBytes);
    if (body === undefined) {
      // Two orders that differ only in what nobody compared must not get one answer.
      this.#settings.warn("a request's body was too long, or not parsed before the replay; its response is not kept.");
      return { kind: "pass" };
    }
    const scope = scopeOf(request);
    const fingerprint = requestFingerprint(request, { scope, payment: naming.payment, body, boundHeaders });
    return this.#claim(responseKey(scope, naming.id), fingerprint);
  }

  /** The first of several copies looks the response up and, where there is none, runs; the others wait for it. */
  async #claim(key: string, fingerprint: string): Promise<Decision> {
    const { clock, waitMs } = this.#settings;
    const untilMs = clock() + waitMs;
    for (;;) {
      if (this.#running.isTaken(key, fingerprint)) return answer("payment_identifier_conflict");
      const other = this.#running.find(fingerprint);
      if (other === undefined) return this.#lookUp(key, fingerprint, this.#running.start(key, fingerprint));
      const ended = await this.#waitFor(other, untilMs - clock());
      if (ended === undefined) return answer("payment_identifier_in_progress");
      if (ended.response !== undefined) return replay(ended.response);
    }
  }

  async #lookUp(key: string, fingerprint: string, run: Run): Promise<Decision> {
    const record = await this.#get(key);
    if (record === undefined) return { kind: "run", recording: this.#record(key, fingerprint, run) };
    if (!isSameFingerprint(record.fingerprint, fingerprint)) {
      run.end(undefined);
      return answer("payment_identifier_conflict");
    }
    run.end(record.response);
    return replay(record.response);
  }

  #record(key: string, fingerprint: string, run: Run): Recording {
    const { maxBodyBytes, keepMs, clock, waitUntil, warn } = this.#settings;
    return {
      maxBodyBytes,
      markPaid: run.markPaid,
      keep: (status, headers, body) => {
        try {
          const response = keepResponse(status, headers, body);
          const value = encodeRecord({ fingerprint, untilMs: clock() + keepMs, response });
          // Copies wait until it is there: one that came in between would be sent on and refused as a duplicate.
          const ends = this.#put(key, value).then(() => {
            run.end(response);
          });
          waitUntil(ends);
        } catch {
          // Called while the response is on its way: a fault here must not take it from the buyer.
          warn("waitUntil failed.");
        }
      },
      discard: () => {
        run.end(undefined);
      },
    };
  }

  async #get(key: string): Promise<ReturnType<typeof decodeRecord>> {
    const { store, clock, warn } = this.#settings;
    try {
      const text = await store.get(key);
      const record = text === undefined ? undefined : decodeRecord(text);
      return record === undefined || record.untilMs <= clock() ? undefined : record;
    } catch {
      warn("the response store could not be read; lost responses are not replayed.");
      return undefined;
    }
  }

  async #put(key: string, value: string): Promise<void> {
    const { store, keepMs, warn } = this.#settings;
    try {
      await store.put(key, value, keepMs);
    } catch {
      warn("the response store could not be written; lost responses are not replayed.");
    }
  }

  /** undefined where the time was over first. */
  async #waitFor(run: Run, ms: number): Promise<{ readonly response: KeptResponse | undefined } | undefined> {
    if (ms <= 0) return undefined;
    const over = new AbortController();
    try {
      return await Promise.race([
        run.ended.then((response) => ({ response })),
        this.#settings.sleep(ms, over.signal).then(() => undefined),
      ]);
    } finally {
      over.abort();
    }
  }
}

function answer(code: PaymentIdentifierProblem): Decision {
  return { kind: "answer", response: problemResponse(code) };
}

function replay(response: KeptResponse): Decision {
  const headers = [...response.headers, [REPLAYED_HEADER, "true"] as const];
  return { kind: "answer", response: { ...response, headers } };
}
