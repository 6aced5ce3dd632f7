import { describe, expect, test } from "vitest";
import { difficultyOf, formatMultiplier, multiplierOf } from "../../src/dev-ledger/difficulty.js";
import { recordedDevNetwork, workRulesOf } from "../../src/dev-ledger/genesis.js";
import { hexToBytes, MAINNET_WORK_THRESHOLDS, workValue } from "../../src/nano/index.js";
import { ALL_RAW, buildBlock, createOwner, genesisOwner, process, send, startNode } from "./support.js";

const ROOT = "04270D7F11C4B2B472F2854C5A59F2A7E84226CE9ED799DE75744BD7D85FC9D9";

describe("work_generate", () => {
  test("meets the send threshold by default and says what it found", async () => {
    const node = await startNode();
    const { work, difficulty } = await node.rpc({ action: "work_generate", hash: ROOT });
    const value = workValue(hexToBytes(work, 8), hexToBytes(ROOT, 32));
    expect(difficulty).toBe(value.toString(16));
    expect(value).toBeGreaterThanOrEqual(node.workThresholds.send);
    expect(await node.rpc({ action: "work_validate", hash: ROOT, work })).toMatchObject({
      valid_all: "1",
      valid_receive: "1",
    });
  });

  test("meets a difficulty of its own, down to entry and up to 64 times the send threshold", async () => {
    const node = await startNode();
    const ask = (more: object) => node.rpc({ action: "work_generate", hash: ROOT, ...more });
    expect((await ask({ difficulty: "f000000000000000" })).work).toMatch(/^[0-9a-f]{16}$/);
    expect((await ask({ multiplier: "64" })).work).toMatch(/^[0-9a-f]{16}$/);
    const limit = { error: "Difficulty above config limit or below publish threshold" };
    expect(await ask({ difficulty: "efffffffffffffff" })).toEqual(limit);
    expect(await ask({ multiplier: "65" })).toEqual(limit);
    expect(await ask({ multiplier: "0" })).toEqual({ error: "Bad multiplier" });
    expect(await ask({ version: "work_2" })).toEqual({ error: "Bad work version" });
  });

  test("other requests are answered while one takes long, and closing ends it", async () => {
    const node = await startNode({ workThresholds: { send: 0xfffffffffffffff0n, receive: 0xf000000000000000n } });
    const long = send(node.rpcUrl, JSON.stringify({ action: "work_generate", hash: ROOT })).catch((error) => error);
    expect((await node.rpc({ action: "block_count" })).count).toBe("1");
    await node.close();
    expect(await long).toBeInstanceOf(Error);
  });
});

describe("work_generate for a block", () => {
  test("aims at what the ledger shows that the block needs, unless something is asked for", async () => {
    const thresholds = { send: 0xfff0000000000000n, receive: 0xf000000000000000n };
    const node = await startNode({ workThresholds: thresholds });
    const owner = await createOwner();
    const source = await node.fund(owner.address, 9n);
    const { key } = await node.rpc({ action: "account_key", account: owner.address });
    const ask = (block: object, more: object = {}) =>
      node.rpc({ action: "work_generate", hash: key, json_block: true, block, ...more });
    const found = async (answer: Promise<{ difficulty: string }>) => BigInt(`0x${(await answer).difficulty}`);
    const open = { ...buildBlock(owner, { balanceRaw: 9n, link: source }, 0n), work: "0" };

    expect(await found(ask(open))).toBe(firstValueAbove(key, thresholds.receive));
    expect(await found(ask({ ...open, link: ROOT }))).toBe(firstValueAbove(key, thresholds.send));
    expect(await found(ask(open, { multiplier: "1" }))).toBe(firstValueAbove(key, thresholds.send));
    expect(await found(ask(open, { difficulty: "ff00000000000000" }))).toBe(firstValueAbove(key, 0xff00000000000000n));
    const { work } = await ask(open);
    expect(await ask({ ...open, work })).toEqual({
      error: "Provided work is already enough for given difficulty",
    });
    expect(await ask(open, { hash: source })).toEqual({ error: "Root mismatch for block" });
    expect(await ask({})).toEqual({ error: "Block is invalid" });
  });

  test("a send and a change need a send's work, whatever their link is", async () => {
    const thresholds = { send: 0xfff0000000000000n, receive: 0xf000000000000000n };
    const node = await startNode({ workThresholds: thresholds });
    const { address } = await createOwner();
    const { hash } = node.genesis;
    for (const balanceRaw of [ALL_RAW, ALL_RAW - 1n]) {
      const block = { ...buildBlock(genesisOwner(node), { previous: hash, balanceRaw, link: address }, 0n), work: "0" };
      const { difficulty } = await node.rpc({ action: "work_generate", hash, json_block: true, block });
      expect(BigInt(`0x${difficulty}`)).toBe(firstValueAbove(hash, thresholds.send));
    }
  });
});

describe("work_cancel", () => {
  test("ends every search on that root, and no other", async () => {
    const node = await startNode({ workThresholds: { send: 0xfffffffffffffff0n, receive: 0xf000000000000000n } });
    const { hash } = node.genesis;
    const { secretKey: key, address: representative } = genesisOwner(node);
    const fields = { key, representative, previous: hash, balance: "0", link: representative };
    const searches = [
      node.rpc({ action: "work_generate", hash }),
      node.rpc({ action: "work_generate", hash }),
      node.rpc({ action: "block_create", type: "state", ...fields }),
    ];
    const other = send(node.rpcUrl, JSON.stringify({ action: "work_generate", hash: ROOT })).catch((error) => error);
    let answers: unknown;
    const answered = Promise.all(searches).then((all) => {
      answers = all;
    });
    // Each on a connection of its own: one may begin after the first cancellation.
    while (answers === undefined) {
      expect(await node.rpc({ action: "work_cancel", hash: hash.toUpperCase() })).toEqual({ success: "" });
    }
    await answered;
    expect(answers).toEqual([
      { error: "Cancelled" },
      { error: "Cancelled" },
      { error: "Work generation cancellation or failure" },
    ]);
    expect(await node.rpc({ action: "work_cancel", hash })).toEqual({ success: "" });
    expect(await node.rpc({ action: "work_cancel", hash: "xyz" })).toEqual({ error: "Invalid block hash" });
    await node.close();
    expect(await other).toBeInstanceOf(Error);
  });
});

describe("thresholds", () => {
  test.each([
    ["send and receive are those of epoch 2", { send: 5n, receive: 3n }, [3n, 5n, 3n, 5n, 3n]],
    ["entry of its own", { send: 5n, receive: 3n, entry: 1n }, [1n, 5n, 3n, 5n, 3n]],
    ["epoch 1: one for every block", { send: 5n, receive: 3n, epoch1: 4n, epoch: 1 as const }, [3n, 4n, 4n, 5n, 3n]],
    ["epoch 0 is as epoch 1", { send: 5n, receive: 3n, epoch1: 2n, epoch: 0 as const }, [2n, 2n, 2n, 5n, 3n]],
    ["epoch 1 without a threshold of its own", { send: 5n, receive: 3n, epoch: 1 as const }, [3n, 5n, 5n, 5n, 3n]],
    ["epoch 1 may be the hardest", { send: 5n, receive: 3n, epoch1: 9n }, [3n, 5n, 3n, 9n, 3n]],
    [
      "the live network's",
      { ...MAINNET_WORK_THRESHOLDS, epoch1: 0xffffffc000000000n },
      [0xfffffe0000000000n, 0xfffffff800000000n, 0xfffffe0000000000n, 0xfffffff800000000n, 0xfffffe0000000000n],
    ],
    [
      "the recorded network's",
      { send: 0xffc0000000000000n, receive: 0xf000000000000000n, epoch1: 0xfe00000000000000n, epoch: 0 as const },
      [0xf000000000000000n, 0xfe00000000000000n, 0xfe00000000000000n, 0xffc0000000000000n, 0xf000000000000000n],
    ],
  ])("%s", (_name, thresholds, [entry, send, receive, advertisedSend, advertisedReceive]) => {
    expect(workRulesOf(thresholds)).toEqual({
      entry,
      required: { send, receive },
      advertised: { send: advertisedSend, receive: advertisedReceive },
    });
  });

  test.each([
    [0, undefined],
    [1, undefined],
    [2, "Block work is insufficient"],
  ] as const)("epoch %i decides what a block needs, and is the accounts' version", async (epoch, error) => {
    const hardest = 2n ** 64n - 1n;
    const workThresholds = { entry: 0n, send: hardest, receive: hardest, epoch1: 0n, epoch };
    const node = await startNode({ workThresholds });
    const parts = { previous: node.genesis.hash, balanceRaw: ALL_RAW - 1n, link: node.genesis.address };
    const answer = await process(node, buildBlock(genesisOwner(node), parts, 0n));
    expect(answer.error).toBe(error);
    expect(node.workThresholds.send).toBe(epoch === 2 ? hardest : 0n);
    const { account_version: version } = await node.rpc({ action: "account_info", account: node.genesis.address });
    expect(version).toBe(epoch.toString());
    const receivable = { action: "receivable", account: node.genesis.address, min_version: true };
    if (epoch === 2) return;
    expect(Object.values((await node.rpc(receivable)).blocks)).toEqual([{ amount: "1", min_version: version }]);
  });

  test("without further words the accounts are of epoch 2, as on the live network", async () => {
    const node = await startNode();
    const { account_version: version } = await node.rpc({ action: "account_info", account: node.genesis.address });
    expect([version, recordedDevNetwork().epoch]).toEqual(["2", 0]);
  });

  test("between entry and the one required the block is looked at, and found insufficient last", async () => {
    const thresholds = { entry: 0n, send: 0xff00000000000000n, receive: 0xf000000000000000n };
    const node = await startNode({ workThresholds: thresholds });
    const { address } = await createOwner();
    const parts = { previous: node.genesis.hash, balanceRaw: ALL_RAW - 1n, link: address };
    const weak = { ...buildBlock(genesisOwner(node), parts), work: await weakWork(node.genesis.hash, thresholds.send) };
    expect(await process(node, weak)).toEqual({ error: "Block work is insufficient" });
    expect(await process(node, { ...weak, signature: "1" })).toEqual({ error: "Bad signature" });
    const strong = buildBlock(genesisOwner(node), parts, thresholds.send);
    expect((await process(node, strong)).hash).toMatch(/^[0-9A-F]{64}$/);
  });

  test("a receive needs less than a send", async () => {
    const node = await startNode({ workThresholds: { send: 0xff00000000000000n, receive: 0n } });
    const owner = await createOwner();
    const sent = await node.fund(owner.address, 9n);
    const open = buildBlock(owner, { balanceRaw: 9n, link: sent }, 0n);
    const { hash } = await process(node, open);
    const work = await weakWork(hash, 0xff00000000000000n);
    const spend = { ...buildBlock(owner, { previous: hash, balanceRaw: 1n, link: owner.address }), work };
    expect(await process(node, spend)).toEqual({ error: "Block work is insufficient" });
    const change = { ...buildBlock(owner, { previous: hash, balanceRaw: 9n }), work };
    expect(await process(node, change)).toEqual({ error: "Block work is insufficient" });
  });
});

describe("multipliers", () => {
  test("the recorded ones", () => {
    const base = 0xffc0000000000000n;
    expect(formatMultiplier(multiplierOf(0xffd92b339756cc4fn, base))).toBe("1.648157343310961");
    expect(formatMultiplier(multiplierOf(0x7775649b60349588n, base))).toBe("0.001830946060769");
    expect(difficultyOf(2, base)).toBe(0xffe0000000000000n);
    expect(difficultyOf(1, base)).toBe(base);
  });

  test("the ends of the scale", () => {
    expect(difficultyOf(1e-9, 0xffc0000000000000n)).toBe(0n);
    expect(difficultyOf(1e30, 0xffc0000000000000n)).toBe(0xffffffffffffffffn);
  });
});

/** What the search finds: it starts at zero, so its answer is the first that is good enough. */
function firstValueAbove(root: string, threshold: bigint): bigint {
  for (let attempt = 0; ; attempt += 1) {
    const work = attempt.toString(16).padStart(16, "0");
    const value = workValue(hexToBytes(work, 8), hexToBytes(root, 32));
    if (value >= threshold) return value;
  }
}

async function weakWork(root: string, threshold: bigint): Promise<string> {
  for (let attempt = 0; ; attempt += 1) {
    const work = attempt.toString(16).padStart(16, "0");
    if (workValue(hexToBytes(work, 8), hexToBytes(root, 32)) < threshold) return work;
  }
}
