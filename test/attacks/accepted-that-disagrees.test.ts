import { expect } from "vitest";
import type { EngineWorld } from "../support/engine-world.js";
import { type Envelope, payOn } from "../support/hand-payer.js";
import { offersOf, proveBlock, requestOf } from "../support/offers.js";
import { fetchOffers, startSeller } from "../support/sellers.js";
import { PAY_TO } from "../support/world.js";
import { attack } from "./attack.js";
import {
  expectBuysOne,
  expectHonestBuyerServed,
  expectRefused,
  expectServedOnce,
  expectTurnedAway,
} from "./support-outcomes.js";

/** `accepted` is the client's word. It buys nothing unless it says what the seller asks (row 2). */

const TRACKS = ["nanoTxn", "nanoSignature"] as const;
const DISAGREEMENTS: Readonly<Record<string, (world: EngineWorld) => Record<string, unknown>>> = {
  scheme: () => ({ scheme: "upto" }),
  network: () => ({ network: "nano:testnet" }),
  asset: () => ({ asset: "USDC" }),
  payTo: ({ alice }) => ({ payTo: alice.address }),
  "amount: less": () => ({ amount: "10" }),
  "amount: more": () => ({ amount: (10n ** 30n).toString() }),
};

const accepting = (proof: Envelope, change: Record<string, unknown>): Envelope => ({
  ...proof,
  accepted: { ...Object(proof.accepted), ...change },
});

for (const track of TRACKS) {
  attack(`${track}: accepted names another scheme, network, asset, payTo or amount`, async (world) => {
    const offers = offersOf(world);
    const proof = await payOn(world.alice, track, offers);
    for (const disagreement of Object.values(DISAGREEMENTS)) {
      const request = requestOf(accepting(proof, disagreement(world)), offers[track]);
      await expectRefused(world.engine, request, "requirements_mismatch");
    }
    await expectBuysOne(world.engine, requestOf(proof));
  });

  attack(`${track}: the same at a stock server, also where core does not compare`, async (world) => {
    const seller = await startSeller(world);
    const proof = await payOn(world.alice, track, await fetchOffers(seller));
    for (const disagreement of Object.values(DISAGREEMENTS)) {
      await expectTurnedAway(seller, accepting(proof, disagreement(world)), "No matching payment requirements");
    }
    // Core compares only scheme and network of payloads that call themselves version 1.
    for (const change of [{ payTo: world.alice.address }, { amount: "10" }, { asset: "USDC" }, {}]) {
      await expectTurnedAway(seller, { ...accepting(proof, change), x402Version: 1 }, "invalid_x402_version");
    }
    expect(seller.handlerRuns()).toBe(0);
    await expectServedOnce(seller, proof);
  });
}

attack("a payment of ten raw under an accepted of ten raw, for what costs more", async (world) => {
  const { nanoTxn, nanoSignature } = offersOf(world);
  const cheap = { amountRaw: 10n };
  const trackA = await world.payTrackA(cheap);
  await expectRefused(world.engine, requestOf(trackA.request.paymentPayload, nanoTxn), "requirements_mismatch");
  const trackB = await world.payTrackB(cheap);
  const request = requestOf(trackB.request.paymentPayload, nanoSignature);
  await expectRefused(world.engine, request, "requirements_mismatch");
  await expectBuysOne(world.engine, trackB.request);
});

attack("the payload of one track under the entry of the other", async (world) => {
  const seller = await startSeller(world);
  const { nanoTxn, nanoSignature } = await fetchOffers(seller);
  const block = await world.alice.signSend({ payTo: PAY_TO, amountRaw: BigInt(nanoTxn.amount) });
  await expectTurnedAway(seller, proveBlock(nanoSignature, block), "requirements_mismatch");
  const crossed = { ...nanoTxn, extra: { ...nanoTxn.extra, nonce: nanoSignature.extra["nonce"] } };
  const { hash, ...honest } = await world.alice.payNanoSignature(nanoSignature);
  await expectTurnedAway(seller, world.alice.proveNanoSignature(crossed, hash), "requirements_mismatch");
  for (const extra of [{}, { ...nanoSignature.extra, assetTransferMethod: "nanoTxn" }]) {
    await expectTurnedAway(seller, { ...honest, accepted: { ...nanoSignature, extra } });
  }
  expect(seller.handlerRuns()).toBe(0);
  await expectServedOnce(seller, honest);
});

attack("both proofs in one payload, one for each judge", async (world) => {
  const seller = await startSeller(world);
  const offers = await fetchOffers(seller);
  const trackA = await world.alice.proveNanoTxn(offers.nanoTxn);
  const { hash: _hash, ...trackB } = await world.alice.payNanoSignature(offers.nanoSignature);
  for (const { accepted } of [trackA, trackB]) {
    const both = { x402Version: 2, accepted, payload: { ...trackA.payload, ...trackB.payload } };
    await expectTurnedAway(seller, both, "malformed_payload");
    await expectRefused(world.engine, requestOf(both), "malformed_payload");
  }
  await expectServedOnce(seller, trackB);
  await expectHonestBuyerServed(world, seller);
});

attack("client and seller agree on what this is not", async ({ engine, alice, ...world }) => {
  const { nanoSignature } = offersOf(world);
  const { hash, ...honest } = await alice.payNanoSignature(nanoSignature);
  const elsewhere = (change: object) => requestOf(alice.proveNanoSignature({ ...nanoSignature, ...change }, hash));
  await expectRefused(engine, elsewhere({ scheme: "upto" }), "unsupported_scheme");
  for (const network of ["nano:testnet", "nano:beta", "nano:devnet", "nano:local", "xno:mainnet", "eip155:1"]) {
    await expectRefused(engine, elsewhere({ network }), "invalid_network");
  }
  await expectRefused(engine, elsewhere({ asset: "xno" }), "invalid_asset");
  await expectBuysOne(engine, requestOf(honest));
});
