import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createFacilitatorEngine } from "x402-nano/facilitator";
import { type EngineWorld, startEngineWorld, type TrackAPayment } from "../support/engine-world.js";
import { late, lostBeforeTaken, refuses, unreachable } from "../support/faulty-ledger.js";
import { faultyStore } from "../support/faulty-store.js";
import { leaseOf, withLease } from "../support/offers.js";

/** Row 8: only the settlement that broadcast a block goes on with it, however its journal entry is come by. */

let world: EngineWorld;

beforeEach(async () => {
  world = await startEngineWorld();
});
afterEach(() => world.close());

/** A settlement that is pending: its block may be on its way, and the journal has it. */
async function pendingSettlement(): Promise<TrackAPayment & { readonly lease: string }> {
  const payment = await world.payTrackA();
  const lease = await leaseOf(world.engine, payment.request);
  world.ledgerFaults.next("process", lostBeforeTaken);
  const answer = await world.hurried.settle(withLease(payment.request, lease));
  expect(answer).toMatchObject({ errorReason: "settlement_pending" });
  return { ...payment, lease };
}

describe("somebody who saw the block in the gossip verifies it before the node knows it", () => {
  test("and settles once it has landed: it proves nothing, and the payer claims it through Track B", async () => {
    const { request, block, hash } = await pendingSettlement();
    const stranger = await leaseOf(world.engine, request);
    await world.broadcast(block);
    const stolen = await world.engine.settle(withLease(request, stranger));
    expect(stolen).toMatchObject({ success: false, errorReason: "block_already_landed" });
    await world.engine.release(stranger);
    expect(await world.engine.settle(world.claimTrackB(hash))).toMatchObject({ success: true });
  });

  test("and settles while it lands: it proves nothing", async () => {
    const { request, block, hash } = await pendingSettlement();
    const stranger = await leaseOf(world.engine, request);
    world.ledgerFaults.next(
      "process",
      refuses("Old block", () => world.broadcast(block)),
    );
    const stolen = await world.engine.settle(withLease(request, stranger));
    expect(stolen).toMatchObject({ success: false, errorReason: "block_already_landed" });
    expect(await world.engine.settle(world.claimTrackB(hash))).toMatchObject({ success: true });
  });

  test("without a token, and it has landed by the time of the lease: it proves nothing", async () => {
    const { request, block, hash } = await pendingSettlement();
    world.ledgerFaults.next(
      "blockInfo",
      late(() => world.broadcast(block)),
    );
    expect(await world.engine.settle(request)).toMatchObject({ errorReason: "block_already_landed" });
    expect(world.ledgerFaults.countOf("process")).toBe(1);
    expect(await world.journal()).toEqual([]);
    expect(await world.engine.verify(world.claimTrackB(hash))).toMatchObject({ isValid: true });
  });
});

describe("the payer presents a pending block again, and it has not landed", () => {
  test("verify decides about the old journal entry, and the new settlement writes its own", async () => {
    const { request, hash, lease } = await pendingSettlement();
    expect(await world.journal()).toEqual([hash]);
    const again = await leaseOf(world.engine, request);
    expect(await world.journal()).toEqual([]);
    expect(await world.engine.settle(withLease(request, lease))).toMatchObject({ errorReason: "payment_in_progress" });
    expect(await world.engine.settle(withLease(request, again))).toMatchObject({ success: true });
    expect(world.ledgerFaults.countOf("process")).toBe(2);
  });

  test("the node cannot be asked about the old entry: no lease is left, the entry stays", async () => {
    const { request, hash } = await pendingSettlement();
    world.ledgerFaults.next("blockInfo", (real, ...args) => real(...args));
    world.ledgerFaults.next("blockInfo", unreachable);
    expect(await world.engine.verify(request)).toMatchObject({ invalidReason: "ledger_unavailable" });
    expect(await world.journal()).toEqual([hash]);
    expect(await world.engine.verify(request)).toMatchObject({ isValid: true });
  });
});

test("the payer's Track B claim closes the journal as landed", async () => {
  const { block, hash } = await pendingSettlement();
  await world.broadcast(block);
  const lease = await leaseOf(world.engine, world.claimTrackB(hash));
  expect(await world.journal()).toEqual([]);
  await world.engine.release(lease);
  expect(await world.engine.settle(world.claimTrackB(hash))).toMatchObject({ success: true });
});

describe("two facilitators on one store, called with one token", () => {
  test("the second finds the first one's broadcast: both wait, and answer the same success", async () => {
    const other = createFacilitatorEngine(world.facilitatorOptions);
    const { request } = await world.payTrackA();
    const settle = withLease(request, await leaseOf(world.engine, request));
    let second: unknown;
    world.ledgerFaults.next(
      "process",
      late(async () => {
        second = await other.settle(settle);
      }),
    );
    const first = await world.engine.settle(settle);
    expect(first).toMatchObject({ success: true });
    expect(second).toEqual(first);
    expect(world.ledgerFaults.countOf("process")).toBe(1);
  });

  test("the second has looked before the first broadcast: it finds out when it looks again", async () => {
    const { request } = await world.payTrackA();
    const settle = withLease(request, await leaseOf(world.other, request));
    let first: unknown;
    world.ledgerFaults.next("blockInfo", async (real, ...args) => {
      first = await world.other.settle(settle);
      return real(...args);
    });
    const second = await world.engine.settle(settle);
    expect(first).toMatchObject({ success: true });
    expect(second).toEqual(first);
  });

  test("both have claimed before either journals: the second finds the journal, and both answer the same success", async () => {
    const slowStore = faultyStore(world.store);
    const other = createFacilitatorEngine({ ...world.facilitatorOptions, store: slowStore.port });
    const { request, hash } = await world.payTrackA();
    const settle = withLease(request, await leaseOf(world.engine, request));
    const [reached, goOn] = [deferred(), deferred()];
    slowStore.next("advance", async (real, ...args) => {
      reached.resolve();
      await goOn.promise;
      return real(...args);
    });
    const second = other.settle(settle);
    await reached.promise;
    world.ledgerFaults.next(
      "process",
      late(async () => {
        goOn.resolve();
        await second;
      }),
    );
    const first = await world.engine.settle(settle);
    expect(first).toMatchObject({ success: true });
    expect(await second).toEqual(first);
    expect(await world.engine.settle(world.claimTrackB(hash))).toMatchObject({ errorReason: "duplicate_block_hash" });
    expect(world.ledgerFaults.calls.filter(({ method }) => method === "process")).toHaveLength(2);
  });
});

function deferred(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve: () => resolve() };
}
