import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createFacilitatorEngine, type FacilitatorEngine, type FacilitatorOptions } from "x402-nano/facilitator";
import { type EngineWorld, startEngineWorld } from "../support/engine-world.js";
import { breaks, unreachable } from "../support/faulty-ledger.js";
import {
  advanceAnswerLost,
  advanceFailsTo,
  type FaultyStore,
  faultyStore,
  redeemedAnswerLost,
  storeDown,
} from "../support/faulty-store.js";
import { leaseOf, type Request, withLease } from "../support/offers.js";

/** R7, R8: an outage is never "paid", and after a broadcast never "not paid". */

let world: EngineWorld;
let store: FaultyStore;
let engine: FacilitatorEngine;

async function open(options: Partial<FacilitatorOptions> = {}): Promise<void> {
  world = await startEngineWorld();
  store = faultyStore(world.store);
  engine = createFacilitatorEngine({ ...world.facilitatorOptions, store: store.port, ...options });
}
beforeEach(() => open());
afterEach(() => world.close());

const TRACKS = ["nanoTxn", "nanoSignature"] as const;
const pay = async (track: (typeof TRACKS)[number]): Promise<Request> =>
  (track === "nanoTxn" ? await world.payTrackA() : await world.payTrackB()).request;

/** The store's own view: nothing was redeemed, and a new lease can be had at once. */
async function expectUntouched(request: Request): Promise<void> {
  expect(await world.journal()).toEqual([]);
  const lease = await leaseOf(world.engine, request);
  expect(await world.engine.settle(withLease(request, lease))).toMatchObject({ success: true });
}

const LEDGER_DOWN = "ledger_unavailable";
const STORE_DOWN = "facilitator_unavailable";

describe("the ledger cannot be asked", () => {
  const reads = [
    { track: "nanoTxn", method: "blockInfo" },
    { track: "nanoSignature", method: "blockInfo" },
  ] as const;

  test.each(reads)("verify of $track at $method: a value, with the payer, and no lease", async ({ track, method }) => {
    const request = await pay(track);
    world.ledgerFaults.next(method, unreachable);
    expect(await engine.verify(request)).toEqual({
      isValid: false,
      invalidReason: LEDGER_DOWN,
      invalidMessage: expect.any(String),
      error: "LEDGER_UNAVAILABLE",
      payer: world.alice.address,
    });
    await expectUntouched(request);
  });

  test.each(reads)("settle of $track at $method: a value, and no lease", async ({ track, method }) => {
    const request = await pay(track);
    world.ledgerFaults.next(method, unreachable);
    const answer = await engine.settle(request);
    expect(answer).toMatchObject({
      success: false,
      errorReason: LEDGER_DOWN,
      transaction: "",
      payer: world.alice.address,
    });
    await expectUntouched(request);
  });

  test.each(reads)(
    "settle of $track with the token at $method: the lease stays the server's",
    async ({ track, method }) => {
      const request = await pay(track);
      const lease = await leaseOf(world.other, request);
      world.ledgerFaults.next(method, unreachable);
      expect(await engine.settle(withLease(request, lease))).toMatchObject({ errorReason: LEDGER_DOWN });
      expect(await engine.verify(request)).toMatchObject({ invalidReason: "payment_in_progress" });
      expect(await engine.settle(withLease(request, lease))).toMatchObject({ success: true });
    },
  );

  test.each(["with", "without"])(
    "at process, %s a token: nothing has left, so nothing is journalled or leased",
    async (token) => {
      const request = await pay("nanoTxn");
      const settle = token === "with" ? withLease(request, await leaseOf(engine, request)) : request;
      world.ledgerFaults.next("process", unreachable);
      const answer = await engine.settle(settle);
      expect(answer).toMatchObject({ success: false, errorReason: LEDGER_DOWN, transaction: "" });
      await expectUntouched(request);
    },
  );

  test("while its confirmation is waited for: pending with the hash, and the lease has ended", async () => {
    const { request, hash } = await world.payTrackA();
    world.ledgerFaults.next("waitForConfirmation", unreachable);
    const answer = await engine.settle(request);
    expect(answer).toMatchObject({ errorReason: "settlement_pending", transaction: hash.toUpperCase() });
    expect(await engine.settle(world.claimTrackB(hash))).toMatchObject({ success: true });
  });

  test("while Track B waits for the confirmation: a value", async () => {
    await world.close();
    world = await startEngineWorld({ dev: { confirm: "never" } });
    const { request } = await world.payTrackB();
    world.ledgerFaults.next("waitForConfirmation", unreachable);
    expect(await world.engine.verify(request)).toMatchObject({ invalidReason: LEDGER_DOWN });
  });
});

describe("the store cannot be asked", () => {
  test.each(TRACKS)("verify of %s at get and at claim: a value, with the payer, and no lease", async (track) => {
    const request = await pay(track);
    for (const method of ["get", "claim"] as const) {
      store.next(method, storeDown);
      const answer = await engine.verify(request);
      expect(answer).toMatchObject({ isValid: false, invalidReason: STORE_DOWN, payer: world.alice.address });
    }
    await expectUntouched(request);
  });

  test.each(TRACKS)("settle of %s at get and at claim: a value, nothing is broadcast or redeemed", async (track) => {
    const request = await pay(track);
    for (const method of ["get", "claim"] as const) {
      store.next(method, storeDown);
      const answer = await engine.settle(request);
      expect(answer).toMatchObject({
        success: false,
        errorReason: STORE_DOWN,
        transaction: "",
        payer: world.alice.address,
      });
    }
    expect(world.ledgerFaults.countOf("process")).toBe(0);
    await expectUntouched(request);
  });

  test("Track A at the journal: nothing is broadcast, and the lease that settle took has ended", async () => {
    const request = await pay("nanoTxn");
    store.next("advance", advanceFailsTo("broadcasting"));
    expect(await engine.settle(request)).toMatchObject({ errorReason: STORE_DOWN, transaction: "" });
    expect(world.ledgerFaults.countOf("process")).toBe(0);
    await expectUntouched(request);
  });

  test("Track A at the journal, Track B at the redemption: the server's own lease stays, expiry lifted", async () => {
    for (const [track, to] of [
      ["nanoTxn", "broadcasting"],
      ["nanoSignature", "redeemed"],
    ] as const) {
      const request = await pay(track);
      const lease = await leaseOf(engine, request);
      store.always("advance", advanceFailsTo(to));
      expect(await engine.settle(withLease(request, lease))).toMatchObject({ errorReason: STORE_DOWN });
      store.heal();
      world.clock.advanceSeconds(100);
      expect(await engine.settle(withLease(request, lease))).toMatchObject({ success: true });
    }
  });

  test("Track A at the journal, whose answer is lost: the second settle goes on with it", async () => {
    const request = await pay("nanoTxn");
    const lease = await leaseOf(engine, request);
    store.next("advance", advanceAnswerLost);
    expect(await engine.settle(withLease(request, lease))).toMatchObject({ errorReason: STORE_DOWN });
    expect(world.ledgerFaults.countOf("process")).toBe(0);
    expect(await engine.settle(withLease(request, lease))).toMatchObject({ success: true });
  });

  test("Track A at the redemption, after the broadcast: pending with the hash; the second settle redeems", async () => {
    const { request, hash } = await world.payTrackA();
    const lease = await leaseOf(engine, request);
    store.always("advance", advanceFailsTo("redeemed"));
    const pending = { success: false, errorReason: "settlement_pending", transaction: hash.toUpperCase() };
    expect(await engine.settle(withLease(request, lease))).toMatchObject(pending);
    expect(await engine.settle(withLease(request, lease))).toMatchObject(pending);
    store.heal();
    expect(await engine.settle(withLease(request, lease))).toMatchObject({ success: true });
    expect(world.ledgerFaults.countOf("process")).toBe(1);
  });

  test("Track A at the redemption: the lease has ended, so the payer can claim it through Track B", async () => {
    const { request, hash } = await world.payTrackA();
    store.always("advance", advanceFailsTo("redeemed"));
    expect(await engine.settle(request)).toMatchObject({ errorReason: "settlement_pending" });
    store.heal();
    expect(await engine.settle(world.claimTrackB(hash))).toMatchObject({ success: true });
  });

  test("from the broadcast on: pending, whatever else fails", async () => {
    const { request, hash } = await world.payTrackA();
    const lease = await leaseOf(engine, request);
    store.next("advance", (real, ...args) => {
      for (const method of ["advance", "release"] as const) store.always(method, storeDown);
      return real(...args);
    });
    const pending = { errorReason: "settlement_pending", transaction: hash.toUpperCase() };
    expect(await engine.settle(withLease(request, lease))).toMatchObject(pending);
    store.always("claim", storeDown);
    expect(await engine.settle(withLease(request, lease))).toMatchObject(pending);
    store.heal();
    expect(await engine.settle(withLease(request, lease))).toMatchObject({ success: true });
  });

  test.each(TRACKS)("%s is redeemed but the answer is lost: the same token gets the stored success", async (track) => {
    const request = await pay(track);
    const lease = await leaseOf(engine, request);
    store.always("advance", redeemedAnswerLost);
    expect(await engine.settle(withLease(request, lease))).toMatchObject({ success: false });
    store.heal();
    expect(await engine.settle(withLease(request, lease))).toMatchObject({ success: true });
    expect(await engine.settle(request)).toMatchObject({ errorReason: "duplicate_block_hash" });
  });

  test.each(TRACKS)(
    "%s at the redemption, twice: it is tried again, and settles without a token too",
    async (track) => {
      for (const failure of [advanceFailsTo("redeemed"), redeemedAnswerLost]) {
        const request = await pay(track);
        store.always("advance", failure);
        let pauses = 0;
        const patient = createFacilitatorEngine({
          ...world.facilitatorOptions,
          store: store.port,
          sleep: async () => {
            pauses += 1;
            if (pauses === 2) store.heal();
          },
        });
        expect(await patient.settle(request)).toMatchObject({ success: true });
        expect(pauses).toBe(2);
        expect(await engine.settle(request)).toMatchObject({ errorReason: "duplicate_block_hash" });
      }
    },
  );

  test("Track B at the redemption: a value, and the lease that settle took has ended", async () => {
    const request = await pay("nanoSignature");
    store.always("advance", advanceFailsTo("redeemed"));
    expect(await engine.settle(request)).toMatchObject({ errorReason: STORE_DOWN, transaction: "" });
    store.heal();
    await expectUntouched(request);
  });

  test("after a refusal of the node: the refusal stands, recovery closes the entry", async () => {
    const { request, hash } = await world.payTrackA();
    const rival = await world.alice.signSend({ payTo: world.alice.address, amountRaw: 7n });
    world.ledgerFaults.next("process", async (real, ...args) => {
      await world.broadcast(rival);
      return real(...args);
    });
    store.always("advance", advanceFailsTo("closed"));
    expect(await engine.settle(request)).toMatchObject({ errorReason: "frontier_changed" });
    expect(await world.journal()).toEqual([hash]);
  });

  test("for a release: the caller hears of it", async () => {
    store.next("release", storeDown);
    await expect(engine.release("x")).rejects.toMatchObject({ code: "store_unavailable" });
  });

  test("a closed store is an outage", async () => {
    const request = await pay("nanoSignature");
    await world.store.close();
    expect(await engine.verify(request)).toMatchObject({ invalidReason: STORE_DOWN });
    expect(await engine.settle(request)).toMatchObject({ errorReason: STORE_DOWN });
  });
});

describe("a mistake in the code", () => {
  test("in blockInfo is thrown, takes no lease and pays nobody", async () => {
    const { request } = await world.payTrackA();
    world.ledgerFaults.next("blockInfo", breaks);
    await expect(engine.verify(request)).rejects.toThrow(TypeError);
    world.ledgerFaults.next("blockInfo", breaks);
    await expect(engine.settle(request)).rejects.toThrow(TypeError);
    await expectUntouched(request);
  });

  test("in process leaves open whether the block has left, so it is pending", async () => {
    const { request, hash } = await world.payTrackA();
    world.ledgerFaults.next("process", breaks);
    const answer = await world.hurried.settle(request);
    expect(answer).toMatchObject({ errorReason: "settlement_pending", transaction: hash.toUpperCase() });
    expect(await world.journal()).toEqual([hash]);
  });

  test("in the wait for the confirmation is not 'paid'", async () => {
    const { request, hash } = await world.payTrackA();
    world.ledgerFaults.next("waitForConfirmation", breaks);
    const answer = await engine.settle(request);
    expect(answer).toMatchObject({ errorReason: "settlement_pending", transaction: hash.toUpperCase() });
  });

  test("in the store is thrown before a broadcast, and the lease that settle took has ended", async () => {
    const { request } = await world.payTrackA();
    store.next("advance", breaks);
    await expect(engine.settle(request)).rejects.toThrow(TypeError);
    expect(world.ledgerFaults.countOf("process")).toBe(0);
    await expectUntouched(request);
  });
});
