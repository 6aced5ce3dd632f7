import { describe, expect, test } from "vitest";
import { createFacilitatorEngine } from "x402-nano/facilitator";
import type { EngineWorld, TrackAPayment } from "../support/engine-world.js";
import { startEngineWorld } from "../support/engine-world.js";
import { preceded, unreachable } from "../support/faulty-ledger.js";
import { leaseOf, withLease } from "../support/offers.js";
import { onEachStore } from "../support/on-each-store.js";
import { PAY_TO } from "../support/world.js";

const NOTHING = { landed: 0, void: 0, open: 0 };
/** Longer than a settle's lease and the grace after it. */
const AFTER_ALL_LEASES_SECONDS = 120;

/** A settle that died after it had journalled the block, before or after the node got it. */
async function dieAfterJournal(world: EngineWorld, payment: TrackAPayment): Promise<string> {
  const { engine, store } = world;
  const lease = await leaseOf(engine, payment.request);
  const block = JSON.stringify(payment.request.paymentPayload.payload["block"]);
  expect(await store.advance(lease, { to: "broadcasting", block, leaseMs: 40_000 })).toMatchObject({
    outcome: "advanced",
  });
  return lease;
}

/** SPEC R9: recovery records what became of each journalled block and frees it; it never redeems. */
describe("recovery", () => {
  onEachStore("finds a landed block, and its payer claims it through Track B", async (world) => {
    const { engine, clock, broadcast, journal, claimTrackB, payTrackA } = world;
    const payment = await payTrackA({ maxTimeoutSeconds: 600 });
    const lease = await dieAfterJournal(world, payment);
    await broadcast(payment.block);
    clock.advanceSeconds(AFTER_ALL_LEASES_SECONDS);
    expect(await engine.recover()).toEqual({ ...NOTHING, landed: 1 });
    expect(await journal()).toEqual([]);
    expect(await engine.settle(withLease(payment.request, lease))).toMatchObject({
      errorReason: "block_already_landed",
    });
    const claim = claimTrackB(payment.hash);
    expect(await engine.settle(withLease(claim, await leaseOf(engine, claim)))).toMatchObject({ success: true });
    expect(await engine.settle(claimTrackB(payment.hash))).toMatchObject({ errorReason: "duplicate_block_hash" });
  });

  onEachStore("frees a block that never left, and the payer presents it again", async (world) => {
    const { engine, clock, journal, payTrackA } = world;
    const payment = await payTrackA({ maxTimeoutSeconds: 600 });
    await dieAfterJournal(world, payment);
    clock.advanceSeconds(AFTER_ALL_LEASES_SECONDS);
    expect(await engine.recover()).toEqual({ ...NOTHING, void: 1 });
    expect(await journal()).toEqual([]);
    const lease = await leaseOf(engine, payment.request);
    expect(await engine.settle(withLease(payment.request, lease))).toMatchObject({ success: true });
  });

  onEachStore("records as void what another confirmed block took the place of", async (world) => {
    const { engine, clock, alice, journal, payTrackA } = world;
    const payment = await payTrackA();
    await dieAfterJournal(world, payment);
    await alice.send({ payTo: PAY_TO, amountRaw: 7n });
    clock.advanceSeconds(AFTER_ALL_LEASES_SECONDS);
    expect(await engine.recover()).toEqual({ ...NOTHING, void: 1 });
    expect(await journal()).toEqual([]);
  });

  onEachStore("leaves alone what a settle holds, and what a host may ask about once more", async (world) => {
    const { engine, clock, store, broadcast, journal, payTrackA } = world;
    const payment = await payTrackA();
    const lease = await dieAfterJournal(world, payment);
    await broadcast(payment.block);
    expect(await engine.recover()).toEqual({ ...NOTHING, open: 1 });
    await store.release(lease);
    clock.advanceSeconds(29);
    expect(await engine.recover()).toEqual({ ...NOTHING, open: 1 });
    expect(await journal()).toEqual([payment.hash]);
    expect(await engine.settle(withLease(payment.request, lease))).toMatchObject({ success: true });
    clock.advanceSeconds(AFTER_ALL_LEASES_SECONDS);
    expect(await engine.recover()).toEqual(NOTHING);
  });

  onEachStore(
    "waits for a block that is not confirmed, and for a rival that is not",
    async (world) => {
      const { dev, engine, clock, alice, broadcast, journal, payTrackA } = world;
      await dev.confirmAll();
      const first = await payTrackA();
      await dieAfterJournal(world, first);
      await broadcast(first.block);
      clock.advanceSeconds(AFTER_ALL_LEASES_SECONDS);
      expect(await engine.recover()).toEqual({ ...NOTHING, open: 1 });
      expect(await journal()).toEqual([first.hash]);
      await dev.confirmAll();
      expect(await engine.recover()).toEqual({ ...NOTHING, landed: 1 });

      const second = await payTrackA();
      await dieAfterJournal(world, second);
      await alice.send({ payTo: PAY_TO, amountRaw: 7n });
      clock.advanceSeconds(AFTER_ALL_LEASES_SECONDS);
      expect(await engine.recover()).toEqual({ ...NOTHING, open: 1 });
      await dev.confirmAll();
      expect(await engine.recover()).toEqual({ ...NOTHING, void: 1 });
    },
    { dev: { confirm: "never" } },
  );

  onEachStore("decides nothing while the node cannot be asked", async (world) => {
    const { engine, clock, broadcast, ledgerFaults, payTrackA } = world;
    const payment = await payTrackA();
    await dieAfterJournal(world, payment);
    await broadcast(payment.block);
    clock.advanceSeconds(AFTER_ALL_LEASES_SECONDS);
    ledgerFaults.always("blockInfo", unreachable);
    expect(await engine.recover()).toEqual({ ...NOTHING, open: 1 });
    ledgerFaults.heal();
    expect(await engine.recover()).toEqual({ ...NOTHING, landed: 1 });
  });

  onEachStore("does not close under a settle that takes the block up meanwhile", async (world) => {
    const { engine, clock, broadcast, ledgerFaults, payTrackA } = world;
    const payment = await payTrackA();
    const lease = await dieAfterJournal(world, payment);
    await broadcast(payment.block);
    clock.advanceSeconds(AFTER_ALL_LEASES_SECONDS);
    let settled: Promise<unknown> | undefined;
    ledgerFaults.next(
      "blockInfo",
      preceded(async () => {
        settled = engine.settle(withLease(payment.request, lease));
        await settled;
      }),
    );
    expect(await engine.recover()).toEqual(NOTHING);
    expect(await settled).toMatchObject({ success: true });
  });
});

describe("the regular passes", () => {
  test("begin at the start, go on, and end with close", async () => {
    const world = await startEngineWorld();
    try {
      const payment = await world.payTrackA();
      await dieAfterJournal(world, payment);
      world.clock.advanceSeconds(AFTER_ALL_LEASES_SECONDS);
      const passes: { run: () => void; everyMs: number; stopped: boolean }[] = [];
      const engine = createFacilitatorEngine({
        ...world.facilitatorOptions,
        recoveryIntervalSeconds: 7,
        schedule: (run, everyMs) => {
          const pass = { run, everyMs, stopped: false };
          passes.push(pass);
          return () => {
            pass.stopped = true;
          };
        },
      });
      // Joins the pass of the start.
      expect(await engine.recover()).toEqual({ ...NOTHING, void: 1 });
      expect(passes).toMatchObject([{ everyMs: 7_000, stopped: false }]);
      const again = await world.payTrackA();
      await dieAfterJournal(world, again);
      world.clock.advanceSeconds(AFTER_ALL_LEASES_SECONDS);
      passes[0]?.run();
      expect(await engine.recover()).toEqual({ ...NOTHING, void: 1 });
      engine.close();
      expect(passes[0]?.stopped).toBe(true);
    } finally {
      await world.close();
    }
  });

  test("an interval of 0 makes none", async () => {
    const world = await startEngineWorld();
    const schedule = () => {
      throw new Error("nothing is to be scheduled");
    };
    createFacilitatorEngine({ ...world.facilitatorOptions, recoveryIntervalSeconds: 0, schedule }).close();
    await world.close();
  });

  test("a store that cannot be asked fails the pass that is asked for, and no other", async () => {
    const world = await startEngineWorld();
    await world.store.close();
    const engine = createFacilitatorEngine(world.facilitatorOptions);
    await expect(engine.recover()).rejects.toMatchObject({ code: "store_unavailable" });
    engine.close();
    await world.close();
  });
});
