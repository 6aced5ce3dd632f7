import { getEventListeners } from "node:events";
import { describe, expect, test, vi } from "vitest";
import { createDeadlines } from "../../../../src/ledger/deadlines.js";
import { Closing } from "../../../../src/ledger/pool/closing.js";
import { firstOf } from "../../../../src/ledger/pool/race.js";
import { createManualTime } from "../../../support/manual-time.js";

const never = new Promise<never>(() => {});

function begin(calls: readonly Promise<string>[], ms?: number) {
  const time = createManualTime();
  const [stop, closing] = [new AbortController(), new Closing()];
  const [add, remove] = [vi.spyOn(closing, "add"), vi.spyOn(closing, "delete")];
  const deadlines = createDeadlines(time);
  const first = firstOf(calls, { deadlines, ms, signal: stop.signal, closing });
  const isClean = (): boolean =>
    getEventListeners(stop.signal, "abort").length === 0 &&
    add.mock.calls.length === 1 &&
    remove.mock.calls.some(([waiting]) => waiting === add.mock.calls[0]?.[0]);
  return { first, time, stop, closing, isClean };
}

describe("the first of several", () => {
  test.each<[string, (race: ReturnType<typeof begin>) => unknown]>([
    ["late", ({ time }) => time.advance(100)],
    ["aborted", ({ stop }) => stop.abort()],
    ["closed", ({ closing }) => closing.close()],
  ])("is none where it is %s, and nothing is left behind", async (_why, end) => {
    const race = begin([never], 100);
    await race.time.advance(99);
    end(race);
    expect(await race.first).toBeUndefined();
    expect(race.isClean()).toBe(true);
  });

  test("counts, and nothing is left behind", async () => {
    const race = begin([never, Promise.resolve("b"), Promise.resolve("c")], 100);
    expect(await race.first).toBe("b");
    expect(race.isClean()).toBe(true);
  });

  test("that throws is thrown, and nothing is left behind", async () => {
    const race = begin([never, Promise.reject(new TypeError("no"))]);
    await expect(race.first).rejects.toThrow("no");
    expect(race.isClean()).toBe(true);
  });

  test("has all the time where none is set", async () => {
    const race = begin([never]);
    await race.time.advance(1e9);
    race.stop.abort();
    expect(await race.first).toBeUndefined();
  });
});
