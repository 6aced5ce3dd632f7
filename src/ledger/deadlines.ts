import { createMonotonicClock } from "./monotonic-clock.js";
import { MAX_DELAY_MS, type Sleep } from "./patience.js";

/** Any number of things that are due some time, on one timer. */
export interface Deadlines {
  /** Runs `task` once, `ms` from now; the returned function calls it off. */
  in(ms: number, task: () => void): () => void;
  /** Forgets whatever is not due yet. */
  close(): void;
}

interface Due {
  readonly atMs: number;
  readonly order: number;
  /** undefined: done, or called off. */
  task: (() => void) | undefined;
}

/** Fewer that were called off are left where they are. */
const SWEEP_AT = 64;

/** Thousands of waits take a heap of numbers here, not a timer each. */
export function createDeadlines({ clock, sleep }: { readonly clock: () => number; readonly sleep: Sleep }): Deadlines {
  let heap: Due[] = [];
  let calledOff = 0;
  const now = createMonotonicClock(clock);
  /** By how much the clock is behind what was slept. */
  let aheadMs = 0;
  let nowMs = 0;
  let orders = 0;
  let isRunning = false;
  let nap: { readonly untilMs: number; readonly stop: AbortController } | undefined;

  const readTime = (): number => {
    nowMs = now() + aheadMs;
    return nowMs;
  };

  const takeFirst = (): (() => void) | undefined => {
    const due = pop(heap);
    const task = due?.task;
    if (due === undefined || task === undefined) calledOff -= 1;
    else due.task = undefined;
    return task;
  };

  const runDue = (): void => {
    isRunning = true;
    try {
      for (let first = heap[0]; first !== undefined && first.atMs <= nowMs; first = heap[0]) takeFirst()?.();
    } finally {
      isRunning = false;
    }
  };

  /** A wait that ends early leaves its timeout behind; the heap must not grow to all waits of the last half minute. */
  const sweep = (): void => {
    if (calledOff >= SWEEP_AT && calledOff > heap.length / 2) {
      heap = heap.filter((due) => due.task !== undefined).sort((left, right) => (isBefore(left, right) ? -1 : 1));
      calledOff = 0;
    }
    while (heap[0] !== undefined && heap[0].task === undefined) takeFirst();
  };

  const rest = (): void => {
    if (isRunning) return;
    const first = heap[0];
    if (first !== undefined && nap !== undefined && nap.untilMs <= first.atMs) return;
    nap?.stop.abort();
    nap = undefined;
    if (first === undefined) return;
    const stop = new AbortController();
    const startMs = readTime();
    const untilMs = Math.min(first.atMs, startMs + MAX_DELAY_MS);
    nap = { untilMs, stop };
    void sleep(Math.max(0, untilMs - startMs), stop.signal).then(() => {
      if (stop.signal.aborted) return;
      nap = undefined;
      aheadMs += Math.max(0, untilMs - readTime());
      nowMs = Math.max(readTime(), untilMs);
      try {
        runDue();
      } finally {
        rest();
      }
    });
  };

  return {
    in(ms, task) {
      const due: Due = { atMs: readTime() + (ms > 0 ? ms : 0), order: orders++, task };
      push(heap, due);
      rest();
      return () => {
        if (due.task === undefined) return;
        due.task = undefined;
        calledOff += 1;
        sweep();
        rest();
      };
    },
    close() {
      heap = [];
      calledOff = 0;
      rest();
    },
  };
}

function isBefore(left: Due, right: Due): boolean {
  return left.atMs < right.atMs || (left.atMs === right.atMs && left.order < right.order);
}

function push(heap: Due[], due: Due): void {
  let at = heap.length;
  for (let parent = heap[(at - 1) >> 1]; at > 0 && parent !== undefined && isBefore(due, parent); ) {
    heap[at] = parent;
    at = (at - 1) >> 1;
    parent = heap[(at - 1) >> 1];
  }
  heap[at] = due;
}

function pop(heap: Due[]): Due | undefined {
  const first = heap[0];
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return first;
  let at = 0;
  for (;;) {
    const [left, right] = [heap[2 * at + 1], heap[2 * at + 2]];
    const child = right !== undefined && left !== undefined && isBefore(right, left) ? right : left;
    if (child === undefined || !isBefore(child, last)) break;
    heap[at] = child;
    at = child === right ? 2 * at + 2 : 2 * at + 1;
  }
  heap[at] = last;
  return first;
}
