import { expect } from "vitest";
import { createFacilitatorEngine, type FacilitatorEngine } from "x402-nano/facilitator";
import { lostBeforeTaken } from "../support/faulty-ledger.js";
import { leaseOf, proveBlock, requestOf, withLease } from "../support/offers.js";
import { fetchOffers, startSeller } from "../support/sellers.js";
import { type AttackWorld, attack } from "./attack.js";
import { blockIn } from "./support-blocks.js";
import {
  expectBuysOne,
  expectHonestBuyerServed,
  expectHonestPayerServed,
  expectRefused,
  expectServedOnce,
  expectTurnedAway,
} from "./support-outcomes.js";

/** The store is lost, an empty one takes its place, and the payer comes back with what was redeemed (R6). */

const HOUR = 3_600;

/** A facilitator on an empty store that was born this very second. */
async function startAnew(world: AttackWorld): Promise<FacilitatorEngine> {
  return createFacilitatorEngine({ ...world.facilitatorOptions, store: await world.createEmptyStore() });
}

attack("what was redeemed buys nothing again, on either track, now or later", async (world) => {
  const { engine, clock } = world;
  const trackA = await world.payTrackA();
  await expectBuysOne(engine, trackA.request);
  const trackB = await world.payTrackB();
  await expectBuysOne(engine, trackB.request);
  clock.advanceSeconds(1);
  const anew = await startAnew(world);
  for (const seconds of [0, 1, 59]) {
    clock.advanceSeconds(seconds);
    await expectRefused(anew, trackA.request, "block_already_landed");
    for (const { hash } of [trackA, trackB]) await expectRefused(anew, world.claimTrackB(hash), "payment_too_old");
  }
  await expectHonestPayerServed(world, anew);
  clock.advanceSeconds(HOUR);
  for (const { hash } of [trackA, trackB]) await expectRefused(anew, world.claimTrackB(hash), "payment_too_old");
});

attack("nor in the second in which the new store was born", async (world) => {
  const { request, hash } = await world.payTrackB();
  await expectBuysOne(world.engine, request);
  const anew = await startAnew(world);
  await expectRefused(anew, request, "payment_too_old");
  const unspent = await world.payTrackB();
  await expectRefused(anew, unspent.request, "payment_too_old");
  world.clock.advanceSeconds(1);
  await expectRefused(anew, world.claimTrackB(hash), "payment_too_old");
  await expectBuysOne(anew, (await world.payTrackB()).request);
});

attack("at a stock server: turned away, and whoever pays now is served", async (world) => {
  const before = await startSeller(world);
  const proof = await world.alice.proveNanoTxn((await fetchOffers(before)).nanoTxn);
  await expectServedOnce(before, proof);
  world.clock.advanceSeconds(1);
  const facilitatorOptions = { ...world.facilitatorOptions, store: await world.createEmptyStore() };
  const after = await startSeller({ ...world, facilitatorOptions });
  world.clock.advanceSeconds(1);
  const { hash } = blockIn(proof);
  await expectTurnedAway(after, proof, "block_already_landed");
  const { nanoSignature } = await fetchOffers(after);
  await expectTurnedAway(after, world.alice.proveNanoSignature(nanoSignature, hash), "payment_too_old");
  expect(after.handlerRuns()).toBe(0);
  await expectHonestBuyerServed(world, after);
});

attack(
  "a lease of the lost store: it owns nothing in the new one, where the payment is judged in full",
  async (world) => {
    const { engine, clock } = world;
    const paidBefore = await world.payTrackB();
    const trackB = await leaseOf(engine, paidBefore.request);
    const signedBefore = await world.payTrackA();
    const trackA = await leaseOf(engine, signedBefore.request);
    clock.advanceSeconds(1);
    const anew = await startAnew(world);
    clock.advanceSeconds(1);
    expect(await anew.release(trackB)).toBe(false);
    expect(await anew.settle(withLease(paidBefore.request, trackB))).toMatchObject({ errorReason: "payment_too_old" });
    // Of a block that nobody has sent there is nothing to remember.
    const settled = await anew.settle(withLease(signedBefore.request, trackA));
    expect(settled).toMatchObject({ success: true, transaction: signedBefore.hash.toUpperCase() });
    await expectRefused(anew, signedBefore.request, "duplicate_block_hash");
    expect(await anew.settle(withLease(signedBefore.request, trackA))).toMatchObject({ success: false });

    const paidAfter = await world.payTrackB();
    for (const stale of [trackB, trackA]) {
      const open = await leaseOf(anew, paidAfter.request);
      const answer = await anew.settle(withLease(paidAfter.request, stale));
      expect(answer).toMatchObject({ success: false, errorReason: "payment_in_progress" });
      expect(await anew.release(open)).toBe(true);
    }
    await expectBuysOne(anew, paidAfter.request);
    const unspent = await world.payTrackB();
    clock.advanceSeconds(HOUR + 1);
    const old = await anew.settle(withLease(world.claimTrackB(unspent.hash), trackB));
    expect(old).toMatchObject({ success: false, errorReason: "payment_too_old" });
  },
);

attack("a lease of the lost store that has expired lifts nothing", async (world) => {
  const { request } = await world.payTrackA();
  const lease = await leaseOf(world.engine, request);
  const anew = await startAnew(world);
  world.clock.advanceSeconds(66);
  expect(await anew.settle(withLease(request, lease))).toMatchObject({
    success: false,
    errorReason: "payment_expired",
  });
  expect(world.ledgerFaults.countOf("process")).toBe(0);
});

attack("a block that was on its way when the journal was lost: judged anew, and handed in once more", async (world) => {
  const { engine, hurried, clock } = world;
  const { request, block, hash } = await world.payTrackA();
  const lease = await leaseOf(engine, request);
  world.ledgerFaults.next("process", lostBeforeTaken);
  expect(await hurried.settle(withLease(request, lease))).toMatchObject({ errorReason: "settlement_pending" });
  const anew = await startAnew(world);
  clock.advanceSeconds(1);
  await world.broadcast(block);
  expect(await anew.settle(withLease(request, lease))).toMatchObject({ errorReason: "block_already_landed" });
  await expectBuysOne(anew, world.claimTrackB(hash));
  await expectRefused(anew, requestOf(proveBlock(request.paymentRequirements, block)), "duplicate_block_hash");
});
