import { describe, expect, test } from "vitest";
import { always, createStubPool, failed, read, type Script, said, status, within } from "./stub.js";

const PATIENT = within(8_000);
const NOT_FOUND = said({ error: "not found" });
const FOUND = said({ value: "there" });
const CONFIRMED = said({ value: "confirmed" });
const isKnown = (result: unknown): boolean => result !== undefined;
const isConfirmed = (result: unknown): boolean => result === "confirmed";

describe("an answer that another endpoint may know better", () => {
  test("is enough where it says what is sought", async () => {
    const { pool, asked } = createStubPool([always(FOUND), always(FOUND)]);
    expect(await pool.ask(read(), { limits: PATIENT, isEnough: isKnown })).toMatchObject({ result: "there" });
    expect(asked()).toBe("0");
  });

  test("is not believed before the others were asked, as far as needed", async () => {
    const { pool, asked } = createStubPool([always(NOT_FOUND), always(FOUND), always(FOUND)]);
    expect(await pool.ask(read(), { limits: PATIENT, isEnough: isKnown })).toMatchObject({ result: "there" });
    expect(asked()).toBe("01");
  });

  test("counts where nobody knows better, faults and all", async () => {
    const scripts = [always(failed("connection lost")), always(NOT_FOUND), always(status(500))];
    const { pool } = createStubPool(scripts);
    expect(await pool.ask(read(), { limits: PATIENT, isEnough: isKnown })).toMatchObject({
      ok: true,
      result: undefined,
      member: { name: "1" },
    });
  });

  test("of the preferred endpoint counts among equals, and who knows it before who does not", async () => {
    const ask = async (...scripts: Script[]) => {
      const asked = await createStubPool(scripts).pool.ask(read(), { limits: PATIENT, isEnough: isConfirmed });
      return asked.ok ? [asked.result, asked.member.name] : asked.fault;
    };
    expect(await ask(always(FOUND), always(FOUND), always(NOT_FOUND))).toEqual(["there", "0"]);
    expect(await ask(always(NOT_FOUND), always(FOUND), always(NOT_FOUND))).toEqual(["there", "1"]);
    expect(await ask(always(NOT_FOUND), always(NOT_FOUND), always(FOUND))).toEqual(["there", "2"]);
    expect(await ask(always(NOT_FOUND), always(FOUND), always(CONFIRMED))).toEqual(["confirmed", "2"]);
    expect(await ask(always(NOT_FOUND), always(NOT_FOUND))).toEqual([undefined, "0"]);
  });

  test("is final where nobody asked for more", async () => {
    const { pool, asked } = createStubPool([always(NOT_FOUND), always(FOUND)]);
    expect(await pool.ask(read(), { limits: PATIENT })).toMatchObject({ ok: true, result: undefined });
    expect(asked()).toBe("0");
  });

  test("is asked of one endpoint alone where that is wanted, and where its name is unknown of all", async () => {
    const { pool, asked } = createStubPool([always(FOUND), always(NOT_FOUND), always(FOUND)]);
    const options = { limits: PATIENT, isEnough: isKnown };
    expect(await pool.ask(read(), { ...options, at: "1" })).toMatchObject({ ok: true, result: undefined });
    expect(asked()).toBe("1");
    expect(await pool.ask(read(), { ...options, at: "7" })).toMatchObject({ result: "there" });
  });
});

describe("whoever does not answer", () => {
  test("holds up nobody who has an answer for long", async () => {
    const { pool, posts, time } = createStubPool([always(NOT_FOUND), always("silence")]);
    const call = pool.ask(read(), { limits: PATIENT, isEnough: isKnown });
    await time.advance(1_999);
    let isOver = false;
    void call.then(() => {
      isOver = true;
    });
    await time.settle();
    expect(isOver).toBe(false);
    await time.advance(1);
    expect(await call).toMatchObject({ ok: true, result: undefined });
    await time.settle();
    expect(posts.map(({ ended }) => ended)).toEqual(["answered", "aborted"]);
  });

  test("is not asked for its opinion while it has asked for time", async () => {
    const { pool, members, asked } = createStubPool([always(NOT_FOUND), always(FOUND)]);
    const [, second] = members;
    second?.noteFault(read(), { kind: "HTTP status", sent: true, facts: { status: 429 }, retryAfter: "5" }, 1);
    expect(await pool.ask(read(), { limits: PATIENT, isEnough: isKnown })).toMatchObject({
      ok: true,
      result: undefined,
    });
    expect(asked()).toBe("0");
  });

  test("is asked for it while it rests, however: a refusal may hang on it", async () => {
    const { pool, members, asked } = createStubPool([always(NOT_FOUND), always(FOUND)]);
    const [, second] = members;
    for (let fault = 0; fault < 3; fault += 1) second?.noteFault(read(), { kind: "unreachable", sent: false }, 1);
    expect(await pool.ask(read(), { limits: PATIENT, isEnough: isKnown })).toMatchObject({ result: "there" });
    expect(asked()).toBe("01");
  });

  test("holds up nobody when it rests and is silent", async () => {
    const { pool, members, time } = createStubPool([always(NOT_FOUND), always("silence"), always("silence")]);
    for (const member of members.slice(1)) {
      for (let fault = 0; fault < 3; fault += 1) member.noteFault(read(), { kind: "unreachable", sent: false }, 1);
    }
    const call = pool.ask(read(), { limits: PATIENT, isEnough: isKnown });
    await time.advance(4_000);
    expect(await call).toMatchObject({ ok: true, result: undefined });
  });

  test("is left out when the time of the caller is over", async () => {
    let leftMs = 8_000;
    const { pool, asked } = createStubPool([
      () => {
        leftMs = 0;
        return NOT_FOUND;
      },
      always(FOUND),
    ]);
    const limits = { attemptMs: () => leftMs };
    expect(await pool.ask(read(), { limits, isEnough: isKnown })).toMatchObject({ ok: true, result: undefined });
    expect(asked()).toBe("0");
  });
});

describe("whoever lacked what another had", () => {
  test("is asked after it from the third time on, tried after a rest, and trusted again after a minute without", async () => {
    const blocks = new Set(["1", "2", "3", "4", "5"]);
    let wanted = "0";
    const { pool, asked, time } = createStubPool([
      () => (blocks.has(wanted) ? NOT_FOUND : FOUND),
      always(FOUND),
      always(FOUND),
    ]);
    const look = async (hash: string) => {
      wanted = hash;
      const before = asked().length;
      expect(await pool.ask(read(), { limits: PATIENT, isEnough: isKnown })).toMatchObject({ result: "there" });
      return asked().slice(before);
    };
    expect([await look("1"), await look("2"), await look("3")]).toEqual(["01", "01", "01"]);
    expect(await look("4")).toBe("1");
    await time.advance(500);
    expect(await look("5")).toBe("01");
    await time.advance(1_000);
    expect([await look("6"), await look("7")]).toEqual(["0", "0"]);
    // It may have these and still be cut off: lacking one more is one too many.
    blocks.add("8");
    expect([await look("8"), await look("9")]).toEqual(["01", "1"]);
    await time.advance(60_001);
    blocks.add("10");
    expect([await look("10"), await look("11")]).toEqual(["01", "0"]);
  });

  test("does not lag for lacking what nobody has, nor is it held against it that others fail", async () => {
    const { pool, members } = createStubPool([always(NOT_FOUND), always(NOT_FOUND), always(status(500))]);
    for (let call = 0; call < 5; call += 1) await pool.ask(read(), { limits: PATIENT, isEnough: isKnown });
    expect(members.slice(0, 2).map((member) => member.placeFor(read()))).toEqual([0, 0]);
  });
});
