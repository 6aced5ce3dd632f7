import { describe, expect, test } from "vitest";
import {
  ALL_RAW,
  buildBlock,
  createOwner,
  genesisOwner,
  type Json,
  process,
  startNode,
  type TestNode,
} from "./support.js";

const UNKNOWN = "A".repeat(64);

async function blockInfo(node: TestNode, hash: string): Promise<Json> {
  return node.rpc({ action: "block_info", hash, json_block: "true" });
}

describe("gaps", () => {
  test("a block with a gap and no subtype is refused, kept, and comes in with its predecessor", async () => {
    const node = await startNode();
    const genesis = genesisOwner(node);
    const { address } = await createOwner();
    const first = buildBlock(genesis, { previous: node.genesis.hash, balanceRaw: ALL_RAW - 1n, link: address });
    const firstHash = (await node.rpc({ action: "block_hash", json_block: "true", block: first })).hash;
    const second = buildBlock(genesis, { previous: firstHash, balanceRaw: ALL_RAW - 3n, link: address });
    const secondHash = (await node.rpc({ action: "block_hash", json_block: "true", block: second })).hash;
    const third = buildBlock(genesis, { previous: secondHash, balanceRaw: ALL_RAW - 7n, link: address });

    expect(await process(node, third)).toEqual({ error: "Gap previous block" });
    expect(await process(node, second)).toEqual({ error: "Gap previous block" });
    expect(await node.rpc({ action: "block_count" })).toEqual({ count: "1", unchecked: "2", cemented: "1" });
    expect(await process(node, first)).toEqual({ hash: firstHash });
    expect(await node.rpc({ action: "block_count" })).toEqual({ count: "4", unchecked: "0", cemented: "4" });
    expect((await blockInfo(node, secondHash)).amount).toBe("2");
    expect((await node.rpc({ action: "receivable", account: address, threshold: "1" })).blocks).toHaveProperty(
      secondHash,
      "2",
    );
  });

  test("under a subtype it is refused and forgotten", async () => {
    const node = await startNode();
    const genesis = genesisOwner(node);
    const { address } = await createOwner();
    const first = buildBlock(genesis, { previous: node.genesis.hash, balanceRaw: ALL_RAW - 1n, link: address });
    const { hash } = await node.rpc({ action: "block_hash", json_block: "true", block: first });
    const second = buildBlock(genesis, { previous: hash, balanceRaw: ALL_RAW - 2n, link: address });

    expect(await process(node, second, { subtype: "send" })).toEqual({ error: "Gap previous block" });
    expect(await process(node, first, { subtype: "send" })).toEqual({ hash });
    expect(await node.rpc({ action: "block_count" })).toEqual({ count: "2", unchecked: "0", cemented: "2" });
  });

  test("an open block waits for its send", async () => {
    const node = await startNode();
    const owner = await createOwner();
    const sent = buildBlock(genesisOwner(node), {
      previous: node.genesis.hash,
      balanceRaw: ALL_RAW - 5n,
      link: owner.address,
    });
    const { hash } = await node.rpc({ action: "block_hash", json_block: "true", block: sent });
    const open = buildBlock(owner, { balanceRaw: 5n, link: hash });

    expect(await process(node, open)).toEqual({ error: "Gap source block" });
    expect(await process(node, open)).toEqual({ error: "Gap source block" });
    expect((await node.rpc({ action: "block_count" })).unchecked).toBe("1");
    await process(node, sent);
    expect(await node.rpc({ action: "account_balance", account: owner.address })).toEqual({
      balance: "5",
      pending: "0",
      receivable: "0",
    });
  });
});

describe("forks", () => {
  test("of two blocks on one predecessor the second is a fork; force replaces an unconfirmed one with all on it", async () => {
    const node = await startNode({ confirm: "never" });
    const genesis = genesisOwner(node);
    const payee = await createOwner();
    const other = await createOwner();
    const paid = buildBlock(genesis, { previous: node.genesis.hash, balanceRaw: ALL_RAW - 10n, link: payee.address });
    const { hash: paidHash } = await process(node, paid);
    const { hash: openHash } = await process(node, buildBlock(payee, { balanceRaw: 10n, link: paidHash }));
    const { hash: onward } = await process(
      node,
      buildBlock(payee, { previous: openHash, balanceRaw: 4n, link: other.address }),
    );
    const { hash: last } = await process(node, buildBlock(other, { balanceRaw: 6n, link: onward }));
    expect(last).toMatch(/^[0-9A-F]{64}$/);
    const rival = buildBlock(genesis, { previous: node.genesis.hash, balanceRaw: ALL_RAW - 20n, link: other.address });

    expect(await process(node, rival)).toEqual({ error: "Fork" });
    const { hash: rivalHash } = await process(node, rival, { force: "true" });
    for (const gone of [paidHash, openHash, onward, last]) {
      expect(await blockInfo(node, gone)).toEqual({ error: "Block not found" });
    }
    expect(await node.rpc({ action: "account_info", account: payee.address })).toEqual({ error: "Account not found" });
    expect(await node.rpc({ action: "account_info", account: genesis.address, weight: "true" })).toMatchObject({
      frontier: rivalHash,
      balance: (ALL_RAW - 20n).toString(),
      block_count: "2",
      weight: (ALL_RAW - 20n).toString(),
    });
    expect(
      (await node.rpc({ action: "account_balance", account: other.address, include_only_confirmed: "false" }))
        .receivable,
    ).toBe("20");
    expect(await process(node, rival)).toEqual({ error: "Old block" });
  });

  test("force on a confirmed rival answers a hash and changes nothing", async () => {
    const node = await startNode();
    const genesis = genesisOwner(node);
    const { address } = await createOwner();
    const { hash } = await process(
      node,
      buildBlock(genesis, { previous: node.genesis.hash, balanceRaw: 1n, link: address }),
    );
    const rival = buildBlock(genesis, { previous: node.genesis.hash, balanceRaw: 2n, link: address });
    const forced = await process(node, rival, { force: "true" });

    expect(forced.hash).toMatch(/^[0-9A-F]{64}$/);
    expect(await blockInfo(node, forced.hash)).toEqual({ error: "Block not found" });
    expect((await blockInfo(node, hash)).confirmed).toBe("true");
  });

  test("a second open block is a fork too, and force replaces the first", async () => {
    const node = await startNode({ confirm: "never" });
    const owner = await createOwner();
    const sendHash = await node.fund(owner.address, 8n);
    const open = buildBlock(owner, { balanceRaw: 8n, link: sendHash });
    const rival = buildBlock(owner, { balanceRaw: 8n, link: sendHash, representative: node.genesis.address });
    const { hash } = await process(node, open);

    expect(await process(node, rival)).toEqual({ error: "Fork" });
    const forced = await process(node, rival, { force: true });
    expect(await blockInfo(node, hash)).toEqual({ error: "Block not found" });
    expect((await blockInfo(node, forced.hash)).subtype).toBe("receive");
  });
});

describe("process", () => {
  test("async answers before it says anything about the block", async () => {
    const node = await startNode();
    const { address } = await createOwner();
    const block = buildBlock(genesisOwner(node), { previous: node.genesis.hash, balanceRaw: 0n, link: address });
    expect(await process(node, { ...block, signature: "0".repeat(128) }, { async: "true" })).toEqual({ started: "1" });
    expect((await node.rpc({ action: "block_count" })).count).toBe("1");
    expect(await process(node, block, { async: "true" })).toEqual({ started: "1" });
    expect((await node.rpc({ action: "block_count" })).count).toBe("2");
  });

  test("link_as_account and unknown keys are not looked at, an address in link is", async () => {
    const node = await startNode();
    const { address } = await createOwner();
    const block = buildBlock(genesisOwner(node), { previous: node.genesis.hash, balanceRaw: 0n, link: address });
    const odd = { ...block, link: address, link_as_account: "nonsense", memo: "hello" };
    const { hash } = await process(node, odd, { subtype: "send" });
    const { contents } = await blockInfo(node, hash);
    expect(contents.link_as_account).toBe(address);
    expect(contents).not.toHaveProperty("memo");
  });

  test.each([
    [
      "a change of balance without a link",
      { balanceRaw: ALL_RAW, previous: "" },
      {},
      "Balance and amount delta do not match",
    ],
    ["an epoch", { balanceRaw: 5n, previous: "" }, { subtype: "epoch" }, "Invalid epoch link"],
    [
      "an epoch that moves money",
      { balanceRaw: 4n, previous: "" },
      { subtype: "epoch" },
      "Invalid block balance for given subtype",
    ],
    ["a first block without a source", { balanceRaw: 5n, previous: undefined }, {}, "Fork"],
    [
      "a change as first block",
      { balanceRaw: 5n, previous: undefined },
      { subtype: "change" },
      "Invalid previous block for given subtype",
    ],
    ["a send from nowhere", { balanceRaw: 4n, previous: UNKNOWN }, { subtype: "send" }, "Gap previous block"],
  ])("%s is refused", async (_name, { balanceRaw, previous }, more, error) => {
    const node = await startNode();
    const owner = await createOwner();
    const { frontier } = await node.fundAccount({ secretKey: owner.secretKey, raw: 5n });
    const parts = { balanceRaw, ...(previous !== undefined && { previous: previous === "" ? frontier : previous }) };
    expect(await process(node, buildBlock(owner, parts), more)).toEqual({ error });
  });

  test("an account nobody paid cannot open with a change", async () => {
    const node = await startNode();
    expect(await process(node, buildBlock(await createOwner(), { balanceRaw: 0n }))).toEqual({
      error: "Gap source block",
    });
  });

  test("a change keeps the balance and moves the weight", async () => {
    const node = await startNode();
    const owner = await createOwner();
    const delegate = await createOwner();
    const { frontier } = await node.fundAccount({ secretKey: owner.secretKey, raw: 5n });
    const change = buildBlock(owner, { previous: frontier, balanceRaw: 5n, representative: delegate.address });
    const { hash } = await process(node, change, { subtype: "change" });
    expect(await blockInfo(node, hash)).toMatchObject({ subtype: "change", amount: "0", balance: "5" });
    expect(await node.rpc({ action: "account_info", account: genesisOwner(node).address, weight: true })).toMatchObject(
      {
        weight: (ALL_RAW - 5n).toString(),
      },
    );
  });
});
