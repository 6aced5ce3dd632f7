import { describe, expect, test } from "vitest";
import { encodeTelemetry } from "../../src/dev-ledger/telemetry.js";
import { decodeAddress, hexToBytes, verifySignature } from "../../src/nano/index.js";
import { readRecording } from "./recordings.js";
import { ALL_RAW, buildBlock, createOwner, genesisOwner, type Json, process, startNode } from "./support.js";

describe("time", () => {
  test("blocks carry the second of the injected clock in which they came", async () => {
    let nowMs = 1_700_000_000_900;
    const node = await startNode({ clock: () => nowMs });
    nowMs += 5_200;
    const hash = await node.fund((await createOwner()).address, 1n);
    expect((await node.rpc({ action: "block_info", hash: node.genesis.hash })).local_timestamp).toBe("1700000000");
    expect((await node.rpc({ action: "block_info", hash })).local_timestamp).toBe("1700000006");
    expect((await node.rpc({ action: "account_info", account: node.genesis.address })).modified_timestamp).toBe(
      "1700000006",
    );
    expect(await node.rpc({ action: "uptime" })).toEqual({ seconds: "5" });
  });
});

describe("receivable", () => {
  test("sorted by hash, or by amount; count, offset and threshold", async () => {
    const node = await startNode();
    const { address } = await createOwner();
    const sent: [string, bigint][] = [];
    for (const raw of [3n, 9n, 1n, 9n, 5n]) sent.push([(await node.fund(address, raw)).toUpperCase(), raw]);
    const byHash = sent.toSorted(([left], [right]) => (left < right ? -1 : 1));
    const ask = async (more: object) => (await node.rpc({ action: "receivable", account: address, ...more })).blocks;

    expect(await ask({})).toEqual(byHash.map(([hash]) => hash));
    expect(await ask({ count: "2", offset: "1" })).toEqual(byHash.slice(1, 3).map(([hash]) => hash));
    expect(Object.keys(await ask({ threshold: "5" }))).toEqual(
      byHash.filter(([, raw]) => raw >= 5n).map(([hash]) => hash),
    );
    expect(Object.values(await ask({ sorting: "true" }))).toEqual(["9", "9", "5", "3", "1"]);
    expect(Object.values(await ask({ sorting: "true", threshold: "2", offset: "1", count: "2" }))).toEqual(["9", "5"]);
    expect(await ask({ offset: "5" })).toBe("");
    // The offset counts the small ones too, unlike in a sorted list.
    const later = byHash.slice(3).filter(([, raw]) => raw >= 5n);
    expect(later.length).toBeGreaterThan(0);
    expect(Object.keys(await ask({ offset: "3", threshold: "5" }))).toEqual(later.map(([hash]) => hash));
    const both = await node.rpc({ action: "accounts_receivable", accounts: [address], sorting: "true", count: "5" });
    expect(Object.values(both.blocks[address])).toEqual(["9", "9", "5", "3", "1"]);
  });

  test("a send exists as receivable until it is received", async () => {
    const node = await startNode();
    const owner = await createOwner();
    const { send, frontier } = await node.fundAccount({ secretKey: owner.secretKey, raw: 2n });
    const exists = async (hash: string) => node.rpc({ action: "receivable_exists", hash });
    expect(await exists(await node.fund(owner.address, 1n))).toEqual({ exists: "1" });
    expect(await exists(send)).toEqual({ exists: "0" });
    expect(await exists(frontier)).toEqual({ exists: "0" });
    expect(await exists("A".repeat(64))).toEqual({ error: "Block not found" });
  });
});

describe("account_history", () => {
  test("both directions, from a head, with an offset, for one counterpart", async () => {
    const node = await startNode();
    const owner = await createOwner();
    const other = await createOwner();
    const { frontier, send } = await node.fundAccount({ secretKey: owner.secretKey, raw: 100n });
    const change = buildBlock(owner, { previous: frontier, balanceRaw: 100n, representative: other.address });
    const { hash: changed } = await process(node, change);
    const { hash: paid } = await process(
      node,
      buildBlock(owner, { previous: changed, balanceRaw: 60n, link: other.address }),
    );
    const ask = async (more: object): Promise<Json> =>
      node.rpc({ action: "account_history", account: owner.address, count: "9", ...more });
    const open = frontier.toUpperCase();

    const all = await ask({});
    expect(all.history.map((entry: Json) => [entry.type, entry.account, entry.amount, entry.height])).toEqual([
      ["send", other.address, "40", "3"],
      ["receive", node.genesis.address, "100", "1"],
    ]);
    expect(all).not.toHaveProperty("previous");
    expect((await ask({ raw: "true" })).history.map((entry: Json) => entry.subtype)).toEqual([
      "send",
      "change",
      "receive",
    ]);
    expect((await ask({ reverse: "true" })).history.map((entry: Json) => entry.hash)).toEqual([open, paid]);
    expect(await ask({ reverse: "true", count: "1" })).toMatchObject({ next: changed });
    expect(await ask({ count: "1" })).toMatchObject({ previous: changed });
    expect((await ask({ offset: "1" })).history.map((entry: Json) => entry.hash)).toEqual([open]);
    expect((await ask({ head: changed })).history.map((entry: Json) => entry.hash)).toEqual([open]);
    expect((await ask({ account_filter: [other.address] })).history.map((entry: Json) => entry.hash)).toEqual([paid]);
    expect(await ask({ head: "A".repeat(64) })).toEqual({ error: "Block not found" });
    expect(await ask({ count: "0" })).toEqual({ error: "Invalid count" });
    const genesis = await node.rpc({ action: "account_history", account: node.genesis.address, count: "9" });
    expect(genesis.history.map((entry: Json) => [entry.type, entry.hash])).toEqual([
      ["send", send.toUpperCase()],
      ["receive", node.genesis.hash.toUpperCase()],
    ]);
  });
});

describe("account_info", () => {
  test("head and confirmed head side by side; an account that has nothing confirmed shows zeros", async () => {
    const node = await startNode({ confirm: "never" });
    const owner = await createOwner();
    const hash = await node.fund(owner.address, 7n);
    await process(node, buildBlock(owner, { balanceRaw: 7n, link: hash }));
    const info = await node.rpc({
      action: "account_info",
      account: owner.address,
      include_confirmed: "true",
      representative: "true",
    });
    expect(info).toMatchObject({
      balance: "7",
      confirmed_balance: "0",
      confirmed_height: "0",
      confirmed_frontier: "0".repeat(64),
      representative: owner.address,
      confirmed_representative: "nano_1111111111111111111111111111111111111111111111111111hifc8npp",
    });
    expect(info).not.toHaveProperty("confirmation_height");
  });

  test("the genesis account is reproducible and owns everything", async () => {
    const node = await startNode();
    expect(await createOwner(node.genesis.secretKey)).toEqual(genesisOwner(node));
    expect((await node.rpc({ action: "account_balance", account: node.genesis.address })).balance).toBe(
      ALL_RAW.toString(),
    );
    const { contents } = await node.rpc({ action: "block_info", hash: node.genesis.hash, json_block: "true" });
    const signature = hexToBytes(contents.signature, 64);
    expect(verifySignature(signature, hexToBytes(node.genesis.hash, 32), decodeAddress(node.genesis.address))).toBe(
      true,
    );
  });
});

describe("telemetry", () => {
  const nodeKey = (answer: Json) => decodeAddress(answer.node_id.replace("node_", "nano_"));
  const signedBytes = (answer: Json) =>
    encodeTelemetry({
      nodeId: nodeKey(answer),
      blockCount: Number(answer.block_count),
      cementedCount: Number(answer.cemented_count),
      uncheckedCount: Number(answer.unchecked_count),
      accountCount: Number(answer.account_count),
      uptimeSeconds: Number(answer.uptime),
      genesisHash: answer.genesis_block,
      version: [
        Number(answer.major_version),
        Number(answer.minor_version),
        Number(answer.patch_version),
        Number(answer.pre_release_version),
      ],
      timestampMs: Number(answer.timestamp),
      activeDifficulty: BigInt(`0x${answer.active_difficulty}`),
    });

  test("the signature covers the message as the node's does", async () => {
    const node = await startNode();
    await node.fund(node.genesis.address, 1n);
    const recorded = readRecording("main").find((step) => step.label === "telemetry")?.response;
    const ours = await node.rpc({ action: "telemetry" });
    expect(ours).toMatchObject({ block_count: "2", cemented_count: "2", account_count: "1" });
    for (const answer of [recorded, ours] as Json[]) {
      const signature = hexToBytes(answer.signature, 64);
      expect(verifySignature(signature, signedBytes(answer), nodeKey(answer))).toBe(true);
      expect(verifySignature(signature, signedBytes({ ...answer, uptime: "77" }), nodeKey(answer))).toBe(false);
    }
  });
});
