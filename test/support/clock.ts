/** A clock that stands still until it is told to move. Milliseconds since 1970. */
export interface TestClock {
  (): number;
  advanceSeconds(seconds: number): void;
}

export function createTestClock(startMs = 1_800_000_000_000): TestClock {
  let nowMs = startMs;
  return Object.assign(() => nowMs, {
    advanceSeconds(seconds: number) {
      nowMs += seconds * 1000;
    },
  });
}
