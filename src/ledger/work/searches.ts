import { isNanoError, NanoError } from "../../errors/index.js";
import { bigintToBytes, bytesToBigint, bytesToHex, keyBytes, rootWords } from "../../nano/index.js";
import type { Sleep } from "../patience.js";
import type { WorkCallOptions, WorkRoot } from "../port.js";
import { expectedAttempts, isEnough, quietly } from "./check.js";
import { countAttempts, createSignals, stopAll, type WorkPlatform, type WorkThread } from "./threads.js";

/** Searches for work, in turns on the same threads. */
export interface Searches {
  /** Resolves with work that was checked. Ends without an answer when `signal` aborts. */
  find(
    root: WorkRoot,
    threshold: bigint,
    signal: AbortSignal,
    onProgress: WorkCallOptions["onProgress"],
  ): Promise<string>;
  /** Ends the threads. */
  close(): Promise<void>;
}

export interface SearchSettings {
  readonly module: WebAssembly.Module;
  readonly platform: WorkPlatform;
  readonly threadCount: number;
  readonly clock: () => number;
  readonly sleep: Sleep;
  readonly randomBytes: (length: number) => Uint8Array;
}

interface Search {
  readonly id: number;
  readonly root: WorkRoot;
  readonly threshold: bigint;
  readonly onProgress: WorkCallOptions["onProgress"];
  readonly resolve: (work: string) => void;
  readonly reject: (error: unknown) => void;
  startedMs: number | undefined;
  attempts: number;
  lostThreads: number;
}

/** One search's time on the threads. */
interface Turn {
  readonly search: Search;
  readonly signals: SharedArrayBuffer;
  readonly over: AbortController;
}

/** Progress is told so often, and whoever waits gets the threads: a receive must not wait for a send, 64 times harder. */
const TURN_MS = 250;
/** A thread that dies is replaced so often in one search; then something is wrong that another thread will not mend. */
const MAX_LOST_THREADS = 3;
const ALL_NONCES = 2n ** 64n;

export function createSearches(settings: SearchSettings): Searches {
  const { module, platform, threadCount, clock, sleep, randomBytes } = settings;
  const threads = new Set<WorkThread>();
  const line: Search[] = [];
  let turn: Turn | undefined;
  let searchCount = 0;

  const endTurn = (): void => {
    if (turn === undefined) return;
    stopAll(turn.signals);
    turn.search.attempts += countAttempts(turn.signals);
    turn.over.abort();
    turn = undefined;
  };

  const fail = (search: Search, cause: unknown): void => {
    search.reject(
      isNanoError(cause) ? cause : new NanoError("work_unavailable", { why: "no thread to work on" }, cause),
    );
  };

  /** Ends the turn, and gives the next to who waits longest. */
  const moveOn = (): void => {
    endTurn();
    for (let search = line.shift(); search !== undefined; search = line.shift()) {
      if (begin(search)) return;
    }
    for (const thread of threads) thread.hold(false);
  };

  const begin = (search: Search): boolean => {
    const begun: Turn = { search, signals: createSignals(), over: new AbortController() };
    try {
      while (threads.size < threadCount) startThread();
      const start = bytesToBigint(randomBytes(8));
      const share = ALL_NONCES / BigInt(threadCount);
      for (const [index, thread] of [...threads].entries()) give(begun, thread, start + BigInt(index) * share);
    } catch (cause) {
      stopAll(begun.signals);
      fail(search, cause);
      return false;
    }
    search.startedMs ??= clock();
    turn = begun;
    void watch(begun);
    return true;
  };

  const give = ({ search, signals }: Turn, thread: WorkThread, start: bigint): void => {
    const { id, root, threshold } = search;
    thread.hold(true);
    thread.search({ id, rootWords: rootWords(keyBytes(root)), threshold, start: BigInt.asUintN(64, start), signals });
  };

  const startThread = (): WorkThread => {
    const thread = platform.startThread(module, {
      onFound: (id, nonce) => {
        // What was found at the very end of a turn arrives in the next one.
        const search = turn?.search.id === id ? turn.search : line.find((waiting) => waiting.id === id);
        if (search !== undefined) finish(search, bytesToHex(bigintToBytes(nonce, 8)));
      },
      onDeath: (cause) => {
        threads.delete(thread);
        if (turn !== undefined) replaceThread(turn, cause);
      },
    });
    threads.add(thread);
    return thread;
  };

  const replaceThread = (of: Turn, cause: unknown): void => {
    const { search } = of;
    search.lostThreads += 1;
    try {
      if (search.lostThreads <= MAX_LOST_THREADS) {
        give(of, startThread(), bytesToBigint(randomBytes(8)));
        return;
      }
      fail(search, cause);
    } catch (second) {
      fail(search, second);
    }
    moveOn();
  };

  const finish = (search: Search, work: string): void => {
    if (isEnough(work, search.root, search.threshold)) search.resolve(work);
    else fail(search, new NanoError("work_unavailable", { why: "the kernel does not compute what it should" }));
    leave(search);
  };

  const watch = async (of: Turn): Promise<void> => {
    for (;;) {
      await sleep(TURN_MS, of.over.signal);
      if (turn !== of) return;
      tell(of);
      // Hearing how long it takes, a caller may have left.
      if (turn !== of) return;
      if (line.length === 0) continue;
      line.push(of.search);
      moveOn();
      return;
    }
  };

  const tell = ({ search, signals }: Turn): void => {
    const attempts = search.attempts + countAttempts(signals);
    const seconds = (clock() - (search.startedMs ?? 0)) / 1000;
    if (attempts === 0 || seconds <= 0) return;
    const rate = attempts / seconds;
    quietly(() => search.onProgress?.({ attempts, rate, expectedSeconds: expectedAttempts(search.threshold) / rate }));
  };

  const leave = (search: Search): void => {
    const place = line.indexOf(search);
    if (place >= 0) line.splice(place, 1);
    if (turn?.search === search) moveOn();
  };

  return {
    find: (root, threshold, signal, onProgress) =>
      new Promise((resolve, reject) => {
        searchCount += 1;
        const search: Search = {
          ...{ id: searchCount, root, threshold, onProgress, resolve, reject },
          ...{ startedMs: undefined, attempts: 0, lostThreads: 0 },
        };
        if (signal.aborted) return;
        signal.addEventListener(
          "abort",
          () => {
            leave(search);
          },
          { once: true },
        );
        line.push(search);
        if (turn === undefined) moveOn();
      }),
    async close() {
      line.length = 0;
      endTurn();
      await Promise.all([...threads].map((thread) => thread.end()));
      threads.clear();
    },
  };
}
