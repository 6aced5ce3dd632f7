import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createFacilitatorEngine } from "x402-nano/facilitator";
import { type EngineWorld, startEngineWorld, type TrackAPayment } from "../support/engine-world.js";
import { blockOf, leaseOf, withBlock, withLease } from "../support/offers.js";

/** Whoever loses the hash after the first look at the store hears so from the atomic steps (R2, R4, R9). */

let world: EngineWorld;

beforeEach(async () => {
  world = await startEngineWorld();
});
afterEach(() => world.close());

/** Happens while the next settle or verify asks the ledger. */
function meanwhile(happens: () => Promise<unknown>): void {
  world.ledgerFaults.next("blockInfo", async (real, ...args) => {
    const info = await real(...args);
    await happens();
    return info;
  });
}

describe("the hash is redeemed while the ledger is asked", () => {
  test("by somebody else: a settle is a duplicate and names the hash, a verify is a duplicate", async () => {
    const { request, hash } = await world.payTrackB();
    meanwhile(async () => {
      expect(await world.engine.settle(request)).toMatchObject({ success: true });
    });
    const duplicate = { errorReason: "duplicate_block_hash", transaction: hash.toUpperCase() };
    expect(await world.engine.settle(request)).toMatchObject(duplicate);

    const other = await world.payTrackB();
    meanwhile(async () => {
      expect(await world.engine.settle(other.request)).toMatchObject({ success: true });
    });
    expect(await world.engine.verify(other.request)).toMatchObject({ invalidReason: "duplicate_block_hash" });
  });

  test("by another facilitator with the same token: the stored success", async () => {
    const { request } = await world.payTrackB();
    const settle = withLease(request, await leaseOf(world.other, request));
    let first: unknown;
    meanwhile(async () => {
      first = await world.other.settle(settle);
    });
    expect(await world.engine.settle(settle)).toEqual(first);
    expect(first).toMatchObject({ success: true });
  });

  test("with the same token, but for another challenge: a duplicate", async () => {
    const { request, hash } = await world.payTrackB({ maxTimeoutSeconds: 300 });
    const lease = await leaseOf(world.other, request);
    const other = world.claimTrackB(hash, { maxTimeoutSeconds: 300 });
    world.clock.advanceSeconds(61);
    meanwhile(async () => {
      expect(await world.engine.settle(withLease(request, lease))).toMatchObject({ success: true });
    });
    const answer = await world.engine.settle(withLease(other, lease));
    expect(answer).toMatchObject({ errorReason: "duplicate_block_hash", transaction: hash.toUpperCase() });
  });
});

describe("the hash is taken while the ledger is asked", () => {
  test("by a verify: both a settle and a verify are in progress, and theirs is the lease", async () => {
    const { request, hash } = await world.payTrackB();
    let lease = "";
    meanwhile(async () => {
      lease = await leaseOf(world.engine, world.claimTrackB(hash));
    });
    expect(await world.engine.verify(request)).toMatchObject({ invalidReason: "payment_in_progress" });
    await world.engine.release(lease);
    meanwhile(async () => {
      lease = await leaseOf(world.engine, world.claimTrackB(hash));
    });
    expect(await world.engine.settle(request)).toMatchObject({ errorReason: "payment_in_progress", transaction: "" });
    expect(await world.engine.release(lease)).toBe(true);
  });

  test("from an owner whose lease has lapsed, and given back: what it was spared counts again, and no lease is left", async () => {
    const { request, hash } = await world.payTrackB();
    const lease = await leaseOf(world.other, request);
    world.clock.advanceSeconds(600);
    meanwhile(async () => {
      const theirs = await leaseOf(world.engine, world.claimTrackB(hash));
      await world.engine.release(theirs);
    });
    const settle = withLease(request, lease);
    expect(await world.engine.settle(settle)).toMatchObject({ errorReason: "payment_in_progress" });
    expect(await world.engine.settle(settle)).toMatchObject({ errorReason: "payment_expired" });
    expect(await world.engine.verify(world.claimTrackB(hash))).toMatchObject({ isValid: true });
  });
});

describe("while a settle of Track A waits for the confirmation", () => {
  /** Happens once the block was broadcast; then it is confirmed. */
  function whileWaiting(happens: () => Promise<unknown>): void {
    world.ledgerFaults.next("waitForConfirmation", async (_real, hash) => {
      while ((await world.ledger.blockInfo(hash)) === undefined);
      await happens();
      return true;
    });
  }

  test("nobody else gets the hash for as long as it may wait, and somewhat longer", async () => {
    const { request, hash } = await world.payTrackA();
    whileWaiting(async () => {
      world.clock.advanceSeconds(35);
      expect(await world.engine.verify(world.claimTrackB(hash))).toMatchObject({
        invalidReason: "payment_in_progress",
      });
    });
    expect(await world.engine.settle(request)).toMatchObject({ success: true });
  });

  test("and its lease lapses, Track B may redeem: it is then a duplicate, and not served", async () => {
    const { request, hash } = await world.payTrackA();
    const lease = await leaseOf(world.engine, request);
    whileWaiting(async () => {
      world.clock.advanceSeconds(300);
      expect(await world.engine.settle(world.claimTrackB(hash))).toMatchObject({ success: true });
    });
    const answer = await world.engine.settle(withLease(request, lease));
    expect(answer).toMatchObject({
      success: false,
      errorReason: "duplicate_block_hash",
      transaction: hash.toUpperCase(),
    });
  });

  test("and its lease lapses, Track B may verify: it is then in progress, and not served", async () => {
    const { request, hash } = await world.payTrackA();
    let claim = "";
    whileWaiting(async () => {
      world.clock.advanceSeconds(300);
      claim = await leaseOf(world.engine, world.claimTrackB(hash));
    });
    expect(await world.engine.settle(request)).toMatchObject({ errorReason: "payment_in_progress" });
    expect(await world.engine.settle(withLease(world.claimTrackB(hash), claim))).toMatchObject({ success: false });
    expect(await world.engine.release(claim)).toBe(true);
  });
});

describe("while a settle of Track A computes work (policy attach)", () => {
  async function settleWorking(happens: (payment: TrackAPayment) => Promise<unknown>) {
    const engine = createFacilitatorEngine({ ...world.facilitatorOptions, workPolicy: "attach" });
    const payment = await world.payTrackA({ maxTimeoutSeconds: 600 });
    const { work: _work, ...block } = blockOf(payment.request);
    const request = withBlock(payment.request, block);
    world.ledgerFaults.next("generateWork", async (real, ...args) => {
      world.clock.advanceSeconds(300);
      await happens(payment);
      return real(...args);
    });
    const answer = await engine.settle(request);
    expect(world.ledgerFaults.countOf("process")).toBe(0);
    return { answer, ...payment };
  }

  test("its lease lapses and somebody takes the hash: in progress, and nothing is broadcast", async () => {
    const { answer } = await settleWorking(({ request }) => leaseOf(world.engine, request));
    expect(answer).toMatchObject({ errorReason: "payment_in_progress", transaction: "" });
    expect(await world.journal()).toEqual([]);
  });

  test("its lease lapses and Track B redeems the hash: a duplicate, and nothing is broadcast", async () => {
    const { answer, hash } = await settleWorking(async (payment) => {
      await world.broadcast(payment.block);
      expect(await world.engine.settle(world.claimTrackB(payment.hash))).toMatchObject({ success: true });
    });
    expect(answer).toMatchObject({ errorReason: "duplicate_block_hash", transaction: hash.toUpperCase() });
  });
});

test("settles with one token are one settlement, even in step with each other", async () => {
  const { request } = await world.payTrackA();
  // Without a look at the ledger between them both get as far as process before either has called it.
  const settle = withLease(request, await leaseOf(world.engine, request));
  const [first, second] = await Promise.all([world.engine.settle(settle), world.engine.settle(settle)]);
  expect(first).toMatchObject({ success: true });
  expect(second).toEqual(first);
  expect(world.ledgerFaults.countOf("process")).toBe(1);
});
