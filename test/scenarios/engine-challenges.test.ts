import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createFacilitatorEngine, type FacilitatorEngine } from "x402-nano/facilitator";
import type { BlockHash } from "../../src/nano/index.js";
import { parseAddress } from "../../src/nano/index.js";
import { createChallengeAuthority } from "../../src/protocol/index.js";
import { type EngineWorld, startEngineWorld } from "../support/engine-world.js";
import type { Offer } from "../support/hand-payer.js";
import { offersOf, PRICE_RAW, type Request, requestOf } from "../support/offers.js";
import { CHALLENGE_SECRET, PAY_TO } from "../support/world.js";

/** SPEC 5 and row 3, as the facilitator judges them with and without the secret. */

let world: EngineWorld;
let hash: BlockHash;
let withoutSecret: FacilitatorEngine;

beforeEach(async () => {
  world = await startEngineWorld();
  ({ hash } = await world.payTrackB());
  const { challengeSecret: _secret, ...rest } = world.facilitatorOptions;
  withoutSecret = createFacilitatorEngine(rest);
});
afterEach(() => world.close());

const nowSeconds = (): number => Math.floor(world.clock() / 1000);
const prove = (offer: Offer): Request => requestOf(world.alice.proveNanoSignature(offer, hash));
const changed = (offer: Offer, extra: Record<string, unknown>): Offer => ({
  ...offer,
  extra: { ...offer.extra, ...extra },
});

function mint(terms: { amountRaw?: bigint; payTo?: string; validBefore?: number; secret?: string }): Offer {
  const { amountRaw = PRICE_RAW, payTo = PAY_TO, validBefore = nowSeconds() + 60, secret = CHALLENGE_SECRET } = terms;
  const authority = createChallengeAuthority(secret);
  const nonce = authority.issueNonce({ payTo: parseAddress(payTo), amountRaw, validBefore });
  return changed(offersOf(world).nanoSignature, { nonce, validBefore });
}

describe("a facilitator with the secret", () => {
  test.each([
    ["invented", () => changed(offersOf(world).nanoSignature, { nonce: "ab".repeat(32) })],
    ["all zeros", () => changed(offersOf(world).nanoSignature, { nonce: "00".repeat(32) })],
    ["issued under another secret", () => mint({ secret: "11".repeat(32) })],
    ["issued for another amount", () => mint({ amountRaw: PRICE_RAW - 10n })],
    ["issued for another payTo", () => mint({ payTo: world.alice.address })],
    ["stretched by a second", () => changed(mint({}), { validBefore: nowSeconds() + 61 })],
  ] as const)("refuses a challenge that was %s", async (_name, makeOffer) => {
    const request = prove(makeOffer());
    expect(await world.engine.verify(request)).toMatchObject({ isValid: false, invalidReason: "challenge_invalid" });
    expect(await world.engine.settle(request)).toMatchObject({ success: false, errorReason: "challenge_invalid" });
  });

  test("refuses one that names no nonce, or no time", async () => {
    const { nanoSignature } = offersOf(world);
    for (const key of ["nonce", "validBefore"]) {
      const offer = changed(nanoSignature, { [key]: undefined });
      const answer = await world.engine.verify(prove(JSON.parse(JSON.stringify(offer))));
      expect(answer).toMatchObject({ invalidReason: "challenge_invalid" });
    }
  });

  test.each([
    { name: "5 min ahead of ours", skewSeconds: 300 },
    { name: "2 h ahead of ours", skewSeconds: 7200 },
    { name: "in step", skewSeconds: 0 },
    { name: "a minute behind ours", skewSeconds: -60 },
  ])("takes an authentic one, the server's clock being $name", async ({ skewSeconds }) => {
    const { nanoSignature } = offersOf(world, { nowSeconds: nowSeconds() + skewSeconds });
    expect(await world.engine.settle(prove(nanoSignature))).toMatchObject({ success: true });
  });

  test("says that an authentic one has expired", async () => {
    const request = prove(mint({ validBefore: nowSeconds() - 6 }));
    expect(await world.engine.verify(request)).toMatchObject({ invalidReason: "payment_expired" });
    expect(await world.engine.verify(prove(mint({ validBefore: nowSeconds() - 5 })))).toMatchObject({ isValid: true });
  });

  test("recognises the older of two secrets", async () => {
    const older = mint({ secret: "22".repeat(32) });
    const rotated = createFacilitatorEngine({
      ...world.facilitatorOptions,
      challengeSecret: [CHALLENGE_SECRET, "22".repeat(32)],
    });
    expect(await world.engine.verify(prove(older))).toMatchObject({ invalidReason: "challenge_invalid" });
    expect(await rotated.verify(prove(older))).toMatchObject({ isValid: true });
  });

  test("judges the challenge that the payload itself names, where it names one (x402 v1)", async () => {
    const { nanoSignature } = offersOf(world);
    const { nonce, validBefore } = nanoSignature.extra;
    const proof = prove(nanoSignature).paymentPayload;
    const lost = changed(nanoSignature, { nonce: "ab".repeat(32), validBefore: nowSeconds() + 10_000 });
    const carried = { ...proof, accepted: lost, payload: { ...proof.payload, nonce, validBefore } };
    expect(await world.engine.verify(requestOf(carried, nanoSignature))).toMatchObject({ isValid: true });
    const forged = { ...proof, payload: { ...proof.payload, nonce: "ab".repeat(32), validBefore } };
    const answer = await world.engine.settle(requestOf(forged, nanoSignature));
    expect(answer).toMatchObject({ errorReason: "challenge_invalid" });
  });
});

describe("a facilitator without the secret", () => {
  test.each([
    { atSeconds: 360, reason: undefined },
    { atSeconds: 361, reason: "challenge_invalid" },
    { atSeconds: -5, reason: undefined },
    { atSeconds: -6, reason: "payment_expired" },
  ])("judges times only: expiring in $atSeconds s is $reason", async ({ atSeconds, reason }) => {
    const offer = changed(offersOf(world).nanoSignature, {
      nonce: "ab".repeat(32),
      validBefore: nowSeconds() + atSeconds,
    });
    const verified = await withoutSecret.verify(prove(offer));
    expect([verified.isValid, verified.invalidReason]).toEqual([reason === undefined, reason]);
  });

  test("still refuses a signature over another challenge, and a second redemption", async () => {
    const offer = changed(offersOf(world).nanoSignature, { nonce: "ab".repeat(32) });
    const other = changed(offer, { nonce: "cd".repeat(32) });
    const swapped = requestOf({ ...prove(offer).paymentPayload, accepted: other }, other);
    expect(await withoutSecret.verify(swapped)).toMatchObject({ invalidReason: "invalid_signature" });
    expect(await withoutSecret.settle(prove(offer))).toMatchObject({ success: true });
    expect(await withoutSecret.settle(prove(other))).toMatchObject({ errorReason: "duplicate_block_hash" });
  });
});

describe("Track A's validBefore is nobody's secret: bounded for every facilitator", () => {
  test.each([
    { atSeconds: 360, reason: undefined },
    { atSeconds: 361, reason: "challenge_invalid" },
    { atSeconds: -6, reason: "payment_expired" },
  ])("expiring in $atSeconds s is $reason", async ({ atSeconds, reason }) => {
    const { nanoTxn } = offersOf(world);
    const offer = changed(nanoTxn, { validBefore: nowSeconds() + atSeconds });
    const request = requestOf(await world.alice.proveNanoTxn(offer), nanoTxn);
    expect((await world.engine.verify(request)).invalidReason).toBe(reason);
    await world.store.listOpen();
  });
});
