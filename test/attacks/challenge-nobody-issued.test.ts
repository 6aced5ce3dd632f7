import { expect } from "vitest";
import { createFacilitatorEngine } from "x402-nano/facilitator";
import { parseAddress } from "../../src/nano/index.js";
import { createChallengeAuthority } from "../../src/protocol/index.js";
import type { EngineWorld } from "../support/engine-world.js";
import type { Envelope, Offer } from "../support/hand-payer.js";
import { offersOf, PRICE_RAW, requestOf } from "../support/offers.js";
import { fetchOffers, startSeller } from "../support/sellers.js";
import { PAY_TO } from "../support/world.js";
import { attack } from "./attack.js";
import {
  expectBuysOne,
  expectHonestBuyerServed,
  expectHonestPayerServed,
  expectRefused,
  expectServedOnce,
  expectTurnedAway,
} from "./support-outcomes.js";

/** The payer owns a block that pays, and answers a challenge that was not issued for it (SPEC 5). */

type Challenge = Record<string, unknown>;

const genuine = (world: EngineWorld): Challenge => offersOf(world).nanoSignature.extra;

const FORGERIES: readonly (readonly [string, (world: EngineWorld) => Challenge])[] = [
  ["invented", () => ({ nonce: "ab".repeat(32) })],
  ["made of two genuine ones", (world) => ({ nonce: spliceNonces(genuine(world), genuine(world)) })],
  ["issued for a lower price", (world) => offersOf(world, { amountRaw: PRICE_RAW / 10n }).nanoSignature.extra],
  [
    "issued for the payer's own account",
    (world) => offersOf(world, { payTo: world.alice.address }).nanoSignature.extra,
  ],
  ["issued by another shop", anotherShop],
  ["stretched by a second", (world) => ({ validBefore: Number(genuine(world)["validBefore"]) + 1 })],
  ["stretched by an hour", (world) => ({ validBefore: Number(genuine(world)["validBefore"]) + 3600 })],
  ["without a nonce", () => ({ nonce: undefined })],
  ["without a time", () => ({ validBefore: undefined })],
];

function spliceNonces(first: Challenge, second: Challenge): string {
  return String(first["nonce"]).slice(0, 32) + String(second["nonce"]).slice(32);
}

function anotherShop(world: EngineWorld): Challenge {
  const validBefore = Math.floor(world.clock() / 1000) + 60;
  const authority = createChallengeAuthority("11".repeat(32));
  const nonce = authority.issueNonce({ payTo: parseAddress(PAY_TO), amountRaw: PRICE_RAW, validBefore });
  return { nonce, validBefore };
}

/** The offer with another challenge in it; a key that is undefined is left out, as JSON does. */
function forge(offer: Offer, challenge: Challenge): Offer {
  return JSON.parse(JSON.stringify({ ...offer, extra: { ...offer.extra, ...challenge } }));
}

/** Without the secret its facilitator judges time bounds only: what is refused, the server refused. */
const facilitatorWithoutSecret = { engine: { challengeSecret: undefined } };

attack(
  "forged challenges at a stock server whose facilitator cannot tell",
  async (world) => {
    const seller = await startSeller(world);
    const { nanoSignature } = await fetchOffers(seller);
    const { hash, ...honest } = await world.alice.payNanoSignature(nanoSignature);
    for (const [how, challengeOf] of FORGERIES) {
      const proof = world.alice.proveNanoSignature(forge(nanoSignature, challengeOf(world)), hash);
      await expectTurnedAway(seller, proof, "challenge_invalid", how);
    }
    expect(seller.handlerRuns()).toBe(0);
    await expectServedOnce(seller, honest);
  },
  facilitatorWithoutSecret,
);

attack("forged challenges at a facilitator that holds the secret", async (world) => {
  const { request, hash } = await world.payTrackB();
  for (const [how, challengeOf] of FORGERIES) {
    const proof = world.alice.proveNanoSignature(forge(request.paymentRequirements, challengeOf(world)), hash);
    await expectRefused(world.engine, requestOf(proof), "challenge_invalid", how);
  }
  await expectBuysOne(world.engine, request);
});

const withChallenge = (proof: Envelope, challenge: Challenge): Envelope => ({
  ...proof,
  payload: { ...proof.payload, ...challenge },
});

attack("a genuine challenge in `accepted`, a forged one in the payload that wins over it", async (world) => {
  const { engine, alice } = world;
  const { request, hash } = await world.payTrackB();
  const offer = request.paymentRequirements;
  const forged = { nonce: "ab".repeat(32), validBefore: offer.extra["validBefore"] };
  const proof = alice.proveNanoSignature(forge(offer, forged), hash);
  const twofold = withChallenge({ ...proof, accepted: offer }, forged);
  await expectRefused(engine, requestOf(twofold, offer), "challenge_invalid");
  const seller = await startSeller(world);
  await expectTurnedAway(seller, twofold, "challenge_invalid");
  await expectServedOnce(seller, request.paymentPayload);
});

attack(
  "two genuine challenges, and the signature over the one that does not count",
  async ({ engine, alice, ...world }) => {
    const { request, hash } = await world.payTrackB();
    const { nonce, validBefore } = offersOf(world).nanoSignature.extra;
    const twofold = requestOf(
      withChallenge(request.paymentPayload, { nonce, validBefore }),
      request.paymentRequirements,
    );
    await expectRefused(engine, twofold, "invalid_signature");
    await expectBuysOne(engine, requestOf(alice.proveNanoSignature(request.paymentRequirements, hash)));
  },
);

attack("somebody else's nonce buys nothing with somebody else's block, and no less with one's own", async (world) => {
  const seller = await startSeller(world);
  const [bob, mallory] = [await world.payer(), await world.payer()];
  const { nanoSignature: bobs } = await fetchOffers(seller);
  const { hash, ...honest } = await bob.payNanoSignature(bobs);
  await expectTurnedAway(seller, mallory.proveNanoSignature(bobs, hash), "sender_mismatch");
  const posing = mallory.proveNanoSignature(bobs, hash);
  const asBob = { ...posing, payload: { ...posing.payload, account: bob.address } };
  await expectTurnedAway(seller, asBob, "invalid_signature");
  expect(seller.handlerRuns()).toBe(0);
  const { hash: _own, ...paid } = await mallory.payNanoSignature(bobs);
  await expectServedOnce(seller, paid);
  await expectServedOnce(seller, honest);
});

attack("a validBefore that nobody would issue, where nothing can be authenticated", async (world) => {
  const { challengeSecret: _secret, ...rest } = world.facilitatorOptions;
  const engine = createFacilitatorEngine(rest);
  const seller = await startSeller(world);
  const { nanoTxn } = await fetchOffers(seller);
  const late = { validBefore: Math.floor(world.clock() / 1000) + nanoTxn.maxTimeoutSeconds + 301 };
  const trackA = await world.alice.proveNanoTxn(forge(nanoTxn, late));
  await expectTurnedAway(seller, trackA, "challenge_invalid");
  await expectRefused(engine, requestOf(trackA), "challenge_invalid");
  const { request, hash } = await world.payTrackB();
  const trackB = world.alice.proveNanoSignature(forge(request.paymentRequirements, late), hash);
  await expectRefused(engine, requestOf(trackB), "challenge_invalid");
  const nameless = world.alice.proveNanoSignature(forge(request.paymentRequirements, { nonce: undefined }), hash);
  await expectRefused(engine, requestOf(nameless), "challenge_invalid");
  await expectHonestPayerServed(world, engine);
  await expectHonestBuyerServed(world, seller);
});
