import type { Sleep } from "../../src/ledger/index.js";

/** Time that stands still until a test moves it; whoever sleeps wakes exactly when its time has come. */
export interface ManualTime {
  readonly clock: () => number;
  readonly sleep: Sleep;
  /** Moves on, waking sleepers in order and letting each run as far as it gets. */
  advance(ms: number): Promise<void>;
  /** Lets everything run that waits for nothing but other promises. */
  settle(): Promise<void>;
}

/** 2027-01-15, 08:00 UTC. */
export const START_MS = 1_800_000_000_000;

export function createManualTime(startMs = START_MS): ManualTime {
  let nowMs = startMs;
  const sleepers = new Set<{ readonly atMs: number; readonly wake: () => void }>();
  const settle = async (): Promise<void> => {
    for (let round = 0; round < 3; round += 1) await new Promise((resolve) => setImmediate(resolve));
  };
  return {
    clock: () => nowMs,
    settle,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal.aborted) {
          resolve();
          return;
        }
        const wake = (): void => {
          sleepers.delete(sleeper);
          signal.removeEventListener("abort", wake);
          resolve();
        };
        const sleeper = { atMs: nowMs + ms, wake };
        sleepers.add(sleeper);
        signal.addEventListener("abort", wake, { once: true });
      }),
    async advance(ms) {
      const endMs = nowMs + ms;
      await settle();
      for (;;) {
        const next = [...sleepers].sort((left, right) => left.atMs - right.atMs)[0];
        if (next === undefined || next.atMs > endMs) break;
        nowMs = Math.max(nowMs, next.atMs);
        next.wake();
        await settle();
      }
      nowMs = endMs;
      await settle();
    },
  };
}
