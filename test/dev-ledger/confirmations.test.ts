import { describe, expect, test } from "vitest";
import { createManualSchedule } from "./manual-schedule.js";
import { ALL_RAW, buildBlock, createOwner, genesisOwner, process, startNode, type TestNode } from "./support.js";

async function isConfirmed(node: TestNode, hash: string): Promise<string> {
  return (await node.rpc({ action: "block_info", hash })).confirmed;
}

async function sendOne(node: TestNode, previous: string, balanceRaw: bigint, address: string): Promise<string> {
  return (await process(node, buildBlock(genesisOwner(node), { previous, balanceRaw, link: address }))).hash;
}

describe("confirmAfterMs", () => {
  test("0: confirmed before process answers, without a timer", async () => {
    const time = createManualSchedule();
    const node = await startNode({ confirmAfterMs: 0, schedule: time.schedule });
    const hash = await sendOne(node, node.genesis.hash, ALL_RAW - 1n, (await createOwner()).address);
    expect(await isConfirmed(node, hash)).toBe("true");
    expect(time.pending()).toBe(0);
  });

  test("each block is confirmed that long after it came, and not a millisecond earlier", async () => {
    const time = createManualSchedule();
    const node = await startNode({ confirmAfterMs: 500, schedule: time.schedule });
    const { address } = await createOwner();
    const first = await sendOne(node, node.genesis.hash, ALL_RAW - 1n, address);
    time.advance(300);
    const second = await sendOne(node, first, ALL_RAW - 2n, address);
    time.advance(199);
    expect([await isConfirmed(node, first), await isConfirmed(node, second)]).toEqual(["false", "false"]);
    time.advance(1);
    expect([await isConfirmed(node, first), await isConfirmed(node, second)]).toEqual(["true", "false"]);
    time.advance(300);
    expect(await isConfirmed(node, second)).toBe("true");
  });

  test("a block that was rolled back is not confirmed when its time comes, its rival is", async () => {
    const time = createManualSchedule();
    const node = await startNode({ confirmAfterMs: 500, schedule: time.schedule });
    const { address } = await createOwner();
    const old = await sendOne(node, node.genesis.hash, ALL_RAW - 1n, address);
    time.advance(400);
    const rival = buildBlock(genesisOwner(node), {
      previous: node.genesis.hash,
      balanceRaw: ALL_RAW - 2n,
      link: address,
    });
    const { hash } = await process(node, rival, { force: "true" });
    expect(time.pending()).toBe(1);
    time.advance(100);
    expect(await isConfirmed(node, hash)).toBe("false");
    time.advance(400);
    expect(await isConfirmed(node, hash)).toBe("true");
    expect(await node.rpc({ action: "block_info", hash: old })).toEqual({ error: "Block not found" });
  });

  test("block_confirm neither doubles nor delays what is due", async () => {
    const time = createManualSchedule();
    const node = await startNode({ confirmAfterMs: 500, schedule: time.schedule });
    const hash = await sendOne(node, node.genesis.hash, ALL_RAW - 1n, (await createOwner()).address);
    time.advance(400);
    expect(await node.rpc({ action: "block_confirm", hash })).toEqual({ started: "1" });
    expect(time.pending()).toBe(1);
    time.advance(100);
    expect(await isConfirmed(node, hash)).toBe("true");
    await node.rpc({ action: "block_confirm", hash });
    expect(time.pending()).toBe(0);
  });

  test("close calls pending confirmations off", async () => {
    const time = createManualSchedule();
    const node = await startNode({ confirmAfterMs: 500, schedule: time.schedule });
    await sendOne(node, node.genesis.hash, ALL_RAW - 1n, (await createOwner()).address);
    expect(time.pending()).toBe(1);
    await node.close();
    expect(time.pending()).toBe(0);
  });

  test("real timers do their work too", async () => {
    const node = await startNode({ confirmAfterMs: 1 });
    const hash = await sendOne(node, node.genesis.hash, ALL_RAW - 1n, (await createOwner()).address);
    await expect.poll(() => isConfirmed(node, hash)).toBe("true");
  });
});

describe("by hand", () => {
  test("a receive's confirmation confirms the send, and what the send stands on, but nothing after", async () => {
    const node = await startNode({ confirm: "never" });
    const owner = await createOwner();
    const first = await sendOne(node, node.genesis.hash, ALL_RAW - 1n, node.genesis.address);
    const second = await sendOne(node, first, ALL_RAW - 4n, owner.address);
    const third = await sendOne(node, second, ALL_RAW - 5n, owner.address);
    const { hash: open } = await process(node, buildBlock(owner, { balanceRaw: 3n, link: second }));
    expect((await node.rpc({ action: "block_count" })).cemented).toBe("1");

    const confirmed = node.confirm(open).map((hash) => hash.toUpperCase());
    expect(confirmed).toEqual([first, second, open]);
    expect(await isConfirmed(node, third)).toBe("false");
    expect(
      await node.rpc({ action: "account_info", account: node.genesis.address, include_confirmed: true }),
    ).toMatchObject({
      frontier: third,
      confirmed_frontier: second,
      confirmed_height: "3",
      confirmed_balance: (ALL_RAW - 4n).toString(),
    });
    expect(node.confirmAll().map((hash) => hash.toUpperCase())).toEqual([third]);
    expect(node.confirmAll()).toEqual([]);
  });

  test("confirming a block that is not on the ledger is refused", async () => {
    const node = await startNode();
    expect(() => node.confirm("A".repeat(64))).toThrowError(expect.objectContaining({ code: "ledger_refused" }));
  });

  test("block_confirm starts what the rule allows: with never it stays unconfirmed", async () => {
    const node = await startNode({ confirm: "never" });
    const hash = await sendOne(node, node.genesis.hash, 0n, (await createOwner()).address);
    expect(await node.rpc({ action: "block_confirm", hash })).toEqual({ started: "1" });
    expect(await isConfirmed(node, hash)).toBe("false");
    expect(await node.rpc({ action: "block_confirm", hash: "A".repeat(64) })).toEqual({ error: "Block not found" });
  });

  test("a chained send has no election yet: include_only_confirmed=false shows it, the active one before it not", async () => {
    const node = await startNode({ confirm: "never" });
    const { address } = await createOwner();
    const first = await sendOne(node, node.genesis.hash, ALL_RAW - 1n, address);
    const second = await sendOne(node, first, ALL_RAW - 3n, address);
    const ask = (more: object) => node.rpc({ action: "receivable", account: address, count: "9", ...more });
    expect(await ask({})).toEqual({ blocks: "" });
    expect(await ask({ include_only_confirmed: "false" })).toEqual({ blocks: [second] });
    expect(await ask({ include_only_confirmed: "false", include_active: "true" })).toEqual({
      blocks: [first, second].sort(),
    });
  });
});
