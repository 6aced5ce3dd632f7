import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Breaker } from "../../../../src/ledger/pool/breaker.js";
import type { Fault } from "../../../../src/ledger/rpc/fault.js";

const LOST: Fault = { kind: "connection lost", sent: true };

/** Rests as long as it may: no jitter. */
function opened(random = () => 1): Breaker {
  const breaker = new Breaker(random);
  for (let fault = 0; fault < 3; fault += 1) breaker.noteFault(0);
  return breaker;
}

/** How long it rests from `nowMs` on. */
function restMs(breaker: Breaker, nowMs: number): number {
  return breaker.restsUntilMs - nowMs;
}

describe("a breaker", () => {
  test("stays closed for two faults, and forgets them with an answer", () => {
    const breaker = new Breaker(() => 1);
    for (let round = 0; round < 5; round += 1) {
      breaker.noteFault(0);
      breaker.noteFault(0);
      expect(breaker.isReady(0)).toBe(true);
      breaker.noteAnswer();
    }
    expect(breaker.isOpen).toBe(false);
  });

  test("opens at the third fault in a row, for half a second", () => {
    const breaker = opened();
    expect([breaker.isReady(0), breaker.isReady(499), breaker.isReady(500)]).toEqual([false, false, true]);
  });

  test("opens at once for a fault that is no accident", () => {
    const breaker = new Breaker(() => 1);
    breaker.noteFault(0, true);
    expect(breaker.isReady(499)).toBe(false);
  });

  test("rests twice as long each time, and never longer than half a minute", () => {
    const breaker = opened();
    const rests: number[] = [restMs(breaker, 0)];
    for (let trial = 0; trial < 2_000; trial += 1) {
      const nowMs = breaker.restsUntilMs;
      breaker.noteFault(nowMs);
      rests.push(restMs(breaker, nowMs));
    }
    expect(rests.slice(0, 8)).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
    expect(new Set(rests.slice(8))).toEqual(new Set([30_000]));
  });

  test("rests at least half as long, by chance", () => {
    expect(
      restMs(
        opened(() => 0),
        0,
      ),
    ).toBe(250);
    expect(
      restMs(
        opened(() => 0.5),
        0,
      ),
    ).toBe(375);
  });

  test("a hundred calls that fail together are one reason to rest", () => {
    const breaker = opened();
    for (let call = 0; call < 100; call += 1) breaker.noteFault(10, call % 2 === 0);
    expect(breaker.restsUntilMs).toBe(500);
    breaker.noteFault(500);
    expect(restMs(breaker, 500)).toBe(1_000);
  });

  test("begins anew after an answer", () => {
    const breaker = opened();
    breaker.noteFault(500);
    breaker.noteAnswer();
    expect(breaker.isReady(500)).toBe(true);
    for (let fault = 0; fault < 3; fault += 1) breaker.noteFault(600);
    expect(restMs(breaker, 600)).toBe(500);
  });
});

describe("the trial", () => {
  test("is the first call after the rest; nobody else is let through meanwhile", async () => {
    const breaker = opened();
    expect(breaker.trial).toBeUndefined();
    const tell = breaker.begin();
    const { trial } = breaker;
    expect(breaker.isReady(500)).toBe(false);
    breaker.begin()(LOST);
    expect(breaker.trial).toBe(trial);
    tell(LOST);
    expect(await trial).toBe(LOST);
    expect([breaker.trial, breaker.isReady(500)]).toEqual([undefined, true]);
  });

  test("is none while the breaker is closed", () => {
    const breaker = new Breaker(() => 1);
    breaker.begin();
    expect([breaker.trial, breaker.isReady(0)]).toEqual([undefined, true]);
  });

  test("is over for everybody once another call was answered, and its own end ends no later one", async () => {
    const breaker = opened();
    const tell = breaker.begin();
    const { trial } = breaker;
    breaker.noteAnswer();
    expect(await trial).toBeUndefined();
    for (let fault = 0; fault < 3; fault += 1) breaker.noteFault(0);
    breaker.begin();
    const later = breaker.trial;
    tell(LOST);
    expect(breaker.trial).toBe(later);
  });
});

const event = fc.oneof(
  fc.record({ does: fc.constant("fault" as const), isCertain: fc.boolean() }),
  fc.record({ does: fc.constantFrom("answer" as const, "begin" as const, "end" as const) }),
  fc.record({ does: fc.constant("wait" as const), ms: fc.nat(60_000) }),
);

test("whatever happens, whoever waits half a minute and ends its calls may ask again", () => {
  fc.assert(
    fc.property(
      fc.array(event, { maxLength: 60 }),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      (events, chance) => {
        const breaker = new Breaker(() => chance);
        const calls: ((fault: Fault | undefined) => void)[] = [];
        let nowMs = 0;
        for (const happening of events) {
          if (happening.does === "fault") breaker.noteFault(nowMs, happening.isCertain);
          if (happening.does === "answer") breaker.noteAnswer();
          if (happening.does === "begin") calls.push(breaker.begin());
          if (happening.does === "end") calls.shift()?.(LOST);
          if (happening.does === "wait") nowMs += happening.ms;
        }
        for (const tell of calls) tell(undefined);
        expect(breaker.trial).toBeUndefined();
        expect(breaker.isReady(nowMs + 30_000)).toBe(true);
      },
    ),
  );
});
