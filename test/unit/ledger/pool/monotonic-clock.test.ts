import fc from "fast-check";
import { expect, test } from "vitest";
import { createMonotonicClock } from "../../../../src/ledger/monotonic-clock.js";

test("counts what passes, and not what the clock is set back", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -1e9, max: 1e9 })), (steps) => {
      let wallMs = 1_800_000_000_000;
      const now = createMonotonicClock(() => wallMs);
      let passedMs = 0;
      for (const step of steps) {
        wallMs += step;
        passedMs += Math.max(0, step);
        expect(now()).toBe(passedMs);
        expect(now()).toBe(passedMs);
      }
    }),
  );
});
