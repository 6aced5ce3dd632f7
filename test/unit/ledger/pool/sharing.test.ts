import { describe, expect, test } from "vitest";
import { Sharing } from "../../../../src/ledger/pool/sharing.js";
import type { Ledger, ReadOptions } from "../../../../src/ledger/port.js";
import { type FakeNode, json, type Reply } from "../fake-node.js";
import { CONFIRMED_SEND, createGate, createStage, errorOf, recorded, SEND, SEND_HASH } from "../support.js";

const stage = createStage();

describe("calls that are shared", () => {
  test("are one as long as they overlap, and a new one after that", async () => {
    const sharing = new Sharing<number>();
    let calls = 0;
    const gates = [createGate(), createGate()] as const;
    const start = async (): Promise<number> => {
      calls += 1;
      await gates[calls === 1 ? 0 : 1].isOpen;
      return calls;
    };
    const both = [sharing.run("key", start), sharing.run("key", start)];
    gates[0].open();
    expect(await Promise.all(both)).toEqual([1, 1]);
    const later = sharing.run("key", start);
    gates[1].open();
    expect(await later).toBe(2);
  });

  test("have the same key", async () => {
    const sharing = new Sharing<string>();
    const calls = ["a", "b", "a"].map((key) => sharing.run(key, async () => key));
    expect(await Promise.all(calls)).toEqual(["a", "b", "a"]);
  });

  test("fail together, and the next one is tried anew", async () => {
    const sharing = new Sharing<number>();
    const failure = new TypeError("no");
    const calls = [1, 2, 3].map((call) =>
      sharing.run("key", async () => {
        if (call === 1) throw failure;
        return call;
      }),
    );
    const ends = await Promise.allSettled(calls);
    expect(ends).toEqual([1, 2, 3].map(() => ({ status: "rejected", reason: failure })));
    expect(await sharing.run("key", async () => 4)).toBe(4);
  });
});

describe("equal reads under way at once", () => {
  /** Answers when all requests that were expected have come, or when the test says so. */
  const held = async (answer: Reply): Promise<{ node: FakeNode; gate: ReturnType<typeof createGate> }> => {
    const gate = createGate();
    const node = await stage.node((response, heard) => void gate.isOpen.then(() => answer(response, heard)));
    return { node, gate };
  };
  const both = json({ ...recorded(4).response, ...CONFIRMED_SEND });

  const countOf = async (
    call: (ledger: Ledger, options: ReadOptions) => Promise<unknown>,
    options: ReadOptions,
    others = options,
  ): Promise<number> => {
    const { node, gate } = await held(both);
    const ledger = stage.ledger(node.url, { timeoutMs: 600_000 });
    const calls = [call(ledger, options), call(ledger, others), call(ledger, options)];
    gate.open();
    const results = await Promise.all(calls);
    expect(results[1]).toEqual(results[0]);
    return node.heard.length;
  };
  const blockInfo = (ledger: Ledger, options: ReadOptions) => ledger.blockInfo(SEND_HASH, options);
  const accountInfo = (ledger: Ledger, options: ReadOptions) => ledger.accountInfo(SEND.account, options);

  test.each([
    ["block_info", blockInfo],
    ["account_info", accountInfo],
  ])("%s: share one request where all callers say so", async (_action, call) => {
    expect(await countOf(call, { share: true })).toBe(1);
    expect(await countOf(call, { share: true, anywhere: "known" })).toBe(1);
    expect(await countOf(call, { share: true }, {})).toBe(2);
    expect(await countOf(call, {})).toBe(3);
    expect(await countOf(call, { share: false })).toBe(3);
  });

  test.each([
    ["block_info", blockInfo],
    ["account_info", accountInfo],
  ])("%s: have one each where they ask for different things", async (_action, call) => {
    expect(await countOf(call, { share: true }, { share: true, anywhere: "known" })).toBe(2);
    expect(await countOf(call, { share: true }, { share: true, at: "0" })).toBe(2);
    expect(await countOf(call, { share: true }, { share: true, timeoutMs: 60_000 })).toBe(2);
    expect(await countOf(call, { share: true }, { share: true, signal: new AbortController().signal })).toBe(2);
    expect(await countOf(call, { share: true, anywhere: "known" }, { share: true, anywhere: "confirmed" })).toBe(2);
  });

  test("about different blocks are different", async () => {
    const { node, gate } = await held(json({ error: "Block not found" }));
    const ledger = stage.ledger(node.url);
    const calls = [SEND_HASH, SEND.previous].map((hash) => ledger.blockInfo(hash, { share: true }));
    gate.open();
    await Promise.all(calls);
    expect(node.heard.length).toBe(2);
  });

  test("fail together; the next one asks again", async () => {
    const { node, gate } = await held(json({}, 500));
    const ledger = stage.ledger(node.url);
    const calls = [1, 2, 3].map(() => errorOf(ledger.blockInfo(SEND_HASH, { share: true })));
    gate.open();
    expect((await Promise.all(calls)).map(({ code }) => code)).toEqual(Array(3).fill("ledger_unavailable"));
    expect(node.heard.length).toBe(1);
    await errorOf(ledger.blockInfo(SEND_HASH, { share: true }));
    expect(node.heard.length).toBe(2);
  });
});
