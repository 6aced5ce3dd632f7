import { x402Facilitator } from "@x402/core/facilitator";
import { x402ResourceServer } from "@x402/core/server";
import type { PaymentRequirements } from "@x402/core/types";
import { afterEach, describe, expect, test } from "vitest";
import { ExactNanoScheme as FacilitatorScheme, inProcessFacilitatorClient } from "x402-nano/facilitator";
import { ExactNanoScheme, nanoAccepts } from "x402-nano/server";
import { encodeBlockJson } from "../../src/nano/index.js";
import { payOn, wrap } from "../support/hand-payer.js";
import { fetchOffers, present, startSeller } from "../support/sellers.js";
import { CHALLENGE_SECRET, PAY_TO, startWorld, type World } from "../support/world.js";

/** UPSTREAM section 2, item by item: each test is red when the guard it names is taken out. */
let world: World;
afterEach(() => world.close());

/** Without the secret the facilitator judges time bounds only: what is refused below, the server refused. */
const withoutSecret = { engine: { challengeSecret: undefined } };

test("1: core hands over rebuilt requirements, so the nonce is the client's word: forged ones are stopped at the server", async () => {
  world = await startWorld(withoutSecret);
  const seller = await startSeller(world);
  const payer = await world.payer();
  const { nanoSignature } = await fetchOffers(seller);
  const { hash, ...honest } = await payer.payNanoSignature(nanoSignature);
  const forged = { ...nanoSignature, extra: { ...nanoSignature.extra, nonce: "cd".repeat(32) } };
  expect(await present(seller, payer.proveNanoSignature(forged, hash))).toMatchObject({ reason: "challenge_invalid" });
  const { nonce: _nonce, ...without } = nanoSignature.extra;
  expect(await present(seller, { ...honest, accepted: { ...nanoSignature, extra: without } })).toMatchObject({
    reason: "challenge_invalid",
  });
  expect(seller.handlerRuns()).toBe(0);
  expect(await present(seller, honest)).toMatchObject({ status: 200 });
});

test("1: the nonce of a cheaper offer, and of another receiver, buys nothing here", async () => {
  world = await startWorld(withoutSecret);
  const seller = await startSeller(world);
  const cheap = await startSeller(world, { accepts: nanoAccepts({ payTo: PAY_TO, price: "10 raw" }) });
  const payer = await world.payer();
  const [{ nanoSignature }, { nanoSignature: cheaper }] = [await fetchOffers(seller), await fetchOffers(cheap)];
  const { hash } = await payer.send({ payTo: PAY_TO, amountRaw: BigInt(nanoSignature.amount) });
  const mixed = { ...nanoSignature, extra: cheaper.extra };
  expect(await present(seller, payer.proveNanoSignature(mixed, hash))).toMatchObject({ reason: "challenge_invalid" });
  expect(seller.handlerRuns()).toBe(0);
});

test("2: a retry matches although the server has minted a new nonce since, and the amount has not moved", async () => {
  world = await startWorld();
  const seller = await startSeller(world);
  const payer = await world.payer();
  const first = await fetchOffers(seller);
  const second = await fetchOffers(seller);
  expect(second.nanoSignature.extra["nonce"]).not.toBe(first.nanoSignature.extra["nonce"]);
  expect([second.nanoTxn.amount, second.nanoSignature.amount]).toEqual([
    first.nanoTxn.amount,
    first.nanoSignature.amount,
  ]);
  const { hash: _hash, ...proof } = await payer.payNanoSignature(first.nanoSignature);
  expect(await present(seller, proof)).toMatchObject({ status: 200 });
});

test("3: a hook that fails inside refuses: core would take its exception for consent", async () => {
  world = await startWorld();
  let broken = false;
  const seller = await startSeller(world, {
    configure: (server) => {
      server.register(
        "nano:mainnet",
        new ExactNanoScheme({
          challengeSecret: CHALLENGE_SECRET,
          clock: () => {
            if (broken && new Error().stack?.includes("onBeforeVerify")) throw new TypeError("the clock is gone");
            return world.clock();
          },
        }),
      );
    },
  });
  const payer = await world.payer();
  const { nanoSignature } = await fetchOffers(seller);
  const { hash: _hash, ...proof } = await payer.payNanoSignature(nanoSignature);
  broken = true;
  expect(await present(seller, proof)).toMatchObject({ status: 402, reason: "facilitator_unavailable" });
  expect(seller.handlerRuns()).toBe(0);
});

test("4 and 5: an entry that names no track does not swallow the other's payloads, and one object serves both", async () => {
  world = await startWorld();
  const [trackA] = nanoAccepts({ payTo: PAY_TO, price: "0.001 XNO" });
  const unmarked = { ...trackA, price: { asset: "XNO", amount: "1000000000000000000000000000" }, extra: {} };
  const seller = await startSeller(world, { accepts: [unmarked, trackA] });
  const payer = await world.payer();
  const offers = await fetchOffers(seller);
  expect(offers.all.map(({ extra }) => extra["assetTransferMethod"])).toEqual(["nanoSignature", "nanoTxn"]);
  expect(await present(seller, await payer.proveNanoTxn(offers.nanoTxn))).toMatchObject({ status: 200 });
  const { hash: _hash, ...proof } = await payer.payNanoSignature(offers.nanoSignature);
  expect(await present(seller, proof)).toMatchObject({ status: 200 });
});

test("4: a payload of one track under the other's entry is refused, whatever the prices", async () => {
  world = await startWorld();
  const seller = await startSeller(world);
  const payer = await world.payer();
  const { nanoTxn, nanoSignature } = await fetchOffers(seller);
  const block = await payer.signSend({ payTo: PAY_TO, amountRaw: BigInt(nanoSignature.amount) });
  const crossed = wrap(nanoSignature, { block: { ...encodeBlockJson(block) } });
  expect(await present(seller, crossed)).toMatchObject({ reason: "requirements_mismatch" });
  const { hash } = await payer.send({ payTo: PAY_TO, amountRaw: BigInt(nanoTxn.amount) });
  const offer = { ...nanoTxn, extra: { ...nanoTxn.extra, nonce: nanoSignature.extra["nonce"] } };
  expect(await present(seller, payer.proveNanoSignature(offer, hash))).toMatchObject({
    reason: "requirements_mismatch",
  });
  expect(seller.handlerRuns()).toBe(0);
});

test("6: accepts that were built once, as MCP wrappers do, still get a fresh nonce for each 402", async () => {
  world = await startWorld();
  const facilitator = new x402Facilitator().register("nano:mainnet", new FacilitatorScheme(world.facilitatorOptions));
  const server = new x402ResourceServer(inProcessFacilitatorClient(facilitator)).register(
    "nano:mainnet",
    new ExactNanoScheme({ challengeSecret: CHALLENGE_SECRET, clock: world.clock }),
  );
  await server.initialize();
  const built: PaymentRequirements[] = [];
  for (const option of nanoAccepts({ payTo: PAY_TO, price: "0.001 XNO" })) {
    built.push(...(await server.buildPaymentRequirements(option)));
  }
  const nonceOf402 = async () => {
    const required = await server.createPaymentRequiredResponse(built, { url: "mcp://tool" });
    return required.accepts.find(({ extra }) => extra["assetTransferMethod"] === "nanoSignature")?.extra["nonce"];
  };
  const [first, second] = [await nonceOf402(), await nonceOf402()];
  expect(first).toMatch(/^[0-9a-f]{64}$/);
  expect(second).not.toBe(first);
});

describe("7: payment flows", () => {
  test.each(["nanoTxn", "nanoSignature"] as const)(
    "three identical %s requests at once run the handler once",
    async (track) => {
      world = await startWorld();
      const seller = await startSeller(world);
      const payer = await world.payer();
      const offers = await fetchOffers(seller);
      const proof = await payOn(payer, track, offers);
      let release = (): void => undefined;
      const held = new Promise<void>((resolve) => {
        release = resolve;
      });
      seller.onHandler(() => held);
      const racing = Array.from({ length: 3 }, () => present(seller, proof));
      const losers = [await Promise.race(racing)];
      expect(losers[0]).toMatchObject({ status: 402, reason: "payment_in_progress" });
      release();
      const statuses = (await Promise.all(racing)).map(({ status }) => status);
      expect(statuses.sort()).toEqual([200, 402, 402]);
      expect(seller.handlerRuns()).toBe(1);
    },
  );

  test.each(["http", "in-process"] as const)(
    "a handler that fails ends the lease (%s): the same proof works at once",
    async (facilitator) => {
      world = await startWorld();
      const seller = await startSeller(world, { facilitator });
      const payer = await world.payer();
      const offers = await fetchOffers(seller);
      for (const track of ["nanoTxn", "nanoSignature"] as const) {
        const proof = await payOn(payer, track, offers);
        seller.failNext(500);
        expect(await present(seller, proof)).toMatchObject({ status: 500 });
        expect(await present(seller, proof)).toMatchObject({ status: 200 });
      }
    },
  );

  test.each(["express", "hono"] as const)(
    "upfront on %s: settled before the handler runs, and copies buy nothing",
    async (host) => {
      world = await startWorld();
      const accepts = nanoAccepts({ payTo: PAY_TO, price: "0.001 XNO", paymentFlow: "upfront" });
      const seller = await startSeller(world, { host, accepts });
      const payer = await world.payer();
      const offers = await fetchOffers(seller);
      expect(offers.nanoTxn.extra).toMatchObject({ paymentFlow: "upfront" });
      const proofA = await payer.proveNanoTxn(offers.nanoTxn);
      const { hash: _a, ...proofB } = await payer.payNanoSignature(offers.nanoSignature);
      expect(await present(seller, proofA)).toMatchObject({ status: 402, reason: "stale_frontier" });
      const copies = await Promise.all(Array.from({ length: 20 }, () => present(seller, proofB)));
      expect(copies.filter(({ status }) => status === 200)).toHaveLength(1);
      const fresh = await payer.proveNanoTxn(offers.nanoTxn);
      const copiesOfA = await Promise.all(Array.from({ length: 20 }, () => present(seller, fresh)));
      expect(copiesOfA.filter(({ status }) => status === 200)).toHaveLength(1);
      expect(seller.handlerRuns()).toBe(2);
      const forged = { ...offers.nanoSignature, extra: { ...offers.nanoSignature.extra, nonce: "ee".repeat(32) } };
      const { hash } = await payer.send({ payTo: PAY_TO, amountRaw: BigInt(forged.amount) });
      expect(await present(seller, payer.proveNanoSignature(forged, hash))).toMatchObject({
        reason: "challenge_invalid",
      });
    },
  );
});

test("7: a handler that outlasts the offer is still paid: settle carries the lease, so expiry is not judged again", async () => {
  world = await startWorld();
  const seller = await startSeller(world);
  const payer = await world.payer();
  const offers = await fetchOffers(seller);
  seller.onHandler(async () => world.clock.advanceSeconds(600));
  const { hash: _hash, ...proof } = await payer.payNanoSignature(offers.nanoSignature);
  expect(await present(seller, proof)).toMatchObject({ status: 200, settlement: { success: true } });
});

test("7: a settlement that is refused withholds the response and ends the lease", async () => {
  world = await startWorld();
  const seller = await startSeller(world);
  const payer = await world.payer();
  const { nanoTxn } = await fetchOffers(seller);
  const proof = await payer.proveNanoTxn(nanoTxn);
  seller.onHandler(async () => {
    await payer.send({ payTo: payer.address, amountRaw: 1n });
  });
  expect(await present(seller, proof)).toMatchObject({ status: 402, reason: "frontier_changed" });
  expect(await present(seller, proof)).toMatchObject({ status: 402, reason: "stale_frontier" });
  expect(seller.handlerRuns()).toBe(1);
});

test("11: a payload that calls itself version 1 skips core's matching of terms, and is refused", async () => {
  world = await startWorld();
  const seller = await startSeller(world);
  const payer = await world.payer();
  const { nanoTxn } = await fetchOffers(seller);
  const cheap = await payer.proveNanoTxn({ ...nanoTxn, amount: "1" });
  const outcome = await present(seller, { ...cheap, x402Version: 1 });
  expect(outcome.status).toBe(402);
  expect(seller.handlerRuns()).toBe(0);
});

test("12: core settles once more after settlement_pending, and the token resumes the wait", async () => {
  let waits = 0;
  world = await startWorld({
    dev: { confirm: "never" },
    wrapLedger: (ledger) => ({
      ...ledger,
      async waitForConfirmation(hash, options) {
        waits += 1;
        if (waits === 1) return false;
        world.dev.confirm(hash);
        return ledger.waitForConfirmation(hash, options);
      },
    }),
  });
  const seller = await startSeller(world);
  const payer = await world.payer();
  const { nanoTxn } = await fetchOffers(seller);
  const paid = await present(seller, await payer.proveNanoTxn(nanoTxn));
  expect(paid).toMatchObject({ status: 200, settlement: { success: true } });
  expect(waits).toBe(2);
  expect(seller.handlerRuns()).toBe(1);
});

test("12: /supported is exactly exact on nano:mainnet, without signers", async () => {
  world = await startWorld();
  const facilitator = new x402Facilitator().register("nano:mainnet", new FacilitatorScheme(world.facilitatorOptions));
  expect(facilitator.getSupported()).toMatchObject({
    kinds: [
      {
        x402Version: 2,
        scheme: "exact",
        network: "nano:mainnet",
        extra: { assetTransferMethods: ["nanoTxn", "nanoSignature"] },
      },
    ],
    signers: { "nano:*": [] },
  });
});

test("14: the facilitator scheme answers failures, it does not throw them", async () => {
  world = await startWorld();
  const scheme = new FacilitatorScheme(world.facilitatorOptions);
  const junk = { x402Version: 2, payload: {} } as never;
  expect(await scheme.verify(junk, {} as never)).toMatchObject({ isValid: false, invalidReason: "malformed_payload" });
  expect(await scheme.settle(junk, {} as never)).toMatchObject({
    success: false,
    transaction: "",
    network: "nano:mainnet",
  });
});

test("Track A as an x402nano client sends it: nine keys, extra of accepted empty", async () => {
  world = await startWorld();
  const scheme = new FacilitatorScheme(world.facilitatorOptions);
  const payer = await world.payer();
  const offer = {
    scheme: "exact",
    network: "nano:mainnet" as const,
    asset: "XNO",
    amount: "12345",
    payTo: PAY_TO,
    maxTimeoutSeconds: 60,
    extra: {},
  };
  const { payload } = await payer.proveNanoTxn(offer);
  expect(Object.keys(payload["block"] as object)).toHaveLength(9);
  const envelope = { x402Version: 2, accepted: offer, payload, resource: { url: "http://127.0.0.1/" } };
  expect(await scheme.verify(envelope, offer)).toMatchObject({ isValid: true, payer: payer.address });
  expect(await scheme.settle(envelope, offer)).toMatchObject({ success: true, payer: payer.address });
});
