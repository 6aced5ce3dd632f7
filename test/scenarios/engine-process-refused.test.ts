import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type EngineWorld, startEngineWorld, type TrackAPayment } from "../support/engine-world.js";
import { answers, lostBeforeTaken, preceded, refuses, unreachable } from "../support/faulty-ledger.js";
import { leaseOf, withLease } from "../support/offers.js";

/** R10: what `process` says is a hint, the ledger decides. */

let world: EngineWorld;

beforeEach(async () => {
  world = await startEngineWorld();
});
afterEach(() => world.close());

async function startUnconfirmed(): Promise<void> {
  await world.close();
  world = await startEngineWorld({ dev: { confirm: "never" } });
}

const pendingOf = ({ hash }: TrackAPayment) => ({
  success: false,
  errorReason: "settlement_pending",
  transaction: hash.toUpperCase(),
});

describe("a rival came in between the last look and process", () => {
  test("and is confirmed: frontier_changed, the journal is closed and the hash is free", async () => {
    const { request } = await world.payTrackA();
    const rival = await world.alice.signSend({ payTo: world.alice.address, amountRaw: 7n });
    world.ledgerFaults.next(
      "process",
      preceded(() => world.broadcast(rival)),
    );
    expect(await world.engine.settle(request)).toMatchObject({
      success: false,
      errorReason: "frontier_changed",
      transaction: "",
      payer: world.alice.address,
    });
    expect(await world.journal()).toEqual([]);
    expect(await world.engine.verify(request)).toMatchObject({ invalidReason: "stale_frontier" });
  });

  test("and is not confirmed yet: pending, and the journal stays", async () => {
    await startUnconfirmed();
    const payment = await world.payTrackA();
    const rival = await world.alice.signSend({ payTo: world.alice.address, amountRaw: 7n });
    world.ledgerFaults.next(
      "process",
      preceded(() => world.broadcast(rival)),
    );
    expect(await world.engine.settle(payment.request)).toMatchObject(pendingOf(payment));
    expect(await world.journal()).toEqual([payment.hash]);
  });
});

describe("one endpoint's word does not void a payment", () => {
  test("a confirmed block that follows another one is no rival: pending, and the journal stays", async () => {
    const payment = await world.payTrackA();
    const bob = await world.payer();
    const { hash } = await bob.send({ payTo: bob.address, amountRaw: 7n });
    const lease = await leaseOf(world.engine, payment.request);
    world.ledgerFaults.next("process", refuses("Fork"));
    world.ledgerFaults.next("blockInfo", answers(undefined));
    world.ledgerFaults.next("blockInfo", async (real, ...args) => {
      const previous = await real(...args);
      return previous && { ...previous, successor: hash };
    });
    expect(await world.engine.settle(withLease(payment.request, lease))).toMatchObject(pendingOf(payment));
    expect(await world.journal()).toEqual([payment.hash]);
  });

  test("a rival that only the endpoint which refused calls confirmed: pending, and the journal stays", async () => {
    await startUnconfirmed();
    const payment = await world.payTrackA();
    const rival = await world.alice.signSend({ payTo: world.alice.address, amountRaw: 7n });
    world.ledgerFaults.next(
      "process",
      preceded(() => world.broadcast(rival)),
    );
    world.ledgerFaults.always("blockInfo", async (real, hash, look) => {
      const info = await real(hash, look);
      return info && look?.at !== undefined ? { ...info, confirmed: true } : info;
    });
    expect(await world.engine.settle(payment.request)).toMatchObject(pendingOf(payment));
    expect(await world.journal()).toEqual([payment.hash]);
  });
});

describe("nothing has landed", () => {
  test.each(["Block work is insufficient", "Bad signature", "Gap previous block", "Old block", "Fork"])(
    "broadcast_failed after %j, with the node's word; the hash is free again",
    async (nodeError) => {
      const { request } = await world.payTrackA();
      const lease = await leaseOf(world.engine, request);
      world.ledgerFaults.next("process", refuses(nodeError));
      const answer = await world.engine.settle(withLease(request, lease));
      expect(answer).toMatchObject({ success: false, errorReason: "broadcast_failed", transaction: "" });
      expect(answer.errorMessage).toContain(nodeError);
      expect(await world.journal()).toEqual([]);
      expect(await world.engine.settle(request)).toMatchObject({ success: true });
    },
  );
});

describe("a stranger has broadcast the block", () => {
  test("between verify and settle: process says so, block_already_landed, and Track B claims it at once", async () => {
    const { request, block, hash } = await world.payTrackA();
    const lease = await leaseOf(world.engine, request);
    await world.broadcast(block);
    const answer = await world.engine.settle(withLease(request, lease));
    expect(answer).toMatchObject({ success: false, errorReason: "block_already_landed", payer: world.alice.address });
    expect(await world.journal()).toEqual([]);
    const claim = world.claimTrackB(hash);
    expect(await world.engine.settle(claim)).toMatchObject({ success: true, transaction: hash.toUpperCase() });
  });

  test("between the last look and process: block_already_landed, and Track B claims it at once", async () => {
    const { request, block, hash } = await world.payTrackA();
    const lease = await leaseOf(world.engine, request);
    world.ledgerFaults.next(
      "process",
      preceded(() => world.broadcast(block)),
    );
    const answer = await world.engine.settle(withLease(request, lease));
    expect(answer).toMatchObject({ success: false, errorReason: "block_already_landed" });
    expect(await world.journal()).toEqual([]);
    expect(await world.engine.settle(world.claimTrackB(hash))).toMatchObject({ success: true });
  });

  test("while the refusal is looked up: the block is no rival of itself", async () => {
    const { request, block, hash } = await world.payTrackA();
    world.ledgerFaults.next(
      "process",
      refuses("Fork", async () => {
        world.ledgerFaults.next("blockInfo", answers(undefined));
        await world.broadcast(block);
      }),
    );
    expect(await world.engine.settle(request)).toMatchObject({ errorReason: "block_already_landed" });
    expect(await world.engine.settle(world.claimTrackB(hash))).toMatchObject({ success: true });
  });

  test("and then more on top of it: landed, not stale (row 9)", async () => {
    const { request, block } = await world.payTrackA();
    await world.broadcast(block);
    await world.alice.send({ payTo: world.alice.address, amountRaw: 7n });
    world.ledgerFaults.next("blockInfo", answers(undefined));
    expect(await world.engine.verify(request)).toMatchObject({ invalidReason: "block_already_landed" });
    expect(await world.engine.settle(request)).toMatchObject({ errorReason: "block_already_landed" });
  });
});

describe("an earlier call of this settlement broadcast the block", () => {
  async function pendingSettlement(): Promise<TrackAPayment & { readonly lease: string }> {
    const payment = await world.payTrackA();
    const lease = await leaseOf(world.engine, payment.request);
    world.ledgerFaults.next("process", lostBeforeTaken);
    expect(await world.hurried.settle(withLease(payment.request, lease))).toMatchObject(pendingOf(payment));
    return { ...payment, lease };
  }

  test("it landed late: the second settle goes on waiting and broadcasts nothing", async () => {
    const { request, block, lease } = await pendingSettlement();
    await world.broadcast(block);
    expect(await world.engine.settle(withLease(request, lease))).toMatchObject({ success: true });
    expect(world.ledgerFaults.countOf("process")).toBe(1);
  });

  test.each(["Old block", "Invalid block balance for given subtype"])(
    "it lands while the second settle broadcasts again, and the node says %j: goes on waiting",
    async (nodeError) => {
      const { request, block, lease } = await pendingSettlement();
      world.ledgerFaults.next(
        "process",
        refuses(nodeError, () => world.broadcast(block)),
      );
      expect(await world.engine.settle(withLease(request, lease))).toMatchObject({ success: true });
      expect(await world.journal()).toEqual([]);
    },
  );

  test("a confirmed rival took its place: frontier_changed", async () => {
    const { request, lease } = await pendingSettlement();
    await world.alice.send({ payTo: world.alice.address, amountRaw: 7n });
    expect(await world.engine.settle(withLease(request, lease))).toMatchObject({ errorReason: "frontier_changed" });
    expect(await world.journal()).toEqual([]);
  });

  test("its payer tries another block on the frontier meanwhile: still pending, not refused", async () => {
    const { request, hash, lease } = await pendingSettlement();
    const rival = await world.payTrackA({ amountRaw: 10n ** 28n });
    await leaseOf(world.engine, rival.request);
    const answer = await world.engine.settle(withLease(request, lease));
    expect(answer).toMatchObject({ errorReason: "settlement_pending", transaction: hash.toUpperCase() });
  });
});

test("nobody goes on waiting for a block that was refused", async () => {
  const { request } = await world.payTrackA();
  world.ledgerFaults.next("process", refuses("Block work is insufficient"));
  await world.engine.settle(request);
  const wait = world.ledgerFaults.calls.find(({ method }) => method === "waitForConfirmation");
  expect(wait?.args[1]).toMatchObject({ signal: { aborted: true } });
});

test("the refusal cannot be looked up: pending with the hash, and the journal stays", async () => {
  const payment = await world.payTrackA();
  world.ledgerFaults.next(
    "process",
    refuses("Fork", () => world.ledgerFaults.next("blockInfo", unreachable)),
  );
  expect(await world.engine.settle(payment.request)).toMatchObject(pendingOf(payment));
  expect(await world.journal()).toEqual([payment.hash]);
});
