import { describe, expect, test } from "vitest";
import { ALL_RAW, buildBlock, createOwner, genesisOwner, process, startNode, type TestNode } from "./support.js";
import { connectClient, hashesOf } from "./websocket-client.js";

/** Three sends, each on the one before. */
async function fundUnconfirmed(node: TestNode, link: string): Promise<readonly string[]> {
  const hashes = [node.genesis.hash.toUpperCase()];
  for (const spentRaw of [1n, 2n, 3n]) {
    const parts = { previous: hashes.at(-1) ?? "", balanceRaw: ALL_RAW - spentRaw, link };
    hashes.push((await process(node, buildBlock(genesisOwner(node), parts))).hash);
  }
  return hashes.slice(1);
}

const CONFIRMATION = { topic: "confirmation", ack: true };

describe("filters", () => {
  test("accounts: the block's account or the destination, in either prefix", async () => {
    const node = await startNode();
    const [mine, other] = [await createOwner(), await createOwner()];
    const client = await connectClient(node.websocketUrl);
    await client.subscribe({ accounts: [mine.address.replace("nano_", "xrb_"), "not an address", { x: 1 }] });
    await node.fund(other.address, 1n);
    const toMine = await node.fund(mine.address, 2n);
    const { frontier, send } = await node.fundAccount({ secretKey: mine.secretKey, raw: 3n });
    await node.fundAccount({ secretKey: other.secretKey, raw: 4n });
    expect(hashesOf(await client.sync())).toEqual([toMine, send, frontier].map((hash) => hash.toUpperCase()));
  });

  test.each([
    ["without the block", { include_block: "false" }, true],
    ["that is empty", {}, false],
    ["of no addresses", { accounts: ["nano_1"] }, false],
  ])("a filter %s lets nothing through", async (_name, options, isNamed) => {
    const node = await startNode();
    const client = await connectClient(node.websocketUrl);
    await client.subscribe({ accounts: isNamed ? [node.genesis.address] : "", ...options });
    await node.fund(node.genesis.address, 1n);
    expect(await client.sync()).toEqual([]);
  });

  test("update adds and deletes accounts; with a filter made by it, the rest is silent", async () => {
    const node = await startNode();
    const [left, right] = [await createOwner(), await createOwner()];
    const client = await connectClient(node.websocketUrl);
    await client.subscribe({});
    const fundBoth = async (): Promise<readonly string[]> => {
      const names = new Map([
        [(await node.fund(left.address, 1n)).toUpperCase(), "left"],
        [(await node.fund(right.address, 1n)).toUpperCase(), "right"],
      ]);
      return hashesOf(await client.sync()).map((hash) => names.get(hash) ?? hash);
    };
    const update = async (options: object): Promise<void> => {
      client.send({ action: "update", ...CONFIRMATION, options });
      expect(await client.sync()).toEqual([expect.objectContaining({ ack: "update" })]);
    };
    expect(await fundBoth()).toEqual(["left", "right"]);
    await update({});
    expect(await fundBoth()).toEqual(["left", "right"]);
    await update({ accounts_add: [left.address] });
    expect(await fundBoth()).toEqual(["left"]);
    await update({ accounts_add: [right.address], accounts_del: [left.address] });
    expect(await fundBoth()).toEqual(["right"]);
    await update({ accounts_del: [right.address] });
    expect(await fundBoth()).toEqual([]);
  });

  test("a subscription without options cannot be updated", async () => {
    const node = await startNode();
    const client = await connectClient(node.websocketUrl);
    await client.subscribe();
    client.send({ action: "update", ...CONFIRMATION, options: { accounts_add: [(await createOwner()).address] } });
    expect(await client.sync()).toEqual([]);
    await node.fund(node.genesis.address, 1n);
    expect(await client.sync()).toHaveLength(1);
  });

  test.each([
    ["all", [0, 1, 2]],
    ["anything", [0, 1, 2]],
    ["active", [0, 2]],
    ["ACTIVE_QUORUM", [2]],
    ["active_confirmation_height", [0]],
    ["inactive", [1]],
  ])("confirmation_type %s", async (type, expected) => {
    const node = await startNode({ confirm: "never" });
    const client = await connectClient(node.websocketUrl);
    const owner = await createOwner();
    const hashes = await fundUnconfirmed(node, owner.address);
    await client.subscribe({ confirmation_type: type });
    node.confirm(hashes[2] ?? "");
    expect(hashesOf(await client.sync())).toEqual(expected.map((index) => hashes[index]));
  });
});
