import type { Sleep } from "./patience.js";

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
  task: (() => void) | undefined;
}

/**
 * Thousands of waits take a heap of numbers here, not a timer each. Time only moves forward: a clock that is set back
 * an hour must not keep a settlement waiting for one.
 */
export function createDeadlines({ clock, sleep }: { readonly clock: () => number; readonly sleep: Sleep }): Deadlines {
  const heap: Due[] = [];
  let seenMs = clock();
  let nowMs = 0;
  let orders = 0;
  let nap: { readonly untilMs: number; readonly stop: AbortController } | undefined;

  const readTime = (): number => {
    const readMs = clock();
    nowMs += Math.max(0, readMs - seenMs);
    seenMs = readMs;
    return nowMs;
  };

  const runDue = (): void => {
    for (let first = heap[0]; first !== undefined; first = heap[0]) {
      if (first.task !== undefined && first.atMs > nowMs) return;
      pop(heap);
      first.task?.();
    }
  };

  const rest = (): void => {
    const first = heap[0];
    if (first !== undefined && nap !== undefined && nap.untilMs <= first.atMs) return;
    nap?.stop.abort();
    nap = undefined;
    if (first === undefined) return;
    const stop = new AbortController();
    nap = { untilMs: first.atMs, stop };
    void sleep(Math.max(0, first.atMs - readTime()), stop.signal).then(() => {
      if (stop.signal.aborted) return;
      nap = undefined;
      nowMs = Math.max(readTime(), first.atMs);
      runDue();
      rest();
    });
  };

  return {
    in(ms, task) {
      const due: Due = { atMs: readTime() + Math.max(0, ms), order: orders++, task };
      push(heap, due);
      rest();
      return () => {
        due.task = undefined;
        if (heap[0] === due) {
          runDue();
          rest();
        }
      };
    },
    close() {
      heap.length = 0;
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

function pop(heap: Due[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  let at = 0;
  for (;;) {
    const [left, right] = [heap[2 * at + 1], heap[2 * at + 2]];
    const child = right !== undefined && left !== undefined && isBefore(right, left) ? right : left;
    if (child === undefined || !isBefore(child, last)) break;
    heap[at] = child;
    at = child === right ? 2 * at + 2 : 2 * at + 1;
  }
  heap[at] = last;
}
