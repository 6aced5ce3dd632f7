import fc from "fast-check";
import { expect, test } from "vitest";
import { steady } from "../../../src/store/steady-clock.js";

function readAll(readings: readonly number[]): number[] {
  let index = -1;
  const clock = steady(() => {
    index += 1;
    return readings[index] ?? 0;
  });
  return readings.slice(1).map(() => clock());
}

test("is the clock as long as that goes forward", () => {
  expect(readAll([100, 100, 101, 5_000])).toEqual([100, 101, 5_000]);
});

test("stands still while the clock is set back, then counts on from there", () => {
  expect(readAll([1_000, 2_000, 500, 600, 3_000])).toEqual([2_000, 2_000, 2_100, 4_500]);
});

test("never goes back, and never runs faster than the clock", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -1e12, max: 1e12 }), { minLength: 2, maxLength: 50 }), (readings) => {
      const shown = [readings[0] ?? 0, ...readAll(readings)];
      for (let index = 1; index < shown.length; index += 1) {
        const step = (shown[index] ?? 0) - (shown[index - 1] ?? 0);
        const real = (readings[index] ?? 0) - (readings[index - 1] ?? 0);
        expect(step).toBe(Math.max(real, 0));
      }
    }),
  );
});
