/** Time that only moves forward: a clock that is set back an hour must not make anybody wait for one. */
export function createMonotonicClock(clock: () => number): () => number {
  let seenMs = clock();
  let nowMs = 0;
  return () => {
    const readMs = clock();
    nowMs += Math.max(0, readMs - seenMs);
    seenMs = readMs;
    return nowMs;
  };
}
