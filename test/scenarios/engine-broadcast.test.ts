import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { encodeBlockJson } from "../../src/nano/index.js";
import { type EngineWorld, startEngineWorld } from "../support/engine-world.js";
import { lostAfterTaken, lostBeforeTaken, preceded, unreachable } from "../support/faulty-ledger.js";
import { blockOf, leaseOf, withBlock, withLease } from "../support/offers.js";

/** R8–R10: what becomes of a Track A block once the facilitator has broadcast it. */

let world: EngineWorld;

beforeEach(async () => {
  world = await startEngineWorld();
});
afterEach(() => world.close());

describe("what reaches the node", () => {
  test("the nine keys, rebuilt, with subtype send; whatever else a client adds is dropped", async () => {
    const { request, block } = await world.payTrackA();
    const more = { ...blockOf(request), subtype: "receive", hash: "0".repeat(64), force: "true", extra: { more: 1 } };
    expect(await world.engine.settle(withBlock(request, more))).toMatchObject({ success: true });
    const [call, ...others] = world.ledgerFaults.calls.filter(({ method }) => method === "process");
    expect(others).toEqual([]);
    expect(call?.args).toEqual([block, "send"]);
  });

  test("a block without link_as_account, and one in upper case, are the same nine keys", async () => {
    const { request, block } = await world.payTrackA();
    const { link_as_account: _dropped, ...without } = blockOf(request);
    const upper = { ...without, link: String(without["link"]).toUpperCase(), signature: block.signature.toUpperCase() };
    expect(await world.engine.settle(withBlock(request, upper))).toMatchObject({ success: true });
    const call = world.ledgerFaults.calls.find(({ method }) => method === "process");
    expect(call?.args).toEqual([block, "send"]);
  });

  test("nothing at all from a verify", async () => {
    const { request } = await world.payTrackA();
    await leaseOf(world.engine, request);
    expect(world.ledgerFaults.countOf("process")).toBe(0);
    expect(await world.journal()).toEqual([]);
  });
});

describe("the journal (R9)", () => {
  test("holds the nine keys before process is called, and nothing once the block is redeemed", async () => {
    const { request, block, hash } = await world.payTrackA();
    const lease = await leaseOf(world.engine, request);
    let seen: unknown;
    world.ledgerFaults.next(
      "process",
      preceded(async () => {
        seen = await world.store.listOpen();
      }),
    );
    expect(await world.engine.settle(withLease(request, lease))).toMatchObject({ success: true });
    expect(seen).toMatchObject([
      { hash, account: block.account, previous: block.previous, token: lease, leaseOpen: true },
    ]);
    const [entry] = seen as { block: string }[];
    expect(JSON.parse(entry?.block ?? "")).toEqual(encodeBlockJson(block));
    expect(await world.journal()).toEqual([]);
  });

  test("is written before anybody waits for the confirmation, and the wait starts before process", async () => {
    const { request } = await world.payTrackA();
    await world.engine.settle(request);
    const order = world.ledgerFaults.calls.map(({ method }) => method);
    expect(order.indexOf("waitForConfirmation")).toBeLessThan(order.indexOf("process"));
    expect(order.indexOf("waitForConfirmation")).toBeGreaterThan(-1);
  });
});

describe("the connection is lost during process", () => {
  test("before the block was taken: pending with the hash; the second settle broadcasts again and succeeds", async () => {
    const { request, hash } = await world.payTrackA();
    const lease = await leaseOf(world.engine, request);
    world.ledgerFaults.next("process", lostBeforeTaken);
    expect(await world.hurried.settle(withLease(request, lease))).toEqual({
      success: false,
      transaction: hash.toUpperCase(),
      network: "nano:mainnet",
      payer: world.alice.address,
      errorReason: "settlement_pending",
      errorMessage: expect.any(String),
      error: "CONFIRMATION_TIMEOUT",
    });
    expect(await world.journal()).toEqual([hash]);
    expect(await world.engine.settle(withLease(request, lease))).toMatchObject({ success: true });
    expect(world.ledgerFaults.countOf("process")).toBe(2);
    expect(await world.journal()).toEqual([]);
  });

  test("before the block was taken, settle-first: the second settle is judged in full and succeeds", async () => {
    const { request, hash } = await world.payTrackA();
    world.ledgerFaults.next("process", lostBeforeTaken);
    expect(await world.hurried.settle(request)).toMatchObject({ errorReason: "settlement_pending" });
    expect(await world.journal()).toEqual([hash]);
    expect(await world.engine.settle(request)).toMatchObject({ success: true });
    expect(await world.journal()).toEqual([]);
  });

  test("after the block was taken: waits for its confirmation and succeeds", async () => {
    const { request } = await world.payTrackA();
    world.ledgerFaults.next("process", lostAfterTaken);
    expect(await world.engine.settle(request)).toMatchObject({ success: true });
    expect(world.ledgerFaults.countOf("process")).toBe(1);
    expect(await world.journal()).toEqual([]);
  });

  test("and the node cannot be reached on the second settle: still pending, and the journal stays", async () => {
    const { request, hash } = await world.payTrackA();
    const lease = await leaseOf(world.engine, request);
    world.ledgerFaults.next("process", lostBeforeTaken);
    await world.hurried.settle(withLease(request, lease));
    const pending = { success: false, errorReason: "settlement_pending", transaction: hash.toUpperCase() };

    world.ledgerFaults.next("process", unreachable);
    expect(await world.hurried.settle(withLease(request, lease))).toMatchObject(pending);
    world.ledgerFaults.next("blockInfo", unreachable);
    expect(await world.hurried.settle(withLease(request, lease))).toMatchObject(pending);
    expect(await world.journal()).toEqual([hash]);
    // The lease has ended each time: Track B is judged by the ledger.
    expect(await world.engine.verify(world.claimTrackB(hash))).toMatchObject({ invalidReason: "block_not_found" });
    expect(await world.engine.settle(withLease(request, lease))).toMatchObject({ success: true });
  });
});

describe("the confirmation does not come in time", () => {
  beforeEach(async () => {
    await world.close();
    world = await startEngineWorld({ dev: { confirm: "never" } });
  });

  test("pending with the hash; the second settle with the token resumes the wait, without a broadcast", async () => {
    const { request, hash } = await world.payTrackA();
    const lease = await leaseOf(world.engine, request);
    const pending = { success: false, errorReason: "settlement_pending", transaction: hash.toUpperCase() };
    expect(await world.hurried.settle(withLease(request, lease))).toMatchObject(pending);
    expect(await world.hurried.settle(withLease(request, lease))).toMatchObject(pending);
    world.dev.confirm(hash);
    expect(await world.engine.settle(withLease(request, lease))).toMatchObject({ success: true });
    expect(world.ledgerFaults.countOf("process")).toBe(1);
  });

  test("the second settle goes on even when the challenge has expired meanwhile", async () => {
    const { request, hash } = await world.payTrackA();
    const lease = await leaseOf(world.engine, request);
    await world.hurried.settle(withLease(request, lease));
    world.clock.advanceSeconds(300);
    world.dev.confirm(hash);
    expect(await world.engine.settle(withLease(request, lease))).toMatchObject({ success: true });
  });

  test("without the token the block is public, and proves nothing", async () => {
    const { request, hash } = await world.payTrackA();
    const lease = await leaseOf(world.engine, request);
    await world.hurried.settle(withLease(request, lease));
    world.dev.confirm(hash);
    const landed = { errorReason: "block_already_landed" };
    expect(await world.engine.settle(request)).toMatchObject(landed);
    expect(await world.engine.settle(withLease(request, `${lease.slice(0, -64)}${"0".repeat(64)}`))).toMatchObject(
      landed,
    );
    expect(await world.engine.verify(request)).toMatchObject({ invalidReason: "block_already_landed" });
    expect(await world.engine.settle(withLease(request, lease))).toMatchObject({ success: true });
  });

  test.each(["verify and settle", "settle"])(
    "the lease has ended: the payer claims it through Track B (%s)",
    async (way) => {
      const { request, hash } = await world.payTrackA();
      const lease = await leaseOf(world.engine, request);
      await world.hurried.settle(withLease(request, lease));
      expect(await world.hurried.verify(world.claimTrackB(hash))).toMatchObject({ invalidReason: "unconfirmed_block" });
      world.dev.confirm(hash);
      const claim = world.claimTrackB(hash);
      const theirs = way === "settle" ? undefined : await leaseOf(world.engine, claim);
      const settle = theirs === undefined ? claim : withLease(claim, theirs);
      expect(await world.engine.settle(settle)).toMatchObject({ success: true, transaction: hash.toUpperCase() });
      expect(await world.journal()).toEqual([]);
      expect(await world.engine.settle(withLease(request, lease))).toMatchObject({
        errorReason: "duplicate_block_hash",
        transaction: hash.toUpperCase(),
      });
    },
  );
});

test.each([
  { maxTimeoutSeconds: 10, timeoutMs: 10_000 },
  { maxTimeoutSeconds: 60, timeoutMs: 25_000 },
])("a settle waits $timeoutMs ms where the payment allows $maxTimeoutSeconds s", async (limits) => {
  const { request } = await world.payTrackA({ maxTimeoutSeconds: limits.maxTimeoutSeconds });
  await world.engine.settle(request);
  const wait = world.ledgerFaults.calls.find(({ method }) => method === "waitForConfirmation");
  expect(wait?.args[1]).toMatchObject({ timeoutMs: limits.timeoutMs, account: world.alice.account });
});

test("a block that the network replaced: the second settle finds the rival and says so", async () => {
  await world.close();
  world = await startEngineWorld({ dev: { confirm: "never" } });
  const { request, block } = await world.payTrackA();
  const lease = await leaseOf(world.engine, request);
  const rival = await world.alice.signSend({ payTo: world.alice.address, amountRaw: 7n });
  expect(await world.hurried.settle(withLease(request, lease))).toMatchObject({ errorReason: "settlement_pending" });
  const forced = { action: "process", json_block: "true", force: "true", block: encodeBlockJson(rival) };
  await fetch(world.dev.rpcUrl, { method: "POST", body: JSON.stringify(forced) });
  expect(await world.engine.settle(withLease(request, lease))).toMatchObject({ errorReason: "settlement_pending" });
  world.dev.confirmAll();
  expect(await world.engine.settle(withLease(request, lease))).toMatchObject({ errorReason: "frontier_changed" });
  expect(await world.journal()).toEqual([]);
  expect(block.previous).toBe(rival.previous);
});
