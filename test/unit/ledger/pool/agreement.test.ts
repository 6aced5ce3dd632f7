import { describe, expect, test } from "vitest";
import type { Asked } from "../../../../src/ledger/pool/ask-once.js";
import type { BlockInfo } from "../../../../src/ledger/port.js";
import { askBlockInfo } from "../../../../src/ledger/rpc/questions.js";
import { CONFIRMED_SEND, SEND_HASH } from "../support.js";
import { always, createStubPool, failed, type Script, type Step, said, status, within } from "./stub.js";

type Found = Asked<BlockInfo | undefined>;

const RAW = 10n ** 27n;
const show = (changes: Readonly<Record<string, unknown>> = {}): Step => said({ ...CONFIRMED_SEND, ...changes });
const YES = show();
const NOT_YET = show({ confirmed: "false" });
const NOT_FOUND = said({ error: "Block not found" });
const DEAD = failed("unreachable", false);
const SILENT = "silence";

async function askAgreed(count: number, steps: readonly (Step | Script)[], options: { anywhere?: boolean } = {}) {
  const stub = createStubPool(steps.map((step) => (typeof step === "function" ? step : always(step))));
  const { pool, time } = stub;
  let isOver = false;
  const call = pool
    .askAgreed(askBlockInfo(SEND_HASH), { count, anywhere: options.anywhere ?? false, limits: within(8_000) })
    .finally(() => {
      isOver = true;
    });
  await time.settle();
  const wasQuick = isOver;
  await time.advance(30_000);
  return { ...stub, wasQuick, result: await call };
}

/** What is said of the block, in a word. */
function wordOf(asked: Found): string {
  if (!asked.ok) return asked.fault.kind;
  if (asked.result === undefined) return "not found";
  const { amountRaw, confirmed, subtype } = asked.result;
  const lies = [amountRaw === RAW ? "" : " amount", subtype === "send" ? "" : " subtype"].join("");
  return `${confirmed ? "confirmed" : "there"}${lies}`;
}

const wordFor = async (...args: Parameters<typeof askAgreed>): Promise<string> =>
  wordOf((await askAgreed(...args)).result);

describe("a block that some endpoints must agree about", () => {
  test.each<[string, number, readonly Step[]]>([
    ["confirmed", 2, [YES, YES, DEAD]],
    ["confirmed", 2, [NOT_FOUND, YES, YES]],
    ["confirmed", 2, [NOT_YET, YES, YES]],
    ["confirmed", 2, [NOT_FOUND, NOT_FOUND, YES, YES]],
    ["confirmed", 3, [YES, NOT_YET, YES, NOT_FOUND, YES]],
    ["confirmed", 2, [YES, DEAD, YES]],
    ["confirmed", 2, [YES, status(500), YES]],
    ["there", 2, [YES, NOT_YET]],
    ["there", 2, [YES, NOT_YET, NOT_YET]],
    ["there", 2, [YES, NOT_FOUND]],
    ["there", 2, [NOT_FOUND, YES]],
    ["there", 2, [YES, NOT_FOUND, DEAD]],
    ["there", 3, [YES, YES, NOT_YET]],
    ["there", 3, [YES, YES, NOT_FOUND, NOT_FOUND]],
    ["not found", 2, [NOT_FOUND, NOT_FOUND, DEAD]],
    ["not found", 3, [NOT_FOUND, NOT_FOUND, NOT_FOUND]],
    ["unreachable", 2, [YES, DEAD, DEAD]],
    ["unreachable", 2, [NOT_FOUND, DEAD]],
    ["unreachable", 2, [DEAD, status(502)]],
    ["HTTP status", 2, [YES, status(502)]],
  ])("is %s to %i of %j", async (word, count, steps) => {
    expect(await wordFor(count, steps)).toBe(word);
  });

  test.each<[string, number, readonly Step[]]>([
    ["confirmed", 2, [show({ amount: "1" }), YES, YES]],
    ["confirmed", 2, [YES, show({ amount: "1" }), YES]],
    ["confirmed", 2, [YES, show({ subtype: "receive" }), YES]],
    ["confirmed", 2, [show({ subtype: undefined }), YES, YES]],
    ["there", 2, [YES, show({ amount: "9".repeat(30) }), NOT_YET]],
    ["there", 2, [NOT_YET, NOT_YET, YES]],
    ["no agreement", 2, [YES, show({ amount: "1" })]],
    ["no agreement", 2, [YES, show({ amount: "1" }), NOT_FOUND]],
    ["no agreement", 2, [show({ subtype: "change" }), show({ amount: "1" }), YES]],
    [
      "unexpected answer",
      2,
      [YES, show({ block_account: "nano_1111111111111111111111111111111111111111111111111111hifc8npp" })],
    ],
    ["unexpected answer", 2, [YES, show({ balance: "1" })]],
  ])("is %s to %i of %j, one of whom lies", async (word, count, steps) => {
    expect(await wordFor(count, steps)).toBe(word);
  });

  test("is there where one endpoint shows it, whatever else that one says of it", async () => {
    const { result } = await askAgreed(2, [NOT_FOUND, show({ amount: "1" })]);
    expect(wordOf(result)).toBe("there amount");
  });

  test("a legacy block and a state block are two different things", async () => {
    const legacy = show({ contents: { type: "open" } });
    expect(await wordFor(2, [YES, legacy])).toBe("no agreement");
    expect(await wordFor(2, [YES, legacy, YES])).toBe("confirmed");
  });
});

describe("how many are asked", () => {
  test.each<[string, number, readonly Step[]]>([
    ["01", 2, [YES, YES, YES]],
    ["012", 2, [YES, NOT_YET, YES]],
    ["0123", 2, [NOT_FOUND, NOT_FOUND, YES, YES]],
    ["01", 2, [NOT_FOUND, NOT_FOUND, YES]],
    ["012", 2, [NOT_YET, NOT_FOUND, NOT_FOUND]],
    ["012", 3, [NOT_FOUND, NOT_FOUND, NOT_FOUND]],
    ["01", 2, [NOT_YET, NOT_YET, YES]],
    ["01234", 3, [YES, NOT_YET, NOT_YET, YES, YES]],
    ["012", 3, [YES, NOT_YET, NOT_YET, YES]],
    ["0", 1, [YES, YES]],
  ])("only those that can still change it: %s", async (expected, count, steps) => {
    const { asked, wasQuick } = await askAgreed(count, steps);
    expect(asked()).toBe(expected);
    expect(wasQuick).toBe(true);
  });

  test('everybody, before "not found" is believed of a block that may be anywhere', async () => {
    const { asked, result } = await askAgreed(2, [NOT_FOUND, NOT_FOUND, YES], { anywhere: true });
    expect([asked(), wordOf(result)]).toEqual(["012", "there"]);
    const nowhere = await askAgreed(2, [NOT_FOUND, NOT_FOUND, NOT_FOUND], { anywhere: true });
    expect([nowhere.asked(), wordOf(nowhere.result)]).toEqual(["012", "not found"]);
  });

  test("at once, not one after the other", async () => {
    const { posts } = await askAgreed(3, [YES, YES, YES, YES]);
    expect(posts.map(({ atMs }) => atMs)).toEqual([0, 0, 0]);
  });
});

describe("who is late", () => {
  test("has the next one asked beside, and is slow when that one was enough", async () => {
    const { members, posts, result } = await askAgreed(2, [SILENT, YES, YES]);
    expect(wordOf(result)).toBe("confirmed");
    expect(posts.map(({ at, atMs, ended }) => [at, atMs, ended])).toEqual([
      ["0", 0, "aborted"],
      ["1", 0, "answered"],
      ["2", 300, "answered"],
    ]);
    members[0]?.noteSlow();
    members[0]?.noteSlow();
    expect(members[0]?.placeFor({ action: "block_info", isRead: true })).toBe(2);
  });

  test('does not hold up "not yet" where enough have answered', async () => {
    const { posts, result } = await askAgreed(2, [YES, NOT_YET, SILENT]);
    expect(wordOf(result)).toBe("there");
    expect(posts[2]?.ended).toBe("aborted");
    const calls = await askAgreed(2, [YES, NOT_FOUND, SILENT]);
    expect(wordOf(calls.result)).toBe("there");
  });

  test("is waited for as long as an attempt takes where not enough have answered", async () => {
    const { posts, result } = await askAgreed(2, [YES, SILENT]);
    expect(wordOf(result)).toBe("too late");
    expect(posts[1]?.ended).toBe("too late");
  });

  test("is left out where the caller's time is over, and who has left is told so", async () => {
    let leftMs = 8_000;
    const stub = createStubPool([always(YES), always(NOT_YET), always(YES)]);
    const late: Script = () => {
      leftMs = 0;
      return NOT_YET;
    };
    const { pool, asked } = createStubPool([always(YES), late, always(YES)]);
    const limits = { attemptMs: () => leftMs };
    const hurried = await pool.askAgreed(askBlockInfo(SEND_HASH), { count: 2, anywhere: false, limits });
    expect([wordOf(hurried), asked()]).toEqual(["there", "01"]);
    const gone = within(8_000, AbortSignal.abort());
    const left = await stub.pool.askAgreed(askBlockInfo(SEND_HASH), { count: 2, anywhere: false, limits: gone });
    expect(wordOf(left)).toBe("aborted");
    expect(stub.posts).toEqual([]);
  });
});

describe("what differs from node to node", () => {
  const info = async (...steps: readonly Step[]): Promise<BlockInfo | undefined> => {
    const { result } = await askAgreed(2, steps);
    return result.ok ? result.result : undefined;
  };
  const seen = (seconds: string, more = {}): Step => show({ local_timestamp: seconds, ...more });

  test("the oldest first sight counts, of those who agree", async () => {
    expect((await info(seen("300"), seen("200")))?.localTimestampSeconds).toBe(200);
    expect((await info(seen("200"), seen("300")))?.localTimestampSeconds).toBe(200);
    expect((await info(seen("300"), seen("9", { amount: "1" }), seen("200")))?.localTimestampSeconds).toBe(200);
    expect((await info(seen("300"), seen("100", { confirmed: "false" }), seen("200")))?.localTimestampSeconds).toBe(
      100,
    );
  });

  test("a first sight that somebody does not remember is older than all", async () => {
    expect((await info(seen("300"), seen("0")))?.localTimestampSeconds).toBe(0);
    expect((await info(seen("300"), show({ local_timestamp: undefined })))?.localTimestampSeconds).toBe(0);
  });

  test("a next block counts where enough show the same one", async () => {
    const next = (letter: string): Step => show({ successor: letter.repeat(64) });
    expect((await info(YES, next("A")))?.successor).toBeUndefined();
    expect((await info(next("A"), YES))?.successor).toBeUndefined();
    expect((await info(next("A"), next("B")))?.successor).toBeUndefined();
    expect((await info(next("A"), next("A")))?.successor).toBe("a".repeat(64));
    expect((await info(next("B"), next("0")))?.successor).toBeUndefined();
  });

  test("all else is as one of them says", async () => {
    expect(await info(YES, YES)).toMatchObject({ confirmed: true, amountRaw: RAW, subtype: "send", block: {} });
  });
});
