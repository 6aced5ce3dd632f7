import { afterEach, describe, expect, test, vi } from "vitest";
import type { Ledger } from "../../../../src/ledger/index.js";
import { hashBlock } from "../../../../src/nano/index.js";
import { createManualTime } from "../../../support/manual-time.js";
import { type Heard, hangUp, json, type Reply } from "../fake-node.js";
import {
  CONFIRMED_SEND,
  createGate,
  createStage,
  deadUrl,
  errorOf,
  FAULTS,
  recorded,
  SEND,
  SEND_HASH,
} from "../support.js";

const stage = createStage();
afterEach(() => vi.useRealTimers());

/** A node that has all of it. */
const ANSWERS: Readonly<Record<string, unknown>> = {
  account_info: recorded(4).response,
  block_info: CONFIRMED_SEND,
  receivable: recorded(27).response,
  work_generate: recorded(15).response,
  process: recorded(16).response,
};
const good: Reply = (response, heard) => json(ANSWERS[String(heard.body["action"])])(response, heard);

const QUESTIONS: readonly (readonly [string, (ledger: Ledger) => Promise<unknown>, (result: unknown) => unknown])[] = [
  ["block_info", (ledger) => ledger.blockInfo(SEND_HASH), (info) => expect(info).toMatchObject({ confirmed: true })],
  ["account_info", (ledger) => ledger.accountInfo(SEND.account), (info) => expect(info).toHaveProperty("frontier")],
  ["receivable", (ledger) => ledger.receivable(SEND.account), (list) => expect(list).toHaveLength(1)],
  [
    "work_generate",
    (ledger) => ledger.generateWork(SEND.previous, 0xffc0000000000000n),
    (work) => expect(work).toBe("06b85cc3fd46ebab"),
  ],
];

describe.each(QUESTIONS)("%s", (action, ask, check) => {
  test("is answered by the next endpoint whatever the fault of the first", async () => {
    const next = await stage.node(good);
    for (const [name, fault] of [...FAULTS, ["nobody there", undefined]] as const) {
      const url = fault === undefined ? await deadUrl() : (await stage.node(fault)).url;
      const before = next.heard.length;
      check(await ask(stage.ledger([url, next.url])));
      expect(
        next.heard.slice(before).map(({ body }) => body["action"]),
        name,
      ).toEqual([action]);
    }
  });

  test("is answered by the next endpoint where the first says nothing", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const arrived = createGate();
    const silent = await stage.node(arrived.open);
    const next = await stage.node(good);
    const ledger = stage.ledger([silent.url, next.url], { clock: () => 0 });
    const answer = ask(ledger);
    await arrived.isOpen;
    vi.advanceTimersByTime(60_000);
    vi.useRealTimers();
    check(await answer);
  });

  test("is asked of one endpoint only where that answers", async () => {
    const nodes = [await stage.node(good), await stage.node(good)] as const;
    check(await ask(stage.ledger(nodes.map(({ url }) => url) as [string, string])));
    expect(nodes.map(({ heard }) => heard.length)).toEqual([1, 0]);
  });
});

describe("a ledger's answer is final, and nobody else is asked", () => {
  const answered = async (reply: Reply, ask: (ledger: Ledger) => Promise<unknown>): Promise<unknown> => {
    const [first, second] = [await stage.node(reply), await stage.node(good)];
    const result = await ask(stage.ledger([first.url, second.url]));
    expect(second.heard).toEqual([]);
    return result;
  };

  test("where an account or a block is unknown, or nothing is receivable", async () => {
    const unknown = { account: json({ error: "Account not found" }), block: json({ error: "Block not found" }) };
    expect(await answered(unknown.account, (ledger) => ledger.accountInfo(SEND.account))).toBeUndefined();
    expect(await answered(unknown.block, (ledger) => ledger.blockInfo(SEND_HASH))).toBeUndefined();
    expect(await answered(json({ blocks: "" }), (ledger) => ledger.receivable(SEND.account))).toEqual([]);
  });

  test.each([
    "Fork",
    "Old block",
    "Bad signature",
    "Unreceivable",
    "Negative spend",
    "Block work is less than threshold",
    "Invalid block balance for given subtype",
    "Balance and amount delta do not match",
    "This block cannot follow the previous block",
    "  fork ",
  ])("where a block is refused: %s", async (error) => {
    const result = await answered(json({ error }), (ledger) => ledger.process(SEND, "send"));
    expect(result).toMatchObject({ outcome: "refused", at: "0" });
    expect(result).not.toHaveProperty("mayHaveLanded");
  });

  test('but for a gap, which another endpoint may not have, and "not found" of what may be anywhere', async () => {
    const behind: Reply = (response, { body, ...heard }) =>
      json({ error: body["action"] === "process" ? "Gap previous block" : "Block not found" })(response, {
        body,
        ...heard,
      });
    const nodes = [await stage.node(behind), await stage.node(good)] as const;
    const ledger = stage.ledger([nodes[0].url, nodes[1].url]);
    expect(await ledger.process(SEND, "send")).toEqual({ outcome: "accepted", hash: SEND_HASH });
    expect((await ledger.blockInfo(SEND_HASH, { anywhere: "known" }))?.confirmed).toBe(true);
    expect(await ledger.blockInfo(SEND_HASH, { anywhere: "known", at: "0" })).toBeUndefined();
    expect(actionsOf(nodes[0].heard)).toEqual(["process", "block_info", "block_info"]);
    expect(actionsOf(nodes[1].heard)).toEqual(["process", "block_info"]);
  });
});

describe("a read that is late", () => {
  test("is asked of the next endpoint as well, and dropped where that one is faster", async () => {
    const time = createManualTime();
    const [arrived, dropped] = [createGate(), createGate()];
    const first = await stage.node((response) => {
      response.on("close", dropped.open);
      arrived.open();
    });
    const second = await stage.node(good);
    const ledger = stage.ledger([first.url, second.url], { timeoutMs: 600_000, clock: time.clock, sleep: time.sleep });
    const info = ledger.blockInfo(SEND_HASH);
    await arrived.isOpen;
    expect(second.heard).toEqual([]);
    await time.advance(300);
    expect((await info)?.confirmed).toBe(true);
    await dropped.isOpen;
    expect([first.heard.length, second.heard.length]).toEqual([1, 1]);
  });
});

describe("a block whose answer is lost", () => {
  /** Takes a block and hangs up; says of every other question what `look` says. */
  const losing = (look: Reply): Reply => {
    return (response, heard) => (heard.body["action"] === "process" ? hangUp : look)(response, heard);
  };
  const missing = json({ error: "Block not found" });

  test("is looked for everywhere, and handed to the next where nobody has it", async () => {
    const first = await stage.node(losing(missing));
    const second = await stage.node((response, heard) =>
      (heard.body["action"] === "process" ? good : missing)(response, heard),
    );
    const ledger = stage.ledger([first.url, second.url]);
    expect(await ledger.process(SEND, "send")).toEqual({ outcome: "accepted", hash: SEND_HASH });
    expect(actionsOf(first.heard)).toEqual(["process", "block_info"]);
    expect(actionsOf(second.heard)).toEqual(["block_info", "process"]);
  });

  test("is accepted where somebody has it, and handed to nobody", async () => {
    const nodes = [await stage.node(losing(missing)), await stage.node(good)] as const;
    const ledger = stage.ledger([nodes[0].url, nodes[1].url]);
    expect(await ledger.process(SEND, "send")).toEqual({ outcome: "accepted", hash: hashBlock(SEND) });
    expect(actionsOf(nodes[1].heard)).toEqual(["block_info"]);
  });

  test("is in doubt where nobody can be asked, and handed to nobody", async () => {
    const nodes = [await stage.node(losing(hangUp)), await stage.node(json({}, 503))] as const;
    const error = await errorOf(stage.ledger([nodes[0].url, nodes[1].url]).process(SEND, "send"));
    expect([error.code, error.facts["mayHaveLanded"]]).toEqual(["ledger_unavailable", true]);
    expect(
      [...actionsOf(nodes[0].heard), ...actionsOf(nodes[1].heard)].filter((said) => said === "process").length,
    ).toBe(1);
  });

  test("is in doubt also where the last endpoint never got it", async () => {
    const first = await stage.node(losing(missing));
    const error = await errorOf(stage.ledger([first.url, await deadUrl()]).process(SEND, "send"));
    expect([error.code, error.facts["why"], error.facts["mayHaveLanded"]]).toEqual([
      "ledger_unavailable",
      "unreachable",
      true,
    ]);
  });

  test("has not landed where nobody got it", async () => {
    const error = await errorOf(stage.ledger([await deadUrl(), await deadUrl()]).process(SEND, "send"));
    expect([error.facts["why"], error.facts["mayHaveLanded"]]).toEqual(["unreachable", false]);
  });

  test("is in doubt where another endpoint refuses it", async () => {
    const refusing: Reply = (response, heard) =>
      (heard.body["action"] === "process" ? json({ error: "Fork" }) : missing)(response, heard);
    const nodes = [await stage.node(losing(missing)), await stage.node(refusing)] as const;
    const ledger = stage.ledger([nodes[0].url, nodes[1].url]);
    expect(await ledger.process(SEND, "send")).toEqual({
      outcome: "refused",
      nodeError: "Fork",
      at: "1",
      mayHaveLanded: true,
    });
    expect(await ledger.blockInfo(SEND_HASH, { at: "1" })).toBeUndefined();
    expect(actionsOf(nodes[1].heard).at(-1)).toBe("block_info");
  });
});

describe("agreement", () => {
  const liar: Reply = json({ ...CONFIRMED_SEND, amount: "1" });
  const lagging: Reply = json({ ...CONFIRMED_SEND, confirmed: "false" });

  test("of two out of three makes a block confirmed, to lookers and waiters alike", async () => {
    const urls = await Promise.all([liar, good, good].map(async (reply) => (await stage.node(reply)).url));
    const ledger = stage.ledger(urls as [string, string, string], { agreement: 2 });
    expect(await ledger.blockInfo(SEND_HASH)).toMatchObject({ confirmed: true, amountRaw: 10n ** 27n });
    expect(await ledger.waitForConfirmation(SEND_HASH, { account: SEND.account, timeoutMs: 60_000 })).toBe(true);
  });

  test("is not had from one that is confirmed and one that is not", async () => {
    const urls = await Promise.all([good, lagging].map(async (reply) => (await stage.node(reply)).url));
    const ledger = stage.ledger(urls as [string, string], { agreement: 2 });
    expect(await ledger.blockInfo(SEND_HASH)).toMatchObject({ confirmed: false });
    expect(await ledger.blockInfo(SEND_HASH, { at: "0" })).toMatchObject({ confirmed: true });
  });

  test("that is not had is an outage, not a verdict", async () => {
    const urls = await Promise.all([good, liar].map(async (reply) => (await stage.node(reply)).url));
    const error = await errorOf(stage.ledger(urls as [string, string], { agreement: 2 }).blockInfo(SEND_HASH));
    expect([error.code, error.facts["why"]]).toEqual(["ledger_unavailable", "no agreement"]);
  });
});

test("whoever waits for a turn is sent home when the ledger closes", async () => {
  const node = await stage.node((response) => response.writeHead(429, { "retry-after": "5" }).end());
  const ledger = stage.ledger(node.url);
  await errorOf(ledger.blockInfo(SEND_HASH));
  const waiting = [ledger.blockInfo(SEND_HASH), ledger.process(SEND, "send")].map(errorOf);
  await ledger.close();
  expect((await Promise.all(waiting)).map(({ facts }) => [facts["why"], facts["mayHaveLanded"]])).toEqual([
    ["closed", undefined],
    ["closed", false],
  ]);
  expect(node.heard.length).toBe(1);
});

function actionsOf(heard: readonly Heard[]): unknown[] {
  return heard.map(({ body }) => body["action"]);
}
