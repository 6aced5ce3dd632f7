import { describe, expect, test } from "vitest";
import { ALL_RAW, buildBlock, createOwner, genesisOwner, process, send, startNode } from "./support.js";

const DISABLED = { error: "RPC control is disabled" };
const DEPTH = { error: "Max JSON depth exceeded" };

describe("a node without control", () => {
  test.each([
    ["wallet_create", {}],
    ["send", { wallet: "nonsense" }],
    ["stop", {}],
    ["work_generate", { hash: "nonsense" }],
    ["work_cancel", { hash: "A".repeat(64) }],
    ["block_create", {}],
    ["process", { force: "true" }],
    ["process", { force: true, block: "nonsense" }],
  ])("%s %j is refused, whatever else is wrong with it", async (action, more) => {
    const node = await startNode({ control: false });
    expect(await node.rpc({ action, ...more })).toEqual(DISABLED);
  });

  test("everything else is answered as ever", async () => {
    const node = await startNode({ control: false });
    const { address } = await createOwner();
    const block = buildBlock(genesisOwner(node), {
      previous: node.genesis.hash,
      balanceRaw: ALL_RAW - 1n,
      link: address,
    });
    const { hash } = await process(node, block, { force: "false" });
    expect(hash).toMatch(/^[0-9A-F]{64}$/);
    expect(await node.rpc({ action: "block_confirm", hash })).toEqual({ started: "1" });
    expect((await node.rpc({ action: "work_validate", hash, work: "0" })).valid_all).toBeDefined();
    expect(await node.rpc({ action: "nope" })).toEqual({ error: "Unknown command" });
  });

  test("with control, what the ledger does not have is unknown", async () => {
    const node = await startNode();
    for (const action of ["wallet_create", "stop", "send", "key_create"]) {
      expect(await node.rpc({ action })).toEqual({ error: "Unknown command" });
    }
  });
});

describe("brackets", () => {
  test("twenty are enough for anybody; the node counts those in texts too, and those that close nothing", async () => {
    const { rpcUrl } = await startNode();
    const ask = async (body: string): Promise<unknown> => JSON.parse((await send(rpcUrl, body)).text);
    const request = (text: string) => JSON.stringify({ action: "account_key", account: text });
    expect(await ask(request("[".repeat(19)))).toEqual({ error: "Bad account number" });
    expect(await ask(request("[".repeat(20)))).toEqual(DEPTH);
    expect(await ask(request("{".repeat(20)))).toEqual(DEPTH);
    expect(await ask(request("]".repeat(99)))).toEqual({ error: "Bad account number" });
    expect(await ask("[".repeat(100_000))).toEqual(DEPTH);
  });
});

describe("a node that computes no work", () => {
  test("says so after it has looked at the request", async () => {
    const node = await startNode({ workGeneration: false });
    const ask = (more: object) => node.rpc({ action: "work_generate", hash: node.genesis.hash, ...more });
    expect(await ask({})).toEqual({ error: "Local work generation is disabled" });
    expect(await ask({ use_peers: "true" })).toEqual({ error: "Work generation is disabled" });
    expect(await ask({ hash: "xyz", use_peers: "true" })).toEqual({ error: "Invalid block hash" });
    expect(await ask({ difficulty: "ffffffffffffffff" })).toEqual({
      error: "Difficulty above config limit or below publish threshold",
    });
  });

  test("funding goes on: it asks nobody", async () => {
    const node = await startNode({ workGeneration: false, control: false });
    await node.fund(node.genesis.address, 1n);
    expect((await node.rpc({ action: "block_count" })).count).toBe("2");
  });
});
