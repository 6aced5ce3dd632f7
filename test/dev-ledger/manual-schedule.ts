import type { Schedule } from "../../src/dev-ledger/index.js";

/** Time that passes when a test says so. */
export interface ManualSchedule {
  readonly schedule: Schedule;
  advance(ms: number): void;
  pending(): number;
  /** Holds once this many tasks are pending. */
  reaches(count: number): Promise<void>;
}

export function createManualSchedule(): ManualSchedule {
  let nowMs = 0;
  let tasks: { dueMs: number; task: () => void }[] = [];
  let waiting: { count: number; resolve: () => void }[] = [];
  return {
    schedule: (task, delayMs) => {
      const entry = { dueMs: nowMs + delayMs, task };
      tasks.push(entry);
      for (const { count, resolve } of waiting) if (tasks.length >= count) resolve();
      waiting = waiting.filter(({ count }) => tasks.length < count);
      return () => {
        tasks = tasks.filter((other) => other !== entry);
      };
    },
    advance: (ms) => {
      nowMs += ms;
      const due = tasks.filter(({ dueMs }) => dueMs <= nowMs).sort((left, right) => left.dueMs - right.dueMs);
      tasks = tasks.filter(({ dueMs }) => dueMs > nowMs);
      for (const { task } of due) task();
    },
    pending: () => tasks.length,
    reaches: (count) =>
      new Promise((resolve) => {
        if (tasks.length >= count) resolve();
        else waiting.push({ count, resolve });
      }),
  };
}
