import { type CommonMiddlewareArgs, createRemoteX402Handlers } from "@faremeter/middleware/common";
import { afterEach, describe, expect, test } from "vitest";
import { nanoExact } from "x402-nano/faremeter";
import { fetchFaremeterOffers, presentTo } from "../support/faremeter-buyers.js";
import { PRICE, startFacilitatorRouter, startFaremeterSeller } from "../support/faremeter-sellers.js";
import { PAY_TO, startWorld, type World } from "../support/world.js";

/** UPSTREAM section 3, the numbers that speak of a facilitator elsewhere: 6 and 12. */
let world: World;
afterEach(() => world.close());

/** Our facilitator on a port, with a count of what it was asked; `spoil` changes what `/accepts` answers. */
async function startCounted(spoil: (answer: Record<string, unknown>) => object = (answer) => answer) {
  const asked: string[] = [];
  const url = await startFacilitatorRouter(world, async (request, answer) => {
    const { pathname } = new URL(request.url);
    asked.push(pathname);
    const response = await answer();
    if (pathname !== "/accepts" || !response.ok) return response;
    return Response.json(spoil((await response.json()) as Record<string, unknown>));
  });
  return { url, countOf: (path: string) => asked.filter((one) => one === path).length };
}

async function nonceAt(url: string): Promise<unknown> {
  return (await fetchFaremeterOffers(url, 2)).nanoSignature.extra["nonce"];
}

describe("6: remote mode caches /accepts for 30 s", () => {
  test("Faremeter asks once in 30 s and gives everybody the same nonce; then there is another", async () => {
    world = await startWorld();
    const facilitator = await startCounted();
    const seller = await startFaremeterSeller(world, { place: "remote cached", facilitatorUrl: facilitator.url });
    const first = await nonceAt(seller.url);
    world.clock.advanceSeconds(29);
    expect(await nonceAt(seller.url)).toBe(first);
    expect(facilitator.countOf("/accepts")).toBe(1);
    world.clock.advanceSeconds(1);
    expect(await nonceAt(seller.url)).not.toBe(first);
    expect(facilitator.countOf("/accepts")).toBe(2);
  });

  test("ours redeems blocks, not nonces: two payers under one nonce are both served, each once", async () => {
    world = await startWorld();
    const seller = await startFaremeterSeller(world, { place: "remote cached" });
    const payers = [await world.payer(), await world.payer()];
    const proofs = [];
    for (const payer of payers) {
      const { nanoSignature } = await fetchFaremeterOffers(seller.url, 2);
      const { hash: _hash, ...proof } = await payer.payNanoSignature(nanoSignature);
      proofs.push({ nonce: nanoSignature.extra["nonce"], proof });
    }
    expect(proofs[1]?.nonce).toBe(proofs[0]?.nonce);
    for (const [index, { proof }] of proofs.entries()) {
      const settlement = { success: true, payer: payers[index]?.address };
      expect(await presentTo(seller.url, 2, proof)).toMatchObject({ status: 200, settlement });
    }
    for (const { proof } of proofs) {
      expect(await presentTo(seller.url, 2, proof)).toMatchObject({ status: 402, reason: "duplicate_block_hash" });
    }
    expect(seller.handlerRuns()).toBe(2);
  });

  test("with less than 30 s to pay, the cache hands out offers that have expired", async () => {
    world = await startWorld();
    const accepts = [nanoExact({ payTo: PAY_TO, amount: PRICE, maxTimeoutSeconds: 10 })];
    const seller = await startFaremeterSeller(world, { place: "remote cached", args: { accepts } });
    await fetchFaremeterOffers(seller.url, 2);
    world.clock.advanceSeconds(20);
    const payer = await world.payer();
    const { nanoSignature } = await fetchFaremeterOffers(seller.url, 2);
    const { hash, ...late } = await payer.payNanoSignature(nanoSignature);
    expect(await presentTo(seller.url, 2, late)).toMatchObject({ status: 402, reason: "payment_expired" });
    world.clock.advanceSeconds(10);
    const fresh = payer.proveNanoSignature((await fetchFaremeterOffers(seller.url, 2)).nanoSignature, hash);
    expect(await presentTo(seller.url, 2, { ...fresh })).toMatchObject({ status: 200 });
  });

  test("cacheConfig.disable asks for each request, paid ones too, and every 402 has a nonce of its own", async () => {
    world = await startWorld();
    const facilitator = await startCounted();
    const seller = await startFaremeterSeller(world, { place: "remote uncached", facilitatorUrl: facilitator.url });
    const nonces = [await nonceAt(seller.url), await nonceAt(seller.url), await nonceAt(seller.url)];
    expect(new Set(nonces).size).toBe(3);
    const payer = await world.payer();
    const { nanoSignature } = await fetchFaremeterOffers(seller.url, 2);
    const { hash: _hash, ...proof } = await payer.payNanoSignature(nanoSignature);
    expect(await presentTo(seller.url, 2, proof)).toMatchObject({ status: 200 });
    expect(facilitator.countOf("/accepts")).toBe(5);
  });

  const [resource, accepts] = [{ url: "http://127.0.0.1/weather" }, [nanoExact({ payTo: PAY_TO, amount: PRICE })]];
  const ask = (facilitatorURL: string, entries: NonNullable<CommonMiddlewareArgs["accepts"]> = accepts) =>
    createRemoteX402Handlers({ facilitatorURL, accepts: entries })[0]?.getRequirements({ accepts: [], resource });

  test("the middleware throws unless /accepts echoes resource, which ours does", async () => {
    world = await startWorld();
    const answers: unknown[] = [];
    const honest = await startCounted((answer) => {
      answers.push(answer);
      return answer;
    });
    expect(await ask(honest.url)).toHaveLength(2);
    expect(answers).toMatchObject([{ x402Version: 2, resource }]);
    const silent = await startCounted(({ resource: _resource, ...answer }) => answer);
    await expect(ask(silent.url)).rejects.toThrow(/invalid response from facilitator \/accepts: resource/);
    const seller = await startFaremeterSeller(world, { place: "remote uncached", facilitatorUrl: silent.url });
    expect((await fetch(seller.url)).status).toBe(500);
  });

  test("the middleware throws for an entry that names no maxTimeoutSeconds; nanoExact names it, and ours fills it in", async () => {
    world = await startWorld();
    const timeless = (answer: Record<string, unknown>) => {
      const entries = answer["accepts"] as Record<string, unknown>[];
      return { ...answer, accepts: entries.map(({ maxTimeoutSeconds: _time, ...entry }) => entry) };
    };
    await expect(ask((await startCounted(timeless)).url)).rejects.toThrow(/maxTimeoutSeconds/);
    expect(accepts).toMatchObject([{ maxTimeoutSeconds: 60 }]);
    const without = accepts.map(({ maxTimeoutSeconds: _time, ...entry }) => entry);
    const filled = [{ maxTimeoutSeconds: 60 }, { maxTimeoutSeconds: 60 }];
    expect(await ask((await startCounted()).url, without)).toMatchObject(filled);
  });

  test.each(["nanoTxn", "nanoSignature"])("an entry that names its track, %s, is not expanded", async (track) => {
    world = await startWorld();
    const named = accepts.map((entry) => ({ ...entry, extra: { assetTransferMethod: track } }));
    const offered = await ask((await startCounted()).url, named);
    expect(offered).toMatchObject([{ extra: { assetTransferMethod: track } }]);
    expect(offered).toHaveLength(1);
  });
});

describe("12: a facilitator sees only client echoes of nonces that it did not mint", () => {
  const forged = { nonce: "cd".repeat(32) };

  test("with the secret it knows its own: another nonce, and another time under an own one, are refused", async () => {
    world = await startWorld();
    const seller = await startFaremeterSeller(world, { place: "remote uncached" });
    const payer = await world.payer();
    const { nanoSignature } = await fetchFaremeterOffers(seller.url, 2);
    const { hash, ...honest } = await payer.payNanoSignature(nanoSignature);
    const later = { validBefore: Number(nanoSignature.extra["validBefore"]) + 1 };
    for (const change of [forged, later]) {
      const offer = { ...nanoSignature, extra: { ...nanoSignature.extra, ...change } };
      const outcome = await presentTo(seller.url, 2, { ...payer.proveNanoSignature(offer, hash) });
      expect(outcome).toMatchObject({ status: 402, reason: "challenge_invalid" });
    }
    expect(seller.handlerRuns()).toBe(0);
    expect(await presentTo(seller.url, 2, honest)).toMatchObject({ status: 200 });
  });

  test("without it: sender, time bounds and one-time redemption are what is left, and hold", async () => {
    world = await startWorld({ engine: { challengeSecret: undefined } });
    const seller = await startFaremeterSeller(world, { place: "remote uncached" });
    const [payer, thief] = [await world.payer(), await world.payer()];
    const { nanoSignature } = await fetchFaremeterOffers(seller.url, 2);
    const offerWith = (extra: object) => ({ ...nanoSignature, extra: { ...nanoSignature.extra, ...extra } });
    const { hash } = await payer.send({ payTo: PAY_TO, amountRaw: BigInt(nanoSignature.amount) });
    const present = (offer: typeof nanoSignature, by = payer) =>
      presentTo(seller.url, 2, { ...by.proveNanoSignature(offer, hash) });
    const now = Math.floor(world.clock() / 1000);
    expect(await present(offerWith({}), thief)).toMatchObject({ reason: "sender_mismatch" });
    expect(await present(offerWith({ validBefore: now - 6 }))).toMatchObject({ reason: "payment_expired" });
    expect(await present(offerWith({ validBefore: now + 361 }))).toMatchObject({ reason: "challenge_invalid" });
    expect(seller.handlerRuns()).toBe(0);
    expect(await present(offerWith(forged))).toMatchObject({ status: 200 });
    expect(await present(offerWith({ nonce: "ce".repeat(32) }))).toMatchObject({ reason: "duplicate_block_hash" });
    expect(seller.handlerRuns()).toBe(1);
  });
});
