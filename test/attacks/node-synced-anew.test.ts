import { expect } from "vitest";
import { createFacilitatorEngine } from "x402-nano/facilitator";
import { createLedger, type Ledger } from "x402-nano/rpc";
import type { DevLedgerNode } from "x402-nano/testing";
import { fetchOffers, startSeller } from "../support/sellers.js";
import { type AttackWorld, attack } from "./attack.js";
import { expectBuysOne, expectHonestBuyerServed, expectRefused, expectTurnedAway } from "./support-outcomes.js";

/**
 * The facilitator's node is replaced by one that was synced anew. It has seen every block just now, and says so: the age
 * limit limits nothing, and only the store keeps what was redeemed from being redeemed again (R1, R5).
 */

const MONTH = 30 * 86_400;

/** The facilitator goes on with a node that has caught up this very second, and `beside` it with those that must agree. */
async function onFreshNode(
  world: AttackWorld,
  beside: readonly DevLedgerNode[] = [],
): Promise<AttackWorld & { readonly ledger: Ledger }> {
  const rpcUrls = [await world.dev.addNode(), ...beside].map(({ rpcUrl }) => rpcUrl);
  const ledger = createLedger({ rpcUrls, agreement: rpcUrls.length, pollIntervalMs: 5, onWarning: () => undefined });
  world.onClose(() => ledger.close());
  const facilitatorOptions = { ...world.facilitatorOptions, ledger };
  return { ...world, ledger, facilitatorOptions, engine: createFacilitatorEngine(facilitatorOptions) };
}

const nowSeconds = ({ clock }: AttackWorld): number => Math.floor(clock() / 1000);

attack("what was redeemed a month ago looks young, and buys nothing on either track", async (world) => {
  const trackA = await world.payTrackA();
  await expectBuysOne(world.engine, trackA.request);
  const trackB = await world.payTrackB();
  await expectBuysOne(world.engine, trackB.request);
  world.clock.advanceSeconds(MONTH);
  const fresh = await onFreshNode(world);
  const seller = await startSeller(fresh);
  for (const { hash } of [trackA, trackB]) {
    const seen = await fresh.ledger.blockInfo(hash);
    expect(seen?.localTimestampSeconds).toBe(nowSeconds(world));
    await expectRefused(fresh.engine, world.claimTrackB(hash), "duplicate_block_hash");
    const { nanoSignature } = await fetchOffers(seller);
    await expectTurnedAway(seller, world.alice.proveNanoSignature(nanoSignature, hash), "duplicate_block_hash");
  }
  const { nanoTxn } = await fetchOffers(seller);
  await expectTurnedAway(seller, { ...trackA.request.paymentPayload, accepted: nanoTxn }, "duplicate_block_hash");
  expect(seller.handlerRuns()).toBe(0);
  await expectHonestBuyerServed(fresh, seller);
});

attack("copies of it at two facilitators, the whole year through", async (world) => {
  const { request, hash } = await world.payTrackB();
  await expectBuysOne(world.engine, request);
  for (let month = 1; month <= 12; month += 1) {
    world.clock.advanceSeconds(MONTH);
    const fresh = await onFreshNode(world);
    const elsewhere = createFacilitatorEngine({ ...world.otherOptions, ledger: fresh.ledger });
    await expectRefused(fresh.engine, world.claimTrackB(hash), "duplicate_block_hash");
    await expectRefused(elsewhere, world.claimTrackB(hash), "duplicate_block_hash");
  }
});

/** SPEC R5 cannot tell it from a payment of today: it is one, made by this payer to this payTo, and not yet used. */
attack(
  "a transfer of a month ago that nobody redeemed: with one node it buys one response, and only one",
  async (world) => {
    const { hash } = await world.payTrackB();
    world.clock.advanceSeconds(MONTH);
    await expectRefused(world.engine, world.claimTrackB(hash), "payment_too_old");
    const fresh = await onFreshNode(world);
    await expectBuysOne(fresh.engine, world.claimTrackB(hash));
    const fresher = await onFreshNode(world);
    await expectRefused(fresher.engine, world.claimTrackB(hash), "duplicate_block_hash");
  },
);

attack("the same beside a node that remembers: the oldest first sight counts", async (world) => {
  const old = await world.dev.addNode();
  const { hash } = await world.payTrackB();
  world.clock.advanceSeconds(MONTH);
  const fresh = await onFreshNode(world, [old]);
  await expectRefused(fresh.engine, world.claimTrackB(hash), "payment_too_old");
  const seller = await startSeller(fresh);
  const { nanoSignature } = await fetchOffers(seller);
  await expectTurnedAway(seller, world.alice.proveNanoSignature(nanoSignature, hash), "payment_too_old");
  expect(seller.handlerRuns()).toBe(0);
  await expectHonestBuyerServed(fresh, seller);
});

attack("a node that says it saw the block at no time, or in no time that was", async (world) => {
  const { request } = await world.payTrackB();
  for (const local_timestamp of ["0", "", undefined, "18446744073709551615"]) {
    const fault = world.dev.faults.rpc(
      { kind: "wrong", answer: (honest) => ({ ...honest, local_timestamp }) },
      { action: "block_info" },
    );
    expect(await world.engine.verify(request)).toMatchObject({ isValid: false });
    expect(await world.engine.settle(request)).toMatchObject({ success: false });
    expect(fault.hits).toBeGreaterThan(0);
    fault.stop();
  }
  await expectBuysOne(world.engine, request);
});
