import { describe, expect, test } from "vitest";
import { BlockProcessor } from "../../src/dev-ledger/block-processor.js";
import { Confirmations, scheduleWithTimers } from "../../src/dev-ledger/confirmations.js";
import { Funding } from "../../src/dev-ledger/funding.js";
import { createDevNetwork } from "../../src/dev-ledger/genesis.js";
import { LedgerState } from "../../src/dev-ledger/ledger-state.js";
import type { DevNetwork } from "../../src/dev-ledger/network.js";
import type { DevNode } from "../../src/dev-ledger/node.js";
import { cryptoReady, hashBlock, signBlock, xno } from "../../src/nano/index.js";
import { ALL_RAW, buildBlock, createOwner, process, startNode } from "./support.js";

/** A node without HTTP, for what has to happen between two turns of the event loop. */
function createBareNode(network: DevNetwork): { readonly node: DevNode; readonly accepted: string[] } {
  const accepted: string[] = [];
  const state = new LedgerState(network.genesis, 0);
  const processor = new BlockProcessor({
    state,
    work: network.work,
    nowSeconds: () => 0,
    onAccepted: ({ hash }) => accepted.push(hash),
    onRemoved: () => undefined,
  });
  const confirmations = new Confirmations({ state, confirm: "never", confirmAfterMs: 0, schedule: scheduleWithTimers });
  const closing = new AbortController().signal;
  return {
    accepted,
    node: {
      network,
      rules: { control: true, workGeneration: true },
      state,
      processor,
      confirmations,
      clock: () => 0,
      startedAtMs: 0,
      closing,
    },
  };
}

describe("fund", () => {
  test("is a confirmed send that the owner can receive, on a ledger that confirms nothing by itself too", async () => {
    const node = await startNode({ confirm: "never" });
    const owner = await createOwner();
    const hash = await node.fund(owner.address, xno("1"));
    expect(await node.rpc({ action: "account_info", account: owner.address })).toEqual({ error: "Account not found" });
    expect(await node.rpc({ action: "receivable", account: owner.address, source: "true" })).toEqual({
      blocks: { [hash.toUpperCase()]: { amount: xno("1").toString(), source: node.genesis.address } },
    });
    const opened = await process(node, buildBlock(owner, { balanceRaw: xno("1"), link: hash }), { subtype: "open" });
    expect(opened.hash).toMatch(/^[0-9A-F]{64}$/);
  });

  test("twenty alike at once are twenty sends on one chain", async () => {
    const node = await startNode();
    const { address } = await createOwner();
    const hashes = await Promise.all(Array.from({ length: 20 }, () => node.fund(address, 3n)));
    expect(new Set(hashes).size).toBe(20);
    expect((await node.rpc({ action: "account_balance", account: address })).receivable).toBe("60");
    expect((await node.rpc({ action: "account_balance", account: node.genesis.address })).balance).toBe(
      (ALL_RAW - 60n).toString(),
    );
  });

  test("goes on where somebody else spent from genesis", async () => {
    const node = await startNode();
    const { address } = await createOwner();
    const genesis = { secretKey: node.genesis.secretKey, address: node.genesis.address };
    await process(node, buildBlock(genesis, { previous: node.genesis.hash, balanceRaw: ALL_RAW - 3n, link: address }));
    await node.fund(address, 4n);
    expect((await node.rpc({ action: "account_balance", account: address })).receivable).toBe("7");
  });

  test("starts over where somebody spends from genesis while it looks for work", async () => {
    await cryptoReady();
    // The first work of this value on the genesis hash is the 26,133rd: six turns of the event loop lie before it.
    const send = 0xfff71a66b8fc4b29n;
    const network = createDevNetwork({ entry: 0n, send, receive: 0n });
    const { node, accepted } = createBareNode(network);
    const { account } = network.genesis;
    const funding = new Funding(node).fund(account, 4n);
    await new Promise((resolve) => setImmediate(resolve));
    const previous = node.state.genesisHash;
    const rival = { account, previous, representative: account, balanceRaw: ALL_RAW - 3n, link: account };
    const signed = signBlock(rival, network.genesisSecretKey);
    expect(node.processor.process({ type: "state", ...signed, work: "0000000000006614" })).toBeUndefined();
    expect(accepted).toEqual([hashBlock(rival)]);
    const hash = await funding;
    expect(accepted).toEqual([hashBlock(rival), hash]);
    expect(node.state.account(account)).toMatchObject({ head: hash, balanceRaw: ALL_RAW - 7n, blockCount: 3 });
  });

  test.each([
    ["nothing", 0n, "invalid_amount"],
    ["less than nothing", -1n, "invalid_amount"],
    ["more than there is", ALL_RAW + 1n, "insufficient_funds"],
  ])("%s is refused, and the next one works", async (_name, raw, code) => {
    const node = await startNode();
    const { address } = await createOwner();
    await expect(node.fund(address, raw)).rejects.toMatchObject({ code });
    await expect(node.fund("nano_1abc", 1n)).rejects.toMatchObject({ code: "invalid_address" });
    await node.fund(address, 1n);
    expect((await node.rpc({ action: "account_balance", account: address })).receivable).toBe("1");
  });

  test("is over once the ledger is closed", async () => {
    const node = await startNode();
    await node.close();
    await expect(node.fund(node.genesis.address, 1n)).rejects.toMatchObject({ code: "work_unavailable" });
  });
});

describe("fundAccount", () => {
  test("opens the account, and adds to one that is open", async () => {
    const node = await startNode({ confirm: "never" });
    const owner = await createOwner();
    const first = await node.fundAccount({ secretKey: owner.secretKey, raw: 5n });
    const second = await node.fundAccount({ secretKey: owner.secretKey, raw: 7n });
    expect(first.address).toBe(owner.address);
    expect(await node.rpc({ action: "account_info", account: owner.address, include_confirmed: "true" })).toMatchObject(
      {
        open_block: first.frontier.toUpperCase(),
        frontier: second.frontier.toUpperCase(),
        confirmed_frontier: second.frontier.toUpperCase(),
        confirmed_balance: "12",
        block_count: "2",
      },
    );
    const info = await node.rpc({
      action: "blocks_info",
      hashes: [second.send, second.frontier],
      receive_hash: true,
      source: true,
    });
    expect(info.blocks[second.send].receive_hash).toBe(second.frontier.toUpperCase());
    expect(info.blocks[second.frontier].source_account).toBe(node.genesis.address);
  });

  test("a key that is none is refused without being named", async () => {
    const node = await startNode();
    const secretKey = "deadbeef";
    await expect(node.fundAccount({ secretKey, raw: 1n })).rejects.toMatchObject({ code: "invalid_secret_key" });
    await expect(node.fundAccount({ secretKey, raw: 1n })).rejects.not.toThrow(secretKey);
  });
});
