import { expect } from "vitest";
import { createFacilitatorEngine } from "x402-nano/facilitator";
import { createLedger } from "x402-nano/rpc";
import { nanoAccepts } from "x402-nano/server";
import type { TestClock } from "../support/clock.js";
import type { EngineWorld } from "../support/engine-world.js";
import { payOn } from "../support/hand-payer.js";
import { offersOf, requestOf } from "../support/offers.js";
import { fetchOffers, PRICE, startSeller } from "../support/sellers.js";
import { PAY_TO } from "../support/world.js";
import { attack } from "./attack.js";
import { expectBuysOne, expectRefused, expectServedOnce, expectTurnedAway } from "./support-outcomes.js";

/**
 * Server, facilitator and node each have a clock, up to five minutes off, and the payer picks the moment. What was
 * issued can be paid with, what has expired cannot (row 3, R5, R6).
 */

interface Skews {
  readonly server?: number;
  readonly facilitator?: number;
}

function shifted(clock: TestClock, seconds: number): TestClock {
  return Object.assign(() => clock() + seconds * 1000, { advanceSeconds: clock.advanceSeconds });
}

/** The world as a seller sees it whose own clock, and whose facilitator's, are wrong by that much. */
function withSkews(world: EngineWorld, { server = 0, facilitator = 0 }: Skews): EngineWorld {
  const facilitatorOptions = { ...world.facilitatorOptions, clock: shifted(world.clock, facilitator) };
  return { ...world, clock: shifted(world.clock, server), facilitatorOptions };
}

/** A facilitator whose node's clock is wrong by that much: it dates what it sees from now on. */
async function onSkewedNode(world: EngineWorld, seconds: number): Promise<EngineWorld> {
  const node = await world.dev.addNode({ clock: shifted(world.clock, seconds) });
  const ledger = createLedger({ rpcUrls: node.rpcUrl, pollIntervalMs: 5, onWarning: () => undefined });
  world.onClose(() => ledger.close());
  const facilitatorOptions = { ...world.facilitatorOptions, ledger };
  return { ...world, facilitatorOptions, engine: createFacilitatorEngine(facilitatorOptions) };
}

const WORKING: readonly Skews[] = [
  { server: 5, facilitator: -5 },
  { server: -5, facilitator: 5 },
  { server: 300 },
  { facilitator: -300 },
  { server: 300, facilitator: -300 },
  { server: 300, facilitator: 300 },
  { server: -300, facilitator: -300 },
];

const inWords = ({ server = 0, facilitator = 0 }: Skews): string =>
  `server ${String(server)} s, facilitator ${String(facilitator)} s`;

for (const skews of WORKING) {
  attack(`${inWords(skews)}: an issued challenge works until it expires, and not after`, async (world) => {
    world.clock.advanceSeconds(1_000);
    // A node that stands beside its facilitator goes wrong with it.
    const node = await onSkewedNode(world, skews.facilitator ?? 0);
    const seller = await startSeller(withSkews(node, skews));
    const offers = await fetchOffers(seller);
    const { hash, ...inTime } = await world.alice.payNanoSignature(offers.nanoSignature);
    const lastMoment = offers.nanoSignature.maxTimeoutSeconds;
    world.clock.advanceSeconds(Math.min(lastMoment, lastMoment + (skews.server ?? 0) - (skews.facilitator ?? 0)));
    await expectServedOnce(seller, inTime);
    const { hash: late, ...tooLate } = await world.alice.payNanoSignature(offers.nanoSignature);
    world.clock.advanceSeconds(lastMoment + 6);
    await expectTurnedAway(seller, tooLate, "payment_expired");
    const fresh = await fetchOffers(seller);
    await expectTurnedAway(seller, world.alice.proveNanoSignature(fresh.nanoSignature, hash), "duplicate_block_hash");
    await expectServedOnce(seller, world.alice.proveNanoSignature(fresh.nanoSignature, late));
    // Track A's time is not authenticated, so it is bounded on both sides.
    const { nanoTxn } = fresh;
    const early = await world.alice.proveNanoTxn(nanoTxn);
    if ((skews.server ?? 0) - (skews.facilitator ?? 0) > 300) {
      await expectTurnedAway(seller, early, "challenge_invalid");
    } else {
      await expectServedOnce(seller, early);
    }
    const belated = await world.alice.proveNanoTxn(nanoTxn);
    world.clock.advanceSeconds(lastMoment + 6);
    await expectTurnedAway(seller, belated, "payment_expired");
  });
}

attack("Track A from a server that is too far ahead is refused, and nothing is spent", async (world) => {
  const seller = await startSeller(withSkews(world, { server: 301 }));
  const { nanoTxn, nanoSignature } = await fetchOffers(seller);
  const proof = await world.alice.proveNanoTxn(nanoTxn);
  await expectTurnedAway(seller, proof, "challenge_invalid");
  expect(world.ledgerFaults.countOf("process")).toBe(0);
  const { hash: _hash, ...claim } = await world.alice.payNanoSignature(nanoSignature);
  await expectServedOnce(seller, claim);
});

attack(
  "a server five minutes behind issues what has expired; what was paid works once it is set right",
  async (world) => {
    const seller = await startSeller(withSkews(world, { server: -300 }));
    const { nanoTxn, nanoSignature } = await fetchOffers(seller);
    await expectTurnedAway(seller, await world.alice.proveNanoTxn(nanoTxn), "payment_expired");
    const { hash, ...proof } = await world.alice.payNanoSignature(nanoSignature);
    await expectTurnedAway(seller, proof, "payment_expired");
    expect(seller.handlerRuns()).toBe(0);
    const mended = await startSeller(world);
    await expectServedOnce(mended, world.alice.proveNanoSignature((await fetchOffers(mended)).nanoSignature, hash));
  },
);

attack("the same where a buyer has longer than that", async (world) => {
  const accepts = nanoAccepts({ payTo: PAY_TO, price: PRICE, maxTimeoutSeconds: 400 });
  const seller = await startSeller(withSkews(world, { server: -300 }), { accepts });
  for (const track of ["nanoTxn", "nanoSignature"] as const) {
    await expectServedOnce(seller, await payOn(world.alice, track, await fetchOffers(seller)));
  }
});

attack("a facilitator without the secret bounds the time on both sides", async (world) => {
  const { challengeSecret: _secret, ...rest } = world.facilitatorOptions;
  const engine = createFacilitatorEngine(rest);
  const nowSeconds = Math.floor(world.clock() / 1000);
  const { request, hash } = await world.payTrackB();
  const issuedAt = (skew: number) =>
    requestOf(world.alice.proveNanoSignature(offersOf(world, { nowSeconds: nowSeconds + skew }).nanoSignature, hash));
  await expectRefused(engine, issuedAt(301), "challenge_invalid");
  await expectRefused(engine, issuedAt(-66), "payment_expired");
  await expectBuysOne(engine, issuedAt(300));
  await expectRefused(engine, request, "duplicate_block_hash");
});

for (const seconds of [5, -5, 60, -300, -3600]) {
  attack(`a node ${String(seconds)} s off: payments work, and an old one stays too old`, async (bare) => {
    bare.clock.advanceSeconds(4_000);
    const world = await onSkewedNode(bare, seconds);
    const { request, hash } = await world.payTrackB();
    await expectBuysOne(world.engine, request);
    const unspent = await world.payTrackB();
    world.clock.advanceSeconds(3_601 + seconds);
    await expectRefused(world.engine, world.claimTrackB(unspent.hash), "payment_too_old");
    await expectRefused(world.engine, world.claimTrackB(hash), "duplicate_block_hash");
  });
}

attack(
  "a node five minutes ahead dates payments in the future: refused until our clock is there, then served",
  async (bare) => {
    for (const seconds of [61, 300]) {
      const world = await onSkewedNode(bare, seconds);
      const { request, hash } = await world.payTrackB();
      await expectRefused(world.engine, request, "payment_too_old");
      const seller = await startSeller(world);
      const { nanoSignature } = await fetchOffers(seller);
      await expectTurnedAway(seller, world.alice.proveNanoSignature(nanoSignature, hash), "payment_too_old");
      expect(seller.handlerRuns()).toBe(0);
      world.clock.advanceSeconds(seconds - 60);
      await expectBuysOne(world.engine, world.claimTrackB(hash));
    }
  },
);

attack(
  "a node five minutes behind and a store that is younger: refused, for it may be older than the store",
  async (bare) => {
    const world = await onSkewedNode(bare, -300);
    const { request } = await world.payTrackB();
    await expectRefused(world.engine, request, "payment_too_old");
    world.clock.advanceSeconds(300);
    await expectBuysOne(world.engine, (await world.payTrackB()).request);
  },
);
