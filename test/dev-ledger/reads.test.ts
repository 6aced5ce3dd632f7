import { describe, expect, test } from "vitest";
import { ALL_RAW, buildBlock, createOwner, genesisOwner, process, startNode } from "./support.js";

const UNKNOWN = "A".repeat(64);
const BURN = "nano_1111111111111111111111111111111111111111111111111111hifc8npp";

describe("chains", () => {
  test("down and up, with count, offset and reverse", async () => {
    const node = await startNode();
    const { address } = await createOwner();
    const chain = [node.genesis.hash.toUpperCase()];
    for (let count = 0; count < 4; count += 1) chain.push((await node.fund(address, 1n)).toUpperCase());
    const [genesis = "", first = "", second = "", third = "", head = ""] = chain;
    const ask = async (action: string, block: string, more: object = {}) =>
      (await node.rpc({ action, block, count: "-1", ...more })).blocks;

    expect(await ask("chain", head)).toEqual(chain.toReversed());
    expect(await ask("successors", genesis)).toEqual(chain);
    expect(await ask("chain", third, { count: "2" })).toEqual([third, second]);
    expect(await ask("chain", third, { count: "2", offset: "1" })).toEqual([second, first]);
    expect(await ask("successors", first, { count: "2", offset: "1" })).toEqual([second, third]);
    expect(await ask("chain", first, { reverse: "true", count: "2" })).toEqual([first, second]);
    expect(await ask("successors", first, { reverse: "true" })).toEqual([first, genesis]);
    expect(await ask("chain", head, { offset: "9" })).toBe("");
    expect(await ask("chain", UNKNOWN)).toBe("");
    expect(await node.rpc({ action: "chain", block: "xyz", count: "1" })).toEqual({ error: "Invalid block hash" });
    expect(await node.rpc({ action: "chain", block: head, count: "0" })).toEqual({ error: "Invalid count" });
    expect(await node.rpc({ action: "chain", block: head })).toEqual({ error: "Unable to parse JSON" });
  });

  test("counts are read as the node's library reads numbers", async () => {
    const node = await startNode();
    const ask = async (count: unknown) => (await node.rpc({ action: "chain", block: node.genesis.hash, count })).error;
    for (const fine of ["1", 1, " 1", "+1", "-1", "18446744073709551615", "0000000000000000000000001"]) {
      expect(await ask(fine)).toBeUndefined();
    }
    for (const wrong of ["", "0", "-0", "1 ", "1.0", "0x1", "one", "18446744073709551616", "9".repeat(99)]) {
      expect(await ask(wrong)).toBe("Invalid count");
    }
    const some = (count: string) => node.rpc({ action: "receivable", account: node.genesis.address, count });
    await node.fund(node.genesis.address, 1n);
    expect(await some("18446744073709551616")).toEqual({ error: "Invalid count" });
    expect(await some("0")).toEqual({ blocks: "" });
    expect((await some("-1")).blocks).toHaveLength(1);
  });

  test("contents and accounts of blocks", async () => {
    const node = await startNode();
    const hash = await node.fund((await createOwner()).address, 1n);
    const info = await node.rpc({ action: "block_info", hash, json_block: true });
    expect(await node.rpc({ action: "blocks", hashes: [hash], json_block: true })).toEqual({
      blocks: { [hash]: info.contents },
    });
    const { blocks } = await node.rpc({ action: "blocks", hashes: [hash, node.genesis.hash] });
    expect(JSON.parse(blocks[hash])).toEqual(info.contents);
    expect(await node.rpc({ action: "blocks", hashes: [] })).toEqual({ blocks: "" });
    expect(await node.rpc({ action: "blocks", hashes: [hash, UNKNOWN] })).toEqual({ error: "Block not found" });
    expect(await node.rpc({ action: "blocks", hashes: ["xyz"] })).toEqual({ error: "Bad hash number" });
    expect(await node.rpc({ action: "block_account", hash })).toEqual({ account: node.genesis.address });
    expect(await node.rpc({ action: "block_account", hash: UNKNOWN })).toEqual({ error: "Block not found" });
  });

  test("the account at the other end, where it is asked for", async () => {
    const node = await startNode();
    const owner = await createOwner();
    const { send, frontier } = await node.fundAccount({ secretKey: owner.secretKey, raw: 5n });
    const change = buildBlock(owner, { previous: frontier, balanceRaw: 5n });
    const { hash: changed } = await process(node, change);
    const linked = async (hash: string) =>
      (await node.rpc({ action: "block_info", hash, include_linked_account: "true" })).linked_account;
    expect(await linked(send)).toBe(owner.address);
    expect(await linked(frontier)).toBe(node.genesis.address);
    expect([await linked(changed), await linked(node.genesis.hash)]).toEqual(["0", "0"]);
    const info = await node.rpc({ action: "blocks_info", hashes: [send], include_linked_account: true });
    expect(info.blocks[send].linked_account).toBe(owner.address);
    const ask = { action: "account_history", account: owner.address, count: "9", raw: "true" };
    const { history } = await node.rpc({ ...ask, include_linked_account: "true" });
    expect(history.map((entry: { linked_account: string }) => entry.linked_account)).toEqual([
      "0",
      node.genesis.address,
    ]);
    expect((await node.rpc(ask)).history[0]).not.toHaveProperty("linked_account");
  });

  test("a filter takes a raw change's subtype away, not the change, and spares genesis", async () => {
    const node = await startNode();
    const owner = await createOwner();
    const { frontier } = await node.fundAccount({ secretKey: owner.secretKey, raw: 5n });
    const { hash } = await process(node, buildBlock(owner, { previous: frontier, balanceRaw: 5n }));
    const ask = async (account: string, more: object = {}) =>
      (await node.rpc({ action: "account_history", account, count: -1, account_filter: [BURN], ...more })).history;
    expect(await ask(owner.address)).toBe("");
    expect(await ask(owner.address, { raw: true })).toMatchObject([{ type: "state", hash }]);
    expect((await ask(owner.address, { raw: true }))[0]).not.toHaveProperty("subtype");
    expect(await ask(node.genesis.address)).toMatchObject([{ type: "receive", height: "1" }]);
  });
});

describe("the whole ledger", () => {
  test("frontiers in the order of the keys, from any account on", async () => {
    const node = await startNode();
    for (let count = 0; count < 5; count += 1) {
      await node.fundAccount({ secretKey: (await createOwner()).secretKey, raw: 1n });
    }
    const { frontiers } = await node.rpc({ action: "frontiers", account: BURN, count: "-1" });
    const keys: string[] = [];
    for (const account of Object.keys(frontiers)) keys.push((await node.rpc({ action: "account_key", account })).key);
    expect(keys).toEqual(keys.toSorted());
    expect(await node.rpc({ action: "frontier_count" })).toEqual({ count: keys.length.toString() });
    expect(keys).toHaveLength(6);
    const [, account = "", next = ""] = Object.keys(frontiers);
    expect(await node.rpc({ action: "frontiers", account, count: "2" })).toEqual({
      frontiers: { [account]: frontiers[account], [next]: frontiers[next] },
    });
    const last = (await node.rpc({ action: "account_get", key: "F".repeat(64) })).account;
    expect(await node.rpc({ action: "frontiers", account: last, count: "1" })).toEqual({ frontiers: "" });
  });

  test("blocks of an account, and what is in circulation", async () => {
    const node = await startNode();
    const { address } = await createOwner();
    await node.fund(address, 10n);
    await node.fund(BURN, 4n);
    expect(await node.rpc({ action: "account_block_count", account: node.genesis.address })).toEqual({
      block_count: "3",
    });
    expect(await node.rpc({ action: "account_block_count", account: address })).toEqual({ error: "Account not found" });
    expect(await node.rpc({ action: "available_supply" })).toEqual({ available: "10" });
    const spent = await startNode({ confirm: "never" });
    const all = buildBlock(genesisOwner(spent), { previous: spent.genesis.hash, balanceRaw: 1n, link: BURN });
    await process(spent, all);
    expect(await spent.rpc({ action: "available_supply" })).toEqual({ available: "0" });
  });
});

describe("conversions", () => {
  test.each([
    ["nano_to_raw", "1", `1${"0".repeat(30)}`],
    ["raw_to_nano", `2${"9".repeat(30)}`, "2"],
    ["raw_to_nano", "0", "0"],
    ["raw_to_nano", ALL_RAW.toString(), "340282366"],
    ["nano_to_raw", "340282366", `340282366${"0".repeat(30)}`],
  ])("%s %s → %s", async (action, amount, result) => {
    expect(await (await startNode()).rpc({ action, amount })).toEqual({ amount: result });
  });

  test.each([
    ["nano_to_raw", "0", "Amount too big"],
    ["nano_to_raw", "340282367", "Amount too big"],
    ["nano_to_raw", "1.5", "Invalid amount number"],
    ["raw_to_nano", "-1", "Invalid amount number"],
    ["raw_to_nano", undefined, "Unable to parse JSON"],
  ])("%s %s: %s", async (action, amount, error) => {
    expect(await (await startNode()).rpc({ action, amount })).toEqual({ error });
  });

  test("keys, by the documented examples", async () => {
    const node = await startNode();
    const derived = await node.rpc({ action: "deterministic_key", seed: "0".repeat(64), index: "0" });
    expect(derived).toEqual({
      private: "9F0E444C69F77A49BD0BE89DB92C38FE713E0963165CCA12FAF5712D7657120F",
      public: "C008B814A7D269A1FA3C6528B19201A24D797912DB9996FF02A1FF356E45552B",
      account: "nano_3i1aq1cchnmbn9x5rsbap8b15akfh7wj7pwskuzi7ahz8oq6cobd99d4r3b7",
    });
    expect(await node.rpc({ action: "key_expand", key: derived.private.toLowerCase() })).toEqual(derived);
    expect(
      await node.rpc({ action: "key_expand", key: "781186FB9EF17DB6E3D1056550D9FAE5D5BBADA6A6BC370E4CBB938B1DC71DA3" }),
    ).toMatchObject({ account: "nano_1e5aqegc1jb7qe964u4adzmcezyo6o146zb8hm6dft8tkp79za3sxwjym5rx" });
    const seeded = (seed: unknown, index: unknown) => node.rpc({ action: "deterministic_key", seed, index });
    expect(await seeded("0", "4294967296")).toEqual(derived);
    expect(await seeded("0", "4294967295")).not.toEqual(derived);
    expect(await seeded("xyz", "0")).toEqual({ error: "Bad seed" });
    expect(await seeded("0", "first")).toEqual({ error: "Invalid index" });
    expect(await node.rpc({ action: "key_expand", key: "xyz" })).toEqual({ error: "Bad private key" });
  });
});

describe("old names", () => {
  test("say that they are", async () => {
    const node = await startNode();
    const { address } = await createOwner();
    const hash = (await node.fund(address, 3n)).toUpperCase();
    const accounts = [address];
    expect(await node.rpc({ action: "accounts_pending", accounts })).toEqual({
      deprecated: "1",
      ...(await node.rpc({ action: "accounts_receivable", accounts })),
    });
    expect(await node.rpc({ action: "pending_exists", hash })).toEqual({ deprecated: "1", exists: "1" });
    expect(await node.rpc({ action: "active_difficulty", include_trend: true })).toMatchObject({
      difficulty_trend: ["1.000000000000000"],
    });
  });
});
