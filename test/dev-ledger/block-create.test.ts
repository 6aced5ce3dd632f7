import { describe, expect, test } from "vitest";
import { hexToBytes, workValue } from "../../src/nano/index.js";
import { ALL_RAW, createOwner, genesisOwner, type Json, process, startNode, type TestNode } from "./support.js";

const INCOMPLETE = "Previous, representative, final balance and link (source or destination) are required";
const NO_KEY = "Private key or local wallet and account required";

function create(node: TestNode, more: object): Promise<Json> {
  const { secretKey: key, address: representative } = genesisOwner(node);
  const { hash: previous } = node.genesis;
  const balance = (ALL_RAW - 5n).toString();
  const fields = { key, representative, previous, balance, link: representative };
  return node.rpc({ action: "block_create", type: "state", json_block: "true", ...fields, ...more });
}

describe("block_create", () => {
  test("signs with the key and finds the work; the block gets onto the ledger when it is processed", async () => {
    const node = await startNode();
    const { address } = await createOwner();
    const { hash, difficulty, block } = await create(node, { link: address });
    expect(await node.rpc({ action: "block_count" })).toMatchObject({ count: "1" });
    expect(difficulty).toBe(
      workValue(hexToBytes(block.work, 8), hexToBytes(node.genesis.hash, 32)).toString(16).padStart(16, "0"),
    );
    expect(await process(node, block, { subtype: "send" })).toEqual({ hash });
    expect((await node.rpc({ action: "block_info", hash })).amount).toBe("5");
  });

  test("an open block works on the key, with work for a receive", async () => {
    const thresholds = { send: 0xfff0000000000000n, receive: 0xf000000000000000n };
    const node = await startNode({ workThresholds: thresholds });
    const owner = await createOwner();
    const source = await node.fund(owner.address, 7n);
    const { key } = await node.rpc({ action: "account_key", account: owner.address });
    const more = { key: owner.secretKey, previous: "0", balance: "7", source };
    const { block, hash, difficulty } = await create(node, { ...more, link: source });
    expect(workValue(hexToBytes(block.work, 8), hexToBytes(key, 32))).toBe(BigInt(`0x${difficulty}`));
    expect(BigInt(`0x${difficulty}`)).toBeLessThan(thresholds.send);
    expect(await process(node, block, { subtype: "open" })).toEqual({ hash });
  });

  test("work that is given is used as it is; without json_block the block is a text", async () => {
    const node = await startNode();
    const answer = await create(node, { work: "1", json_block: "false" });
    expect(JSON.parse(answer.block)).toMatchObject({ work: "0000000000000001" });
    expect(answer.block.endsWith("}\n")).toBe(true);
  });

  test("a difficulty that is asked for is met", async () => {
    const node = await startNode();
    const { difficulty } = await create(node, { difficulty: "fff8000000000000" });
    expect(BigInt(`0x${difficulty}`)).toBeGreaterThanOrEqual(0xfff8000000000000n);
  });

  test("a balance that is left out is zero, as on a node; link comes from source or destination", async () => {
    const node = await startNode();
    const { address } = await createOwner();
    const { block } = await create(node, { balance: undefined, link: undefined, destination: address });
    expect(block).toMatchObject({ balance: "0", link_as_account: address });
    const { block: receive } = await create(node, { link: undefined, destination: address, source: "AB" });
    expect(receive.link).toBe("AB".padStart(64, "0"));
  });

  test.each([
    [{ type: undefined }, "Unable to parse JSON"],
    [{ type: "send" }, "Invalid block type"],
    [{ version: "work_9" }, "Bad work version"],
    [{ difficulty: "xyz" }, "Bad difficulty"],
    [{ wallet: "xyz" }, "Bad wallet number"],
    [{ account: "nano_1" }, "Bad account number"],
    [{ representative: "nano_1" }, "Bad representative number"],
    [{ destination: "nano_1" }, "Bad destination account"],
    [{ source: "xyz" }, "Bad source"],
    [{ amount: "-1" }, "Invalid amount number"],
    [{ work: "xyz" }, "Bad work"],
    [{ key: "xyz" }, "Bad private key"],
    [{ key: "0" }, NO_KEY],
    [{ key: undefined }, NO_KEY],
    [{ previous: "xyz" }, "Bad previous"],
    [{ balance: "many" }, "Invalid balance number"],
    [{ link: "xyz" }, "Bad link number"],
    [{ previous: undefined }, INCOMPLETE],
    [{ representative: undefined }, INCOMPLETE],
    [{ representative: "nano_1111111111111111111111111111111111111111111111111111hifc8npp" }, INCOMPLETE],
    [{ link: undefined }, INCOMPLETE],
  ])("%j → %s", async (more, error) => {
    expect(await create(await startNode(), more)).toEqual({ error });
  });

  test("a link of zeros is a link, a key that is not the account's is refused, a wallet is not found", async () => {
    const node = await startNode();
    const { address } = await createOwner();
    expect((await create(node, { link: "0", balance: ALL_RAW.toString() })).hash).toMatch(/^[0-9A-F]{64}$/);
    expect(await create(node, { account: address })).toEqual({ error: "Incorrect key for given account" });
    expect((await create(node, { account: node.genesis.address })).hash).toMatch(/^[0-9A-F]{64}$/);
    expect(await create(node, { wallet: "AB", account: address })).toEqual({ error: "Wallet not found" });
  });

  test("without work of its own the node needs it in the request", async () => {
    const node = await startNode({ workGeneration: false });
    expect(await create(node, {})).toEqual({ error: "Work generation is disabled" });
    expect((await create(node, { work: "1" })).block.work).toBe("0000000000000001");
  });
});
