import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Budget } from "../../../../src/ledger/pool/budget.js";

describe("a budget", () => {
  test("lets a second's worth go at once, and then keeps the pace", () => {
    const budget = new Budget(4);
    const starts = Array.from({ length: 7 }, () => budget.take(1_000));
    expect(starts).toEqual([1_000, 1_000, 1_000, 1_000, 1_250, 1_500, 1_750]);
  });

  test("of less than one in a second lets one go", () => {
    const budget = new Budget(0.5);
    expect([budget.take(0), budget.take(0), budget.take(0)]).toEqual([0, 2_000, 4_000]);
  });

  test("keeps a second's worth of what was not spent, not more", () => {
    const budget = new Budget(2);
    budget.take(0);
    const starts = Array.from({ length: 4 }, () => budget.take(3_600_000));
    expect(starts.map((startMs) => startMs - 3_600_000)).toEqual([0, 0, 500, 1_000]);
  });

  test("that has no limit keeps nobody waiting", () => {
    const budget = new Budget();
    expect(Array.from({ length: 10_000 }, () => budget.take(7)).every((startMs) => startMs === 7)).toBe(true);
  });

  test("asking when it is costs nothing", () => {
    const budget = new Budget(1);
    budget.take(0);
    expect([budget.startsAtMs(0), budget.startsAtMs(0), budget.take(0)]).toEqual([1_000, 1_000, 1_000]);
  });

  test("hands a turn that was given back to the next", () => {
    const budget = new Budget(1);
    budget.take(0);
    budget.take(0);
    budget.giveBack();
    expect(budget.take(0)).toBe(1_000);
  });
});

test("no second ever sees more than what was saved up and what it earns", () => {
  const coming = fc.array(fc.integer({ min: 0, max: 3_000 }), { maxLength: 80 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20 }), coming, (perSecond, pauses) => {
      const budget = new Budget(perSecond);
      let nowMs = 0;
      const starts = pauses.map((pauseMs) => {
        nowMs += pauseMs % 7 === 0 ? pauseMs : 0;
        return budget.take(nowMs);
      });
      expect(starts).toEqual([...starts].sort((left, right) => left - right));
      for (const fromMs of starts) {
        const inSecond = starts.filter((startMs) => startMs >= fromMs && startMs < fromMs + 999);
        expect(inSecond.length).toBeLessThanOrEqual(2 * perSecond);
      }
    }),
  );
});
