import { getEventListeners } from "node:events";
import { describe, expect, test } from "vitest";
import { always, createStubPool, failed, inTurn, read, type Step, said, status, within } from "./stub.js";

const ANSWER = said({ value: 1 });
const PATIENT = within(8_000);

describe("an endpoint that asks for time", () => {
  test("gets it, and whoever can wait so long waits", async () => {
    const { pool, posts, time } = createStubPool([inTurn(status(429, "5"), ANSWER)]);
    expect(await pool.ask(read(), { limits: PATIENT })).toMatchObject({ ok: false, fault: { kind: "HTTP status" } });
    const second = pool.ask(read(), { limits: PATIENT });
    await time.advance(4_999);
    expect(posts.length).toBe(1);
    await time.advance(1);
    expect(await second).toMatchObject({ ok: true, result: 1 });
    expect(posts.map(({ atMs }) => atMs)).toEqual([0, 5_000]);
  });

  test("is not asked by whoever cannot wait so long, and that is no fault of its own", async () => {
    const { pool, posts, time } = createStubPool([inTurn(status(503, "10"), ANSWER)]);
    await pool.ask(read(), { limits: PATIENT });
    await time.advance(1_500);
    expect(await pool.ask(read(), { limits: PATIENT })).toMatchObject({
      ok: false,
      fault: { kind: "rate limited", sent: false, facts: { freeInMs: 8_500 } },
    });
    expect(posts.length).toBe(1);
    await time.advance(8_500);
    expect(await pool.ask(read(), { limits: PATIENT })).toMatchObject({ ok: true });
  });

  test("with a date is understood by the clock on the wall", async () => {
    const { pool, posts, time } = createStubPool([inTurn(status(429, "Fri, 15 Jan 2027 08:00:02 GMT"), ANSWER)]);
    await pool.ask(read(), { limits: PATIENT });
    const second = pool.ask(read(), { limits: PATIENT });
    await time.advance(10_000);
    await second;
    expect(posts[1]?.atMs).toBe(2_000);
  });

  test("for ever is asked again after ten minutes", async () => {
    const { pool, posts, time } = createStubPool([inTurn(status(503, "9".repeat(30)), ANSWER)]);
    await pool.ask(read(), { limits: PATIENT });
    await time.advance(599_999);
    const second = pool.ask(read(), { limits: PATIENT });
    await time.advance(1);
    expect(await second).toMatchObject({ ok: true });
    expect(posts.map(({ atMs }) => atMs)).toEqual([0, 600_000]);
  });

  test("without a word about how long gets half a second at first, then twice as long", async () => {
    const { pool, posts, time } = createStubPool([always(status(429))]);
    for (const waitMs of [0, 500, 1_000, 2_000, 4_000]) {
      const asked = pool.ask(read(), { limits: PATIENT });
      await time.advance(waitMs);
      expect(await asked).toMatchObject({ ok: false, fault: { kind: "HTTP status" } });
    }
    expect(posts.map(({ atMs }) => atMs)).toEqual([0, 500, 1_500, 3_500, 7_500]);
  });

  test("is not rushed at by all who waited: one tries, and the others follow when it was answered", async () => {
    let answer = (): void => undefined;
    const { pool, posts, time } = createStubPool([
      (_action, nth) => {
        if (nth !== 2) return nth === 1 ? status(429, "3") : ANSWER;
        return new Promise((resolve) => {
          answer = () => resolve(ANSWER);
        });
      },
    ]);
    await pool.ask(read(), { limits: PATIENT });
    const calls = Array.from({ length: 5 }, () => pool.ask(read(), { limits: PATIENT }));
    await time.advance(3_000);
    expect(posts.length).toBe(2);
    answer();
    expect((await Promise.all(calls)).every((asked) => asked.ok)).toBe(true);
    expect(posts.length).toBe(6);
  });

  test("again, while others wait, is waited for again", async () => {
    const { pool, posts, time } = createStubPool([inTurn(status(429, "2"), status(429, "2"), ANSWER)]);
    await pool.ask(read(), { limits: PATIENT });
    const calls = Array.from({ length: 3 }, () => pool.ask(read(), { limits: PATIENT }));
    await time.advance(2_000);
    const [first] = calls;
    expect(await first).toMatchObject({ ok: false, fault: { facts: { status: 429 } } });
    const later = pool.ask(read(), { limits: PATIENT });
    await time.advance(1_999);
    expect(posts.length).toBe(2);
    await time.advance(1);
    expect(await later).toMatchObject({ ok: true });
    await Promise.all(calls);
  });
});

describe("a budget", () => {
  const busy = () => createStubPool([always(ANSWER)], { requestsPerSecond: 2 });

  test("is kept, in the order of coming", async () => {
    const { pool, posts, time } = busy();
    const order: number[] = [];
    const calls = Array.from({ length: 5 }, (_, call) =>
      pool.ask(read(), { limits: PATIENT }).then(() => order.push(call)),
    );
    await time.advance(2_000);
    await Promise.all(calls);
    expect(posts.map(({ atMs }) => atMs)).toEqual([0, 0, 500, 1_000, 1_500]);
    expect(order).toEqual([0, 1, 2, 3, 4]);
  });

  test("is not spent on a repetition for which there is no time", async () => {
    let leftMs = 8_000;
    const { pool, posts } = createStubPool([
      () => {
        leftMs = 0;
        return failed("connection lost");
      },
    ]);
    const asked = await pool.ask(read(), { limits: { attemptMs: () => leftMs } });
    expect(asked).toMatchObject({ ok: false, fault: { kind: "connection lost" } });
    expect(posts.length).toBe(1);
  });

  test("is kept after a pause that the endpoint asked for, too", async () => {
    const stub = createStubPool([inTurn(status(503, "4"), ANSWER)], { requestsPerSecond: 2 });
    const { pool, posts, time } = stub;
    await pool.ask(read(), { limits: PATIENT });
    const calls = Array.from({ length: 6 }, () => pool.ask(read(), { limits: PATIENT }));
    await time.advance(8_000);
    await Promise.all(calls);
    expect(posts.map(({ atMs }) => atMs)).toEqual([0, 4_000, 4_000, 4_500, 5_000, 5_500, 6_000]);
  });

  test("turns down whoever cannot wait, who takes no turn from the others", async () => {
    const { pool, posts, time } = busy();
    const calls = Array.from({ length: 3 }, () => pool.ask(read(), { limits: PATIENT }));
    const hasty = Array.from({ length: 9 }, () => pool.ask(read(), { limits: within(400) }));
    for (const asked of await Promise.all(hasty)) {
      expect(asked).toMatchObject({ ok: false, fault: { kind: "rate limited", sent: false } });
    }
    const last = pool.ask(read(), { limits: PATIENT });
    await time.advance(3_000);
    await Promise.all([...calls, last]);
    expect(posts.map(({ atMs }) => atMs)).toEqual([0, 0, 500, 1_000]);
  });

  test("gets back the turn of whoever has left the queue", async () => {
    const { pool, posts, time } = busy();
    const leaving = new AbortController();
    const calls = Array.from({ length: 2 }, () => pool.ask(read(), { limits: PATIENT }));
    const gone = Array.from({ length: 4 }, () => pool.ask(read(), { limits: within(8_000, leaving.signal) }));
    await time.settle();
    leaving.abort();
    for (const asked of await Promise.all(gone)) {
      expect(asked).toMatchObject({ ok: false, fault: { kind: "aborted", sent: false } });
    }
    const last = pool.ask(read(), { limits: PATIENT });
    await time.advance(500);
    await Promise.all([...calls, last]);
    expect(posts.map(({ atMs }) => atMs)).toEqual([0, 0, 500]);
  });

  test("pays for the repetition on a fresh connection as well", async () => {
    const lost = failed("connection lost");
    const { pool, posts, time } = createStubPool([inTurn(lost, ANSWER, ANSWER)], { requestsPerSecond: 2 });
    await pool.ask(read(), { limits: PATIENT });
    const next = pool.ask(read(), { limits: PATIENT });
    await time.advance(500);
    await next;
    expect(posts.map(({ atMs, connection }) => [atMs, connection])).toEqual([
      [0, "kept"],
      [0, "fresh"],
      [500, "kept"],
    ]);
  });

  test("sends what is over it to an endpoint that has turns left", async () => {
    const { pool, asked } = createStubPool([always(ANSWER), always(ANSWER)], { requestsPerSecond: 2 });
    await Promise.all(Array.from({ length: 4 }, () => pool.ask(read(), { limits: PATIENT })));
    expect(asked()).toBe("0011");
  });

  test("goes on earning when the clock is set back by a day", async () => {
    let shiftMs = 0;
    const time = createStubPool([always(ANSWER)]).time;
    const shifted = { ...time, clock: () => time.clock() + shiftMs };
    const { pool, posts } = createStubPool([always(ANSWER)], { requestsPerSecond: 1, time: shifted });
    await pool.ask(read(), { limits: PATIENT });
    shiftMs = -86_400_000;
    const next = pool.ask(read(), { limits: PATIENT });
    await time.advance(2_000);
    expect(await next).toMatchObject({ ok: true });
    expect(posts.length).toBe(2);
  });
});

describe("whoever waits for a turn", () => {
  const waiting = async (signal?: AbortSignal) => {
    const stub = createStubPool([inTurn(status(503, "5"), ANSWER)]);
    await stub.pool.ask(read(), { limits: PATIENT });
    const call = stub.pool.ask(read(), { limits: within(8_000, signal) });
    await stub.time.settle();
    return { ...stub, call };
  };

  test("may leave, at once", async () => {
    const controller = new AbortController();
    const { call, posts } = await waiting(controller.signal);
    controller.abort();
    expect(await call).toMatchObject({ ok: false, fault: { kind: "aborted", sent: false } });
    expect(posts.length).toBe(1);
    expect(getEventListeners(controller.signal, "abort")).toEqual([]);
  });

  test("is gone already where the signal had been aborted", async () => {
    const { call, posts } = await waiting(AbortSignal.abort());
    expect(await call).toMatchObject({ ok: false, fault: { kind: "aborted", sent: false } });
    expect(posts.length).toBe(1);
  });

  test("is sent home when the pool closes", async () => {
    const { call, pool, posts } = await waiting();
    await pool.close();
    expect(await call).toMatchObject({ ok: false, fault: { kind: "closed", sent: false } });
    expect(posts.length).toBe(1);
  });

  test("leaves nothing on the signal of its caller when its turn has come", async () => {
    const { signal } = new AbortController();
    const { call, time } = await waiting(signal);
    expect(getEventListeners(signal, "abort").length).toBe(1);
    await time.advance(5_000);
    expect(await call).toMatchObject({ ok: true });
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  test("and has no time at all is turned away unasked", async () => {
    const { pool, posts } = createStubPool([always(ANSWER)]);
    const asked = await pool.ask(read(), { limits: within(0) });
    expect(asked).toMatchObject({ ok: false, fault: { kind: "too late", sent: false } });
    expect(posts).toEqual([]);
  });
});

test("any number may wait for their turns, without Node warning of a leak", async () => {
  const warnings: string[] = [];
  const warn = (warning: Error): unknown => warnings.push(warning.message);
  process.on("warning", warn);
  const { pool, time } = createStubPool([always(ANSWER)], { requestsPerSecond: 4 });
  const calls = Array.from({ length: 30 }, () => pool.ask(read(), { limits: PATIENT }));
  await time.settle();
  await pool.close();
  await Promise.all(calls);
  await time.settle();
  process.off("warning", warn);
  expect(warnings).toEqual([]);
});

describe("a pool that is closed", () => {
  test("asks nobody", async () => {
    const { pool, posts } = createStubPool([always(ANSWER), always(ANSWER)]);
    await pool.close();
    const closed = { ok: false, fault: { kind: "closed", sent: false } };
    expect(await pool.ask(read(), { limits: PATIENT })).toMatchObject(closed);
    expect(await pool.ask(read(), { limits: PATIENT, at: "1" })).toMatchObject(closed);
    expect(posts).toEqual([]);
  });

  test("does not take a question on to the next endpoint", async () => {
    const { pool, time, asked } = createStubPool([always("silence"), always(ANSWER)]);
    const call = pool.ask(read(), { limits: PATIENT });
    await time.settle();
    await pool.close();
    expect(await call).toMatchObject({ ok: false, fault: { kind: "closed" } });
    expect(asked()).toBe("0");
  });
});

describe("a sole endpoint that failed three times", () => {
  const down = async (next: Step) => {
    const fault = failed("unreachable", false);
    const stub = createStubPool([inTurn(fault, fault, fault, next, ANSWER)]);
    for (let call = 0; call < 3; call += 1) await stub.pool.ask(read(), { limits: PATIENT });
    return stub;
  };

  test("is asked all the same: there is nobody else", async () => {
    const { pool } = await down(ANSWER);
    expect(await pool.ask(read(), { limits: PATIENT })).toMatchObject({ ok: true });
  });

  test("is tried by one at a time, and the others follow", async () => {
    const { pool, posts } = await down(failed("connection lost"));
    const calls = Array.from({ length: 20 }, () => pool.ask(read(), { limits: PATIENT }));
    const results = await Promise.all(calls);
    // It is repeated on a fresh connection, and answered there.
    expect(results.every((asked) => asked.ok)).toBe(true);
    expect(posts.length).toBe(3 + 2 + 19);
  });

  test("fails all who wait for the one that tries: they were never sent", async () => {
    const { pool, posts, time } = await down("silence");
    const trial = pool.ask(read(), { limits: PATIENT });
    await time.advance(1_000);
    const others = Array.from({ length: 20 }, () => pool.ask(read(), { limits: PATIENT }));
    await time.advance(7_000);
    expect(await trial).toMatchObject({ ok: false, fault: { kind: "too late", sent: true } });
    for (const asked of await Promise.all(others)) {
      expect(asked).toMatchObject({ ok: false, fault: { kind: "too late", sent: false } });
    }
    expect(posts.length).toBe(4);
  });

  test("is back for every other action where only that of the one that tries is refused", async () => {
    const { pool, posts } = await down(said({ error: "action not allowed" }));
    const calls = [
      pool.ask(read(), { limits: PATIENT }),
      pool.ask(read("account_info"), { limits: PATIENT }),
      pool.ask(read("account_info"), { limits: PATIENT }),
    ];
    expect(await Promise.all(calls)).toMatchObject([
      { ok: false, fault: { kind: "unknown error" } },
      { ok: true },
      { ok: true },
    ]);
    expect(posts.length).toBe(6);
  });

  test("is tried by the next one when the one that tries has left", async () => {
    const { pool, posts, time } = await down("silence");
    const leaving = new AbortController();
    const first = pool.ask(read(), { limits: within(8_000, leaving.signal) });
    const others = [pool.ask(read(), { limits: PATIENT }), pool.ask(read(), { limits: PATIENT })];
    await time.settle();
    expect(posts.length).toBe(4);
    leaving.abort();
    expect(await first).toMatchObject({ fault: { kind: "aborted" } });
    expect(await Promise.all(others)).toMatchObject([{ ok: true }, { ok: true }]);
  });

  test("leaves nothing behind for those who waited", async () => {
    const { pool, time } = await down("silence");
    const { signal } = new AbortController();
    const trial = pool.ask(read(), { limits: PATIENT });
    const waiting = pool.ask(read(), { limits: within(3_000, signal) });
    await time.advance(3_000);
    expect(await waiting).toMatchObject({ ok: false, fault: { kind: "too late", sent: false } });
    expect(getEventListeners(signal, "abort")).toEqual([]);
    await time.advance(5_000);
    await trial;
  });

  test("is tried by the next one also when the one that tries throws", async () => {
    const fault = failed("unreachable", false);
    const failure = new TypeError("a fault of our own");
    const { pool } = createStubPool([
      (_action, nth) => {
        if (nth === 4) throw failure;
        return nth < 4 ? fault : ANSWER;
      },
    ]);
    for (let call = 0; call < 3; call += 1) await pool.ask(read(), { limits: PATIENT });
    const calls = [pool.ask(read(), { limits: PATIENT }), pool.ask(read(), { limits: PATIENT })];
    expect(await Promise.allSettled(calls)).toMatchObject([
      { status: "rejected", reason: failure },
      { status: "fulfilled", value: { ok: true } },
    ]);
  });

  test("is not held up by work, which takes long", async () => {
    const { pool, posts, time } = await down("silence");
    const work = pool.ask({ ...read("work_generate"), isRead: false }, { limits: within(60_000) });
    await time.settle();
    expect(await pool.ask(read(), { limits: PATIENT })).toMatchObject({ ok: true });
    expect(posts.length).toBe(5);
    await time.advance(60_000);
    await work;
  });
});

test("a caller who had little time proves nothing against an endpoint", async () => {
  const { pool, members, time } = createStubPool([always("silence"), always(ANSWER)]);
  for (let call = 0; call < 5; call += 1) {
    const asked = pool.ask(read(), { limits: within(200), at: "0" });
    await time.advance(200);
    expect(await asked).toMatchObject({ fault: { kind: "too late", sent: true } });
  }
  expect(members[0]?.placeFor(read())).toBe(0);
});
