import { describe, expect, test } from "vitest";
import { xno } from "../../src/nano/index.js";
import { ALL_RAW, buildBlock, createOwner, genesisOwner, process, startNode, type TestNode } from "./support.js";

const NO_ONE = "nano_1111111111111111111111111111111111111111111111111111hifc8npp";
const ZEROS = "0".repeat(64);

async function sendFromGenesis(node: TestNode, previous: string, balanceRaw: bigint, link: string): Promise<string> {
  return (await process(node, buildBlock(genesisOwner(node), { previous, balanceRaw, link }))).hash;
}

describe("elections", () => {
  test("the first unconfirmed block of each chain has one, as long as what it receives is confirmed", async () => {
    const node = await startNode({ confirm: "never" });
    const owner = await createOwner();
    const funded = (await node.fund(owner.address, 5n)).toUpperCase();
    const first = await sendFromGenesis(node, funded, ALL_RAW - 6n, owner.address);
    const second = await sendFromGenesis(node, first, ALL_RAW - 8n, owner.address);
    const { hash: open } = await process(node, buildBlock(owner, { balanceRaw: 5n, link: funded }));
    const { hash: receive } = await process(node, buildBlock(owner, { previous: open, balanceRaw: 7n, link: second }));
    const key = (await node.rpc({ action: "account_key", account: owner.address })).key;
    const active = () => node.rpc({ action: "confirmation_active" });

    expect(await active()).toEqual({ confirmations: [funded + funded, key + ZEROS], unconfirmed: "2", confirmed: "0" });
    node.confirm(open);
    expect(await active()).toEqual({ confirmations: [funded + funded], unconfirmed: "1", confirmed: "0" });
    node.confirm(first);
    expect(await active()).toEqual({ confirmations: [first + first], unconfirmed: "1", confirmed: "0" });
    node.confirm(second);
    expect(await active()).toEqual({ confirmations: [open + open], unconfirmed: "1", confirmed: "0" });
    node.confirm(receive);
    expect(await active()).toEqual({ confirmations: "", unconfirmed: "0", confirmed: "0" });
  });

  test("one that was forced away is no longer among them", async () => {
    const node = await startNode({ confirm: "never" });
    const { address } = await createOwner();
    const { hash: genesis } = node.genesis;
    await sendFromGenesis(node, genesis, ALL_RAW - 1n, address);
    const rival = buildBlock(genesisOwner(node), { previous: genesis, balanceRaw: ALL_RAW - 2n, link: address });
    const { hash } = await process(node, rival, { force: true });
    const root = (genesis + genesis).toUpperCase();
    expect((await node.rpc({ action: "confirmation_active" })).confirmations).toEqual([root]);
    expect((await node.rpc({ action: "confirmation_info", root })).last_winner).toBe(hash);
  });

  test("nobody was asked twice: announcements above zero leave none", async () => {
    const node = await startNode({ confirm: "never" });
    await sendFromGenesis(node, node.genesis.hash, 0n, node.genesis.address);
    const ask = async (announcements: string) =>
      (await node.rpc({ action: "confirmation_active", announcements })).unconfirmed;
    expect([await ask("0"), await ask("1"), await ask("many"), await ask("2 or so")]).toEqual(["1", "0", "1", "0"]);
  });

  test("confirmation_info by either case of the root; contents as a text, or left out", async () => {
    const node = await startNode({ confirm: "never" });
    const hash = await sendFromGenesis(node, node.genesis.hash, 3n, node.genesis.address);
    const root = node.genesis.hash + node.genesis.hash;
    const ask = (more: object = {}) => node.rpc({ action: "confirmation_info", root, ...more });
    const { contents } = await node.rpc({ action: "block_info", hash });
    expect(await ask()).toMatchObject({ last_winner: hash, blocks: { [hash]: { tally: "0", contents } } });
    expect(await ask({ root: root.toUpperCase(), contents: "false", representatives: "true" })).toEqual({
      announcements: "0",
      voters: "1",
      last_winner: hash,
      total_tally: "0",
      final_tally: "0",
      blocks: { [hash]: { tally: "0", representatives: { [NO_ONE]: "0" } } },
    });
  });

  test("an account's first block is found by its key", async () => {
    const node = await startNode({ confirm: "never" });
    const owner = await createOwner();
    const { hash } = await process(
      node,
      buildBlock(owner, { balanceRaw: 2n, link: await node.fund(owner.address, 2n) }),
    );
    const { key } = await node.rpc({ action: "account_key", account: owner.address });
    const ask = (root: string) => node.rpc({ action: "confirmation_info", root });
    expect((await ask(key + ZEROS)).last_winner).toBe(hash);
    expect(await ask(ZEROS + key)).toEqual({ error: "Active confirmation not found" });
    node.confirm(hash);
    expect(await ask(key + ZEROS)).toEqual({ error: "Active confirmation not found" });
  });

  test.each([
    ["no root", undefined, "Unable to parse JSON"],
    ["an empty root", "", "Invalid root hash"],
    ["no hexadecimal", "xyz", "Invalid root hash"],
    ["129 digits", "0".repeat(129), "Invalid root hash"],
    ["a root that nothing stands on", "A".repeat(128), "Active confirmation not found"],
    ["zeros", "0", "Active confirmation not found"],
  ])("%s: %s → %s", async (_name, root, error) => {
    const node = await startNode({ confirm: "never" });
    await sendFromGenesis(node, node.genesis.hash, 0n, node.genesis.address);
    expect(await node.rpc({ action: "confirmation_info", ...(root !== undefined && { root }) })).toEqual({ error });
  });

  test("a root made of two blocks is nobody's, nor is a confirmed one", async () => {
    const node = await startNode({ confirm: "never" });
    const first = await sendFromGenesis(node, node.genesis.hash, 9n, node.genesis.address);
    await sendFromGenesis(node, first, 8n, node.genesis.address);
    const ask = (root: string) => node.rpc({ action: "confirmation_info", root });
    const none = { error: "Active confirmation not found" };
    expect(await ask(first + node.genesis.hash)).toEqual(none);
    expect(await ask(first + first)).toEqual(none);
    node.confirm(first);
    expect(await ask(node.genesis.hash + node.genesis.hash)).toEqual(none);
    expect(await ask(first + first)).not.toEqual(none);
  });
});

describe("representatives", () => {
  test("genesis is online once something is confirmed, and its weight is the quorum's", async () => {
    const node = await startNode();
    const { address } = node.genesis;
    const { address: payee } = await createOwner();
    expect(await node.rpc({ action: "representatives_online" })).toEqual({ representatives: "" });
    await node.fund(payee, xno("100000000"));
    const weight = (ALL_RAW - xno("100000000")).toString();
    const ask = async (more: object) => (await node.rpc({ action: "representatives_online", ...more })).representatives;
    expect(await ask({})).toEqual([address]);
    expect(await ask({ weight: "true" })).toEqual({ [address]: { weight } });
    expect(await ask({ accounts: [payee] })).toBe("");
    expect(await ask({ accounts: [payee, address] })).toEqual([address]);
    expect(await node.rpc({ action: "representatives_online", accounts: ["nano_1"] })).toEqual({
      error: "Bad account number",
    });
    expect(await node.rpc({ action: "confirmation_quorum", peer_details: "true" })).toEqual({
      quorum_delta: ((BigInt(weight) * 67n) / 100n).toString(),
      online_weight_quorum_percent: "67",
      online_weight_minimum: xno("60000000").toString(),
      online_stake_total: weight,
      trended_stake_total: xno("60000000").toString(),
      peers_stake_total: "0",
      peers: "",
    });
  });

  test("with little online the quorum is that of the least that is assumed", async () => {
    const node = await startNode();
    const { address } = await createOwner();
    await process(
      node,
      buildBlock(genesisOwner(node), { previous: node.genesis.hash, balanceRaw: xno("20"), link: address }),
    );
    expect(await node.rpc({ action: "confirmation_quorum" })).toMatchObject({
      quorum_delta: ((xno("60000000") * 67n) / 100n).toString(),
      online_stake_total: xno("20").toString(),
    });
    const { frontier } = await node.rpc({ action: "account_info", account: node.genesis.address });
    await process(node, buildBlock(genesisOwner(node), { previous: frontier, balanceRaw: xno("9"), link: address }));
    expect((await node.rpc({ action: "representatives_online" })).representatives).toBe("");
  });

  test("below ten Nano a weight does not count, except where account_info is asked", async () => {
    const node = await startNode();
    const [small, large] = [await createOwner(), await createOwner()];
    const opened = [
      { owner: small, raw: xno("10") - 1n },
      { owner: large, raw: xno("10") },
    ];
    for (const { owner, raw } of opened) {
      const link = await node.fund(owner.address, raw);
      await process(node, buildBlock(owner, { balanceRaw: raw, link, representative: owner.address }));
    }
    const weight = async (account: string) => (await node.rpc({ action: "account_weight", account })).weight;
    expect([await weight(small.address), await weight(large.address)]).toEqual(["0", xno("10").toString()]);
    const info = await node.rpc({ action: "account_info", account: small.address, weight: true });
    expect(info.weight).toBe((xno("10") - 1n).toString());
    const genesisWeight = (ALL_RAW - xno("20") + 1n).toString();
    const all = await node.rpc({ action: "representatives" });
    expect(all).toEqual({
      representatives: { [large.address]: xno("10").toString(), [node.genesis.address]: genesisWeight },
    });
    const order = [large.address, node.genesis.address].map(async (account) => {
      return [(await node.rpc({ action: "account_key", account })).key, account];
    });
    expect(Object.keys(all.representatives)).toEqual(
      (await Promise.all(order)).toSorted().map(([, account]) => account),
    );
    const sorted = await node.rpc({ action: "representatives", sorting: "true" });
    expect(Object.keys(sorted.representatives)).toEqual([node.genesis.address, large.address]);
    expect(await node.rpc({ action: "representatives", sorting: "true", count: "1" })).toEqual({
      representatives: { [node.genesis.address]: genesisWeight },
    });
  });

  test("who represents whom", async () => {
    const node = await startNode();
    const owner = await createOwner();
    const unopened = await createOwner();
    const link = await node.fund(owner.address, 5n);
    await process(node, buildBlock(owner, { balanceRaw: 5n, link, representative: unopened.address }));
    const ask = (account: string) => node.rpc({ action: "account_representative", account });
    expect(await ask(owner.address)).toEqual({ representative: unopened.address });
    expect(await ask(unopened.address)).toEqual({ error: "Account not found" });
    expect(await ask("nano_1")).toEqual({ error: "Bad account number" });
    const accounts = [owner.address, unopened.address, "nano_1"];
    expect(await node.rpc({ action: "accounts_representatives", accounts })).toEqual({
      representatives: { [owner.address]: unopened.address },
      errors: { [unopened.address]: "Account not found", nano_1: "Bad account number" },
    });
  });
});
