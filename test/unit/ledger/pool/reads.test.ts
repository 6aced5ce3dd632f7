import { describe, expect, test } from "vitest";
import type { NanoError } from "../../../../src/errors/index.js";
import type { LedgerOptions } from "../../../../src/ledger/index.js";
import { readOptions } from "../../../../src/ledger/options.js";
import { createReads, limitsOf } from "../../../../src/ledger/reads.js";
import { createManualTime } from "../../../support/manual-time.js";
import { CONFIRMED_SEND, errorOf, SEND_HASH } from "../support.js";
import { always, createStubPool, failed, type Script, said, within } from "./stub.js";

const YES = always(said(CONFIRMED_SEND));
const NOT_YET = always(said({ ...CONFIRMED_SEND, confirmed: "false" }));
const NOT_FOUND = always(said({ error: "Block not found" }));
const DEAD = always(failed("unreachable", false));

function createStubReads(scripts: readonly Script[], options: Partial<LedgerOptions> = {}, time = createManualTime()) {
  const stub = createStubPool(scripts, { time });
  const rpcUrls = scripts.map((_script, index) => `http://127.0.0.1/${index}`) as [string, ...string[]];
  const { clock, sleep } = stub.time;
  return { ...stub, reads: createReads(stub.pool, readOptions({ rpcUrls, clock, sleep, ...options })) };
}

describe("a look for who waits", () => {
  const look = async (chance: number, scripts: readonly Script[], options = {}) => {
    const { reads, asked } = createStubReads(scripts, { random: () => chance, ...options });
    return [await reads.isConfirmed(SEND_HASH), asked()];
  };

  test("takes the first endpoint's word for a block it knows, but now and then asks them all", async () => {
    expect(await look(0.3, [NOT_YET, YES])).toEqual([false, "0"]);
    expect(await look(0.29, [NOT_YET, YES])).toEqual([true, "01"]);
    expect(await look(0.3, [NOT_FOUND, YES])).toEqual([true, "01"]);
  });

  test("takes the word of as many as must agree, always", async () => {
    const agreement = { agreement: 2 };
    expect(await look(0, [YES, NOT_YET, NOT_YET], agreement)).toEqual([false, "012"]);
    expect(await look(0, [YES, NOT_YET, YES], agreement)).toEqual([true, "012"]);
    expect(await look(0, [NOT_FOUND, NOT_FOUND, YES], agreement)).toEqual([false, "012"]);
  });

  test("is no outage where nobody can be asked", async () => {
    expect(await look(0, [DEAD, DEAD])).toEqual([false, "01"]);
    expect(await look(0.9, [DEAD], { agreement: 1 })).toEqual([false, "0"]);
  });
});

describe("whether a block is there", () => {
  const isThere = (...scripts: Script[]) => createStubReads(scripts).reads.isThere(SEND_HASH, within(8_000));

  test("is known where one endpoint shows it, or one says no, and unknown where none can be asked", async () => {
    expect(await isThere(NOT_FOUND, NOT_YET)).toBe(true);
    expect(await isThere(DEAD, YES)).toBe(true);
    expect(await isThere(DEAD, NOT_FOUND)).toBe(false);
    expect(await isThere(DEAD, DEAD)).toBeUndefined();
  });

  test("needs no agreement: one that shows it is enough", async () => {
    const { reads } = createStubReads([NOT_FOUND, NOT_YET, NOT_FOUND], { agreement: 3 });
    expect(await reads.isThere(SEND_HASH, within(8_000))).toBe(true);
  });
});

describe("block_info", () => {
  test("insists on what the caller wants from anywhere", async () => {
    const { reads } = createStubReads([NOT_FOUND, NOT_YET, YES]);
    expect(await reads.blockInfo(SEND_HASH)).toBeUndefined();
    expect((await reads.blockInfo(SEND_HASH, { anywhere: "known" }))?.confirmed).toBe(false);
    expect((await reads.blockInfo(SEND_HASH, { anywhere: "confirmed" }))?.confirmed).toBe(true);
  });

  test("of one endpoint is that endpoint's own word, agreement or not", async () => {
    const { reads, asked } = createStubReads([NOT_FOUND, YES, NOT_FOUND], { agreement: 2 });
    expect((await reads.blockInfo(SEND_HASH, { at: "1" }))?.confirmed).toBe(true);
    expect(asked()).toBe("1");
    expect((await reads.blockInfo(SEND_HASH))?.confirmed).toBe(false);
  });

  test("that enough do not know is sought from all only where it may be anywhere", async () => {
    const { reads } = createStubReads([NOT_FOUND, NOT_FOUND, YES], { agreement: 2 });
    expect(await reads.blockInfo(SEND_HASH)).toBeUndefined();
    expect((await reads.blockInfo(SEND_HASH, { anywhere: "known" }))?.confirmed).toBe(false);
  });
});

describe("the time of a call", () => {
  test("is the endpoint's, or what is left of the caller's", () => {
    let nowMs = 0;
    const now = () => nowMs;
    const [long, short] = [limitsOf({ timeoutMs: 20_000 }, 8_000, now), limitsOf({ timeoutMs: 3_000 }, 8_000, now)];
    const none = limitsOf(undefined, 8_000, now);
    expect([long.attemptMs(), short.attemptMs(), none.attemptMs()]).toEqual([8_000, 3_000, 8_000]);
    nowMs = 15_000;
    expect([long.attemptMs(), short.attemptMs(), none.attemptMs()]).toEqual([5_000, -12_000, 8_000]);
  });

  test("does not grow by the hour that the clock is set back", async () => {
    let shiftMs = 0;
    const time = createManualTime();
    const lost: Script = async (_action, nth) => {
      if (nth > 1) return "silence";
      await time.sleep(900, new AbortController().signal);
      shiftMs = -3_600_000;
      return failed("connection lost");
    };
    const { reads, posts } = createStubReads([lost], {}, { ...time, clock: () => time.clock() + shiftMs });
    let error: NanoError | undefined;
    void errorOf(reads.blockInfo(SEND_HASH, { timeoutMs: 1_000 })).then((thrown) => {
      error = thrown;
    });
    await time.advance(2_000);
    expect([error?.facts["why"], posts.length]).toEqual(["too late", 2]);
  });
});
