import type { Endpoint } from "./endpoint.js";
import type { Fault } from "./fault.js";

/** One door to one endpoint. Faults are values here: who asked decides whether another endpoint is tried. */
export interface Transport {
  post(body: string, options: ExchangeOptions): Promise<Exchange>;

  /** Cuts off exchanges on kept connections; waits for those on fresh ones: they may carry a block. */
  close(): Promise<void>;
}

export type CreateTransport = (endpoint: Endpoint) => Transport;

export interface ExchangeOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /**
   * A node or a proxy may have closed a kept connection without our knowing; what is written on it is lost, or is it
   * not? Reads are repeated then. `process` must not be, so it gets a connection of its own (SPEC R10).
   */
  readonly connection: "kept" | "fresh";
}

export type Exchange =
  | {
      readonly ok: true;
      readonly status: number;
      readonly text: string;
      /** The header of that name. */
      readonly retryAfter?: string | undefined;
    }
  | { readonly ok: false; readonly fault: Fault };

/** 256 receivable blocks take 60 kB, the largest answer that is asked for. */
export const MAX_ANSWER_BYTES = 1_048_576;
