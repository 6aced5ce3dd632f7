import { describe, expect, test } from "vitest";
import { difficultyOf, formatMultiplier, multiplierOf } from "../../src/dev-ledger/difficulty.js";
import { hexToBytes, workValue } from "../../src/nano/index.js";
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

describe("thresholds", () => {
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

async function weakWork(root: string, threshold: bigint): Promise<string> {
  for (let attempt = 0; ; attempt += 1) {
    const work = attempt.toString(16).padStart(16, "0");
    if (workValue(hexToBytes(work, 8), hexToBytes(root, 32)) < threshold) return work;
  }
}
