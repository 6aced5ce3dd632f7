import { describe, expect, test } from "vitest";
import { nothingConfirmed, numbersForStrings, type RpcFault, wrongAmounts } from "../../src/dev-ledger/index.js";
import { ALL_RAW, buildBlock, createOwner, genesisOwner, type Json, process, send, startNode } from "./support.js";

describe("wrong: taken, and answered with other values", () => {
  test("the callback gets the honest answer and the request, and what it returns is sent", async () => {
    const node = await startNode();
    const seen: Json[] = [];
    const answer = (honest: Json, request: Json) => {
      seen.push(honest, request);
      return { ...honest, count: "7" };
    };
    node.faults.rpc({ kind: "wrong", answer });
    expect(await node.rpc({ action: "block_count", id: 3 })).toEqual({ count: "7", unchecked: "0", cemented: "1" });
    expect(seen).toEqual([
      { count: "1", unchecked: "0", cemented: "1" },
      { action: "block_count", id: 3 },
    ]);
  });

  test("a block whose hash is denied is on the ledger", async () => {
    const node = await startNode();
    const block = buildBlock(genesisOwner(node), { previous: node.genesis.hash, balanceRaw: 0n, link: "A".repeat(64) });
    node.faults.rpc({ kind: "wrong", answer: () => ({ error: "Fork" }) }, { times: 1 });
    expect(await process(node, block)).toEqual({ error: "Fork" });
    expect(await process(node, block)).toEqual({ error: "Old block" });
  });

  test.each<[unknown, string]>([
    [null, "null\n"],
    [[], "[]\n"],
    ["no", '"no"\n'],
    [Promise.resolve({ later: 1 }), '{\n    "later": 1\n}\n'],
    [undefined, "undefined\n"],
  ])("%s is sent as JSON", async (value, text) => {
    const node = await startNode();
    node.faults.rpc({ kind: "wrong", answer: () => value });
    expect(await send(node.rpcUrl, '{"action":"version"}')).toMatchObject({ status: 200, text });
  });

  test("what a callback does to the honest answer does nothing to the ledger", async () => {
    const node = await startNode();
    const answer = (honest: Json) => {
      honest.contents.account = "mine";
      honest.balance = "0";
      return honest;
    };
    node.faults.rpc({ kind: "wrong", answer }, { times: 1 });
    const question = { action: "block_info", json_block: "true", hash: node.genesis.hash };
    expect(await node.rpc(question)).toMatchObject({ balance: "0", contents: { account: "mine" } });
    expect(await node.rpc(question)).toMatchObject({
      balance: ALL_RAW.toString(),
      contents: { account: node.genesis.address },
    });
  });

  test("where there is no JSON, the callback gets empty objects", async () => {
    const node = await startNode();
    const seen: Json[] = [];
    const answer = (honest: Json, request: Json) => {
      seen.push(honest, request);
      return {};
    };
    node.faults.rpc({ kind: "wrong", answer });
    await send(node.rpcUrl, "nonsense", "OPTIONS");
    expect(seen).toEqual([{}, {}]);
  });

  test.each<[string, RpcFault]>([
    [
      "throws",
      {
        kind: "wrong",
        answer: () => {
          throw new RangeError("mistake");
        },
      },
    ],
    ["returns what is no JSON", { kind: "wrong", answer: () => 10n }],
    [
      "rejects",
      {
        kind: "rewritten",
        text: () => Promise.reject(new RangeError("mistake")),
      },
    ],
  ])("a callback that %s is shown to the client", async (_name, fault) => {
    const node = await startNode();
    node.faults.rpc(fault, { times: 1 });
    const { status, text, headers } = await send(node.rpcUrl, '{"action":"version"}');
    expect([status, headers["content-type"]]).toEqual([500, "text/plain"]);
    expect(text).toMatch(/callback threw (RangeError: mistake|TypeError)/);
    expect(await node.rpc({ action: "version" })).toMatchObject({ rpc_version: "1" });
  });
});

describe("rewritten: taken, and the text of the answer is another", () => {
  test("it gets the honest text and the request", async () => {
    const node = await startNode();
    const text = (honest: string, request: Json) => `${request.action}: ${honest.length}`;
    node.faults.rpc({ kind: "rewritten", text });
    const answer = await send(node.rpcUrl, '{"action":"block_count"}');
    expect(answer.text).toBe("block_count: 64");
    expect(answer.headers["content-length"]).toBe("15");
  });

  test("a later text will do, and may be empty", async () => {
    const node = await startNode();
    node.faults.rpc({ kind: "rewritten", text: async () => "" });
    expect((await send(node.rpcUrl, '{"action":"block_count"}')).text).toBe("");
  });
});

describe("lies ready to use", () => {
  test("wrongAmounts: every amount and balance, but not what a hash covers", async () => {
    const node = await startNode();
    const { address } = await createOwner();
    const hash = (await node.fund(address, 5n)).toUpperCase();
    const planned = node.faults.rpc(wrongAmounts());
    const balance = (ALL_RAW - 5n).toString();
    const lie = (ALL_RAW - 4n).toString();
    expect(await node.rpc({ action: "block_info", json_block: "true", hash })).toMatchObject({
      amount: "6",
      balance: lie,
      height: "2",
      contents: { balance },
    });
    const info = { action: "account_info", account: node.genesis.address, include_confirmed: "true" };
    expect(await node.rpc(info)).toMatchObject({ balance: lie, confirmed_balance: lie, block_count: "2" });
    expect(await node.rpc({ action: "account_balance", account: address })).toMatchObject({
      balance: "1",
      receivable: "6",
    });
    expect(await node.rpc({ action: "receivable", account: address, threshold: "1" })).toEqual({
      blocks: { [hash]: "6" },
    });
    expect(await node.rpc({ action: "receivable", account: address })).toEqual({ blocks: [hash] });
    expect(await node.rpc({ action: "account_balance", account: "nano_1" })).toEqual({ error: "Bad account number" });
    planned.stop();
    node.faults.rpc(wrongAmounts(-3n));
    expect(await node.rpc({ action: "block_info", hash })).toMatchObject({ amount: "2" });
  });

  test("wrongAmounts: what is no number stays", () => {
    const lie = wrongAmounts();
    const honest = { amount: "many", balance: "07", pending: { amount: "7" } };
    expect(lie.kind === "wrong" && lie.answer(honest, {})).toEqual({ ...honest, pending: { amount: "8" } });
  });

  test("nothingConfirmed: neither the block nor its account", async () => {
    const node = await startNode();
    const hash = (await node.fund(node.genesis.address, 5n)).toUpperCase();
    node.faults.rpc(nothingConfirmed());
    expect(await node.rpc({ action: "block_info", hash })).toMatchObject({ confirmed: "false", amount: "5" });
    expect(await node.rpc({ action: "blocks_info", hashes: [hash] })).toMatchObject({
      blocks: { [hash]: { confirmed: "false" } },
    });
    const info = { action: "account_info", account: node.genesis.address };
    expect(await node.rpc(info)).toMatchObject({
      frontier: hash,
      confirmation_height: "0",
      confirmation_height_frontier: "0".repeat(64),
    });
    expect(await node.rpc({ ...info, include_confirmed: "true" })).toMatchObject({
      frontier: hash,
      confirmed_height: "0",
      confirmed_frontier: "0".repeat(64),
      confirmed_balance: "0",
    });
  });

  test("numbersForStrings: the same digits without quotes", async () => {
    const node = await startNode();
    node.faults.rpc(numbersForStrings());
    const question = JSON.stringify({ action: "block_info", json_block: "true", hash: node.genesis.hash });
    const { text } = await send(node.rpcUrl, question);
    expect(text).toContain(`"balance": ${ALL_RAW},`);
    expect(text).toContain('"confirmed": "true"');
    const lie = JSON.parse(text);
    expect(lie.height).toBe(1);
    expect(lie.successor).toBe("0".repeat(64));
    // The contents of a block without json_block are a text, which stays one.
    const other = await send(node.rpcUrl, JSON.stringify({ action: "block_info", hash: node.genesis.hash }));
    expect(JSON.parse(JSON.parse(other.text).contents)).toMatchObject({ type: "open" });
  });
});
