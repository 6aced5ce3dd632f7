import { getEventListeners } from "node:events";
import { describe, expect, test, vi } from "vitest";
import { createManualTime } from "../../../support/manual-time.js";
import { always, createStubPool, failed, inTurn, read, type Script, type Step, said, within } from "./stub.js";

const PATIENT = within(8_000);
const A = said({ value: "a" });
const B = said({ value: "b" });

/** `a` answers when a test says so. */
function slowFirst(...others: readonly Script[]) {
  let answer = (_step: Step): void => undefined;
  const slow: Script = () =>
    new Promise((resolve) => {
      answer = resolve;
    });
  return { ...createStubPool([slow, ...others]), answer: (step: Step) => answer(step) };
}

describe("a late answer", () => {
  test("makes the next endpoint be asked beside, and the first answer of the two counts", async () => {
    const { pool, posts, time } = slowFirst(always(B));
    const call = pool.ask(read(), { limits: PATIENT });
    await time.advance(299);
    expect(posts.length).toBe(1);
    await time.advance(1);
    expect(await call).toMatchObject({ ok: true, result: "b" });
    expect(posts.map(({ at, atMs }) => `${at} at ${String(atMs)}`)).toEqual(["0 at 0", "1 at 300"]);
  });

  test("calls the loser off", async () => {
    const { pool, posts, time } = slowFirst(always(B));
    const call = pool.ask(read(), { limits: PATIENT });
    await time.advance(300);
    await call;
    await time.settle();
    expect(posts.map(({ ended }) => ended)).toEqual(["aborted", "answered"]);
  });

  test("still counts when it comes before the other's, which is called off", async () => {
    const { pool, posts, answer, time } = slowFirst(always("silence"));
    const call = pool.ask(read(), { limits: PATIENT });
    await time.advance(400);
    answer(A);
    expect(await call).toMatchObject({ ok: true, result: "a" });
    await time.settle();
    expect(posts.map(({ ended }) => ended)).toEqual(["answered", "aborted"]);
  });

  test("is waited for where the one asked beside it fails", async () => {
    const { pool, answer, asked, time } = slowFirst(always(failed("unreachable", false)));
    const call = pool.ask(read(), { limits: PATIENT });
    await time.advance(5_000);
    answer(A);
    expect(await call).toMatchObject({ ok: true, result: "a" });
    expect(asked()).toBe("01");
  });

  test("after late answer brings the third in, and then the fault of the last is told", async () => {
    const { pool, posts, time } = createStubPool([always("silence"), always("silence"), always("silence")]);
    const call = pool.ask(read(), { limits: PATIENT });
    await time.advance(8_600);
    expect(await call).toMatchObject({ ok: false, fault: { kind: "too late" }, member: { name: "2" } });
    expect(posts.map(({ atMs }) => atMs)).toEqual([0, 300, 600]);
  });

  test("is one after what the endpoint usually takes", async () => {
    let isSlow = false;
    const { pool, posts, time } = createStubPool([() => (isSlow ? "silence" : A), always(B)]);
    for (let call = 0; call < 8; call += 1) await pool.ask(read(), { limits: PATIENT });
    isSlow = true;
    const call = pool.ask(read(), { limits: PATIENT });
    await time.advance(20);
    expect(await call).toMatchObject({ result: "b" });
    expect(posts.length).toBe(10);
  });

  test("of work, or where nobody else is well, makes nobody be asked beside", async () => {
    const { pool, members, asked, time, answer } = slowFirst(always(B));
    const work = pool.ask({ ...read("work_generate"), isRead: false }, { limits: within(60_000) });
    await time.advance(5_000);
    answer(A);
    expect(await work).toMatchObject({ result: "a" });
    members[1]?.noteFault(read(), { kind: "HTTP status", sent: true, facts: { status: 503 }, retryAfter: "60" }, 8_000);
    const call = pool.ask(read(), { limits: PATIENT });
    await time.advance(5_000);
    expect(asked()).toBe("00");
    answer(A);
    await call;
  });

  test("of an endpoint that is asked alone is waited for", async () => {
    const { pool, asked, time, answer } = slowFirst(always(B));
    const call = pool.ask(read(), { limits: PATIENT, at: "0" });
    await time.advance(7_000);
    answer(A);
    expect(await call).toMatchObject({ result: "a" });
    expect(asked()).toBe("0");
  });

  test("ends with its caller, at every endpoint", async () => {
    const { pool, posts, time } = createStubPool([always("silence"), always("silence")]);
    const leaving = new AbortController();
    const call = pool.ask(read(), { limits: within(8_000, leaving.signal) });
    await time.advance(500);
    leaving.abort();
    expect(await call).toMatchObject({ ok: false, fault: { kind: "aborted", sent: true } });
    await time.settle();
    expect(posts.map(({ ended }) => ended)).toEqual(["aborted", "aborted"]);
  });

  test("takes a turn of the second one's budget, and is not paid for twice", async () => {
    const stub = createStubPool([always("silence"), always(B)], { requestsPerSecond: 1 });
    const { pool, posts, time } = stub;
    const call = pool.ask(read(), { limits: PATIENT });
    await time.advance(300);
    await call;
    const next = pool.ask(read(), { limits: PATIENT });
    // Both have spent their turns; whoever is late is looked after again when the second may be free.
    await time.advance(1_200);
    expect(posts.map(({ at, atMs }) => `${at} at ${String(atMs)}`)).toEqual([
      "0 at 0",
      "1 at 300",
      "0 at 1000",
      "1 at 1500",
    ]);
    expect(await next).toMatchObject({ result: "b" });
  });
});

describe("an endpoint that is slow", () => {
  test("rests after three times, and is found when it is fast again", async () => {
    let isSlow = true;
    const { pool, posts, asked, time } = createStubPool([() => (isSlow ? "silence" : A), always(B)]);
    const askOne = async () => {
      const call = pool.ask(read(), { limits: PATIENT });
      await time.advance(300);
      return call;
    };
    for (let call = 0; call < 3; call += 1) expect(await askOne()).toMatchObject({ result: "b" });
    expect(asked()).toBe("010101");
    // It rests: the other one is asked first, and alone.
    expect(await askOne()).toMatchObject({ result: "b" });
    expect(asked()).toBe("0101011");
    // Half a second later one call finds out that it is slow still, another a second after that.
    await time.advance(300);
    expect(await askOne()).toMatchObject({ result: "b" });
    expect(await askOne()).toMatchObject({ result: "b" });
    expect(asked()).toBe("0101011011");
    isSlow = false;
    await time.advance(1_000);
    expect(await askOne()).toMatchObject({ result: "a" });
    expect(await askOne()).toMatchObject({ result: "a" });
    expect(asked()).toBe("010101101100");
    expect(posts.filter(({ ended }) => ended === "aborted").length).toBe(4);
  });

  test("costs one caller in each rest the wait, not all of them", async () => {
    const { pool, asked, time } = createStubPool([always("silence"), always(B)]);
    const askAtOnce = async (count: number) => {
      const calls = Array.from({ length: count }, () => pool.ask(read(), { limits: PATIENT }));
      await time.advance(300);
      return Promise.all(calls);
    };
    for (let call = 0; call < 3; call += 1) await askAtOnce(1);
    await time.advance(500);
    const before = asked().length;
    expect((await askAtOnce(10)).every((answer) => answer.ok)).toBe(true);
    expect([...asked().slice(before)].filter((at) => at === "0").length).toBe(1);
  });

  test("is not slow for having answered before the one that was asked beside it", async () => {
    const { pool, members, answer, time } = slowFirst(always("silence"));
    for (let nth = 0; nth < 4; nth += 1) {
      const call = pool.ask(read(), { limits: PATIENT });
      await time.advance(400);
      answer(A);
      await call;
    }
    expect(members.map((member) => member.placeFor(read()))).toEqual([0, 0]);
  });

  test("is not who has been waiting for a turn all the while", async () => {
    const { pool, members, asked, time } = createStubPool([always(A), always(B)]);
    const [first, second] = members;
    if (first === undefined || second === undefined) throw new Error("two of them");
    const closeFor = (member: typeof first, seconds: string): boolean =>
      member.noteFault(read(), { kind: "HTTP status", sent: true, facts: { status: 503 }, retryAfter: seconds }, 0);
    const noteSlow = vi.spyOn(first, "noteSlow");
    closeFor(first, "7");
    closeFor(second, "8");
    const pending = pool.ask(read(), { limits: PATIENT });
    await time.settle();
    closeFor(second, "0");
    await time.advance(1_200);
    expect(await pending).toMatchObject({ result: "b" });
    expect(asked()).toBe("1");
    expect(noteSlow).not.toHaveBeenCalled();
  });

  test("is not who was late and failed: that was noted already", async () => {
    const { pool, members, answer, time } = slowFirst(inTurn("silence", B), always(B));
    const [first] = members;
    if (first === undefined) throw new Error("one at least");
    const noteSlow = vi.spyOn(first, "noteSlow");
    const call = pool.ask(read(), { limits: PATIENT });
    await time.advance(350);
    answer(failed("unreachable", false));
    expect(await call).toMatchObject({ result: "b", member: { name: "2" } });
    expect(noteSlow).not.toHaveBeenCalled();
  });
});

test("an endpoint that rests is not asked beside a late one, until it may be back", async () => {
  const { pool, members, asked, time } = createStubPool([always("silence"), always(B)]);
  const [, second] = members;
  for (const restMs of [0, 0, 500, 1_000, 2_000, 4_000]) {
    second?.noteFault(read(), { kind: "unreachable", sent: false }, 0);
    await time.advance(restMs);
  }
  second?.noteFault(read(), { kind: "unreachable", sent: false }, 0);
  const call = pool.ask(read(), { limits: within(20_000) });
  await time.advance(7_900);
  expect(asked()).toBe("0");
  await time.advance(1_300);
  expect(await call).toMatchObject({ result: "b" });
});

test("a call that is over leaves nothing behind, neither on its caller's signal nor in time", async () => {
  const time = createManualTime();
  let sleepers = 0;
  const sleep: typeof time.sleep = async (ms, signal) => {
    sleepers += 1;
    await time.sleep(ms, signal);
    sleepers -= 1;
  };
  const { pool } = createStubPool([always(A), always(B)], { time: { ...time, sleep } });
  const { signal } = new AbortController();
  await pool.ask(read(), { limits: within(8_000, signal) });
  await pool.ask(read(), { limits: within(8_000, signal), isEnough: (result) => result === "b" });
  await time.settle();
  expect([getEventListeners(signal, "abort"), sleepers]).toEqual([[], 0]);
});
