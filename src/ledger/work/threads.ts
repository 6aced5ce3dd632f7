/** The threads that one platform has. */
export interface WorkPlatform {
  countCores(): number;
  /** Throws where there are none. */
  startThread(module: WebAssembly.Module, events: ThreadEvents): WorkThread;
}

export interface WorkThread {
  /** Begins as soon as the search before it is over. */
  search(search: ThreadSearch): void;
  /** Whether the process must stay alive for it. */
  hold(isBusy: boolean): void;
  end(): Promise<void>;
}

export interface ThreadSearch {
  readonly id: number;
  readonly rootWords: readonly bigint[];
  readonly threshold: bigint;
  readonly start: bigint;
  readonly signals: SharedArrayBuffer;
}

export interface ThreadEvents {
  readonly onFound: (id: number, nonce: bigint) => void;
  /** It has ended; with a cause, where it was not told to. */
  readonly onDeath: (cause: unknown) => void;
}

/**
 * What threads and their owner share during one search: whether to stop, and how many works were tried. Messages would
 * reach a thread only after its search.
 */
export function createSignals(): SharedArrayBuffer {
  return new SharedArrayBuffer(16);
}

export function stopAll(signals: SharedArrayBuffer): void {
  Atomics.store(new Int32Array(signals, STOP_AT, 1), 0, 1);
}

export function countAttempts(signals: SharedArrayBuffer): number {
  return Number(Atomics.load(new BigInt64Array(signals, ATTEMPTS_AT, 1), 0));
}

export const STOP_AT = 0;
export const ATTEMPTS_AT = 8;
