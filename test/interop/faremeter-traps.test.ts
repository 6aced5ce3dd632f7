import { readFileSync } from "node:fs";
import { resolveSupportedVersions } from "@faremeter/middleware/common";
import { isValidationError } from "@faremeter/types";
import {
  x402PaymentPayload,
  x402PaymentRequiredResponse,
  x402PaymentRequirements,
  x402SettleResponse,
  x402SupportedResponse,
  x402VerifyResponse,
} from "@faremeter/types/x402v2";
import { afterEach, describe, expect, test } from "vitest";
import { createPurse, type Track, xno } from "x402-nano/client";
import { nanoExact, nanoPricing } from "x402-nano/faremeter";
import { decodeHeader, parsePayment, REASONS } from "../../src/protocol/index.js";
import { envelopeFor, fetchFaremeterOffers, presentTo, VERSIONS } from "../support/faremeter-buyers.js";
import { type FaremeterPlace, PRICE, startFaremeterSeller } from "../support/faremeter-sellers.js";
import { faultyLedger } from "../support/faulty-ledger.js";
import { faultyStore } from "../support/faulty-store.js";
import { payOn, wrap } from "../support/hand-payer.js";
import { PAY_TO, startWorld, type World } from "../support/world.js";
import { entryWith, watchCredulous, watchOurs } from "./faremeter-traps-support.js";

/**
 * UPSTREAM section 3, number by number: what stock Faremeter 0.22 does, so that an upgrade which changes it is seen here,
 * and that our handler copes. Number 3 is in a file of its own, 6 and 12 beside it
 * with remote facilitators, 11 where one facilitator serves both stacks, 8 with the client.
 */
let world: World;
afterEach(() => world.close());

const TRACKS: Track[] = ["nanoTxn", "nanoSignature"];
const IN_PROCESS: FaremeterPlace[] = ["express 4", "express 5", "hono"];
const EACH_WAY = VERSIONS.flatMap((version) => TRACKS.map((track) => ({ version, track })));
const JUNK = { x402Version: 2, accepted: entryWith(), payload: {} };

test("what is observed here is Faremeter 0.22, and arktype pinned exactly (10)", async () => {
  world = await startWorld();
  for (const name of ["fetch", "info", "middleware", "types"]) {
    const at = new URL(`../../node_modules/@faremeter/${name}/package.json`, import.meta.url);
    const manifest = JSON.parse(readFileSync(at, "utf8"));
    expect([name, manifest.version]).toEqual([name, expect.stringMatching(/^0\.22\.\d+$/)]);
    expect(manifest.dependencies.arktype).toMatch(/^\d+\.\d+\.\d+$/);
  }
});

describe("1: every request, paid or not, calls getRequirements", () => {
  test("Faremeter hands over a skeleton: no time, no extra, one entry per price", async () => {
    world = await startWorld();
    const { handler, asked } = watchCredulous();
    const pricing = [nanoPricing({ payTo: PAY_TO, amount: PRICE }), nanoPricing({ payTo: PAY_TO, amount: "10 raw" })];
    const seller = await startFaremeterSeller(world, { args: { x402Handlers: [handler], pricing } });
    await fetch(seller.url);
    expect(await presentTo(seller.url, 2, JUNK)).toMatchObject({ status: 200 });
    expect(await presentTo(seller.url, 2, "%%%")).toMatchObject({ status: 402 });
    const skeleton = {
      scheme: "exact",
      network: "nano:mainnet",
      asset: "XNO",
      payTo: PAY_TO,
      maxTimeoutSeconds: 0,
    };
    const once = {
      accepts: [
        { ...skeleton, amount: xno("0.001").toString() },
        { ...skeleton, amount: "10" },
      ],
      resource: { url: seller.url },
    };
    expect(asked).toEqual([once, once, once]);
  });

  test("a handler without schemes at the top level is passed over, and the 402 offers nothing", async () => {
    world = await startWorld();
    const { schemes: _schemes, ...without } = watchCredulous().handler;
    const seller = await startFaremeterSeller(world, { args: { x402Handlers: [without] } });
    const required = decodeHeader((await fetch(seller.url)).headers.get("PAYMENT-REQUIRED") ?? "");
    expect(required["accepts"]).toEqual([]);
    const { handler } = watchOurs(world);
    expect(handler).toMatchObject({ schemes: ["exact"], capabilities: { schemes: ["exact"] } });
  });

  test("ours fills in time and extra, an entry per track, and asks neither ledger nor store for it", async () => {
    world = await startWorld();
    const [ledger, store] = [faultyLedger(world.ledger), faultyStore(world.store)];
    const { handler } = watchOurs(world, { ledger: ledger.port, store: store.port });
    await handler.recover();
    const before = [ledger.calls.length, store.calls.length];
    const seller = await startFaremeterSeller(world, { args: { x402Handlers: [handler] } });
    const { all } = await fetchFaremeterOffers(seller.url, 2);
    const validBefore = Math.floor(world.clock() / 1000) + 60;
    expect(all).toEqual([
      entryWith({ amount: (xno("0.001") + 1n).toString(), extra: { assetTransferMethod: "nanoTxn", validBefore } }),
      entryWith({
        extra: { assetTransferMethod: "nanoSignature", validBefore, nonce: expect.stringMatching(/^[0-9a-f]{64}$/) },
      }),
    ]);
    expect([ledger.calls.length, store.calls.length]).toEqual(before);
  });
});

describe("2: the matched entry is the first of the right network, scheme and asset", () => {
  test("Faremeter hands over Track A's entry for a Track B payment; the choice survives in v2 and is lost in v1", async () => {
    world = await startWorld();
    const { handler, settled } = watchCredulous();
    const seller = await startFaremeterSeller(world, { args: { x402Handlers: [handler] } });
    const { nanoSignature } = await fetchFaremeterOffers(seller.url, 2);
    for (const version of VERSIONS) {
      await presentTo(seller.url, version, envelopeFor(version, wrap(nanoSignature, { blockHash: "ab" })));
    }
    const [overV1, overV2] = settled;
    const trackA = { extra: { assetTransferMethod: "nanoTxn" } };
    expect(overV1).toMatchObject({ requirements: trackA, payment: { x402Version: 2, accepted: trackA } });
    expect(overV2).toMatchObject({ requirements: trackA, payment: { accepted: nanoSignature } });
  });

  test.each(EACH_WAY)("ours finds track, amount and challenge all the same: $track over v$version", async (way) => {
    world = await startWorld();
    const { handler, settled } = watchOurs(world);
    const seller = await startFaremeterSeller(world, { args: { x402Handlers: [handler] } });
    const payer = await world.payer();
    const offers = await fetchFaremeterOffers(seller.url, way.version);
    const proof = envelopeFor(way.version, await payOn(payer, way.track, offers));
    expect(await presentTo(seller.url, way.version, proof)).toMatchObject({ status: 200 });
    expect(settled).toMatchObject([{ requirements: { amount: offers.nanoTxn.amount, extra: offers.nanoTxn.extra } }]);
    expect(seller.handlerRuns()).toBe(1);
  });
});

describe("4: settle-first, and handleVerify is called by nobody but hono's authorizeBeforeCapture", () => {
  test.each(IN_PROCESS)("Faremeter on %s settles before the handler runs, and never verifies", async (place) => {
    world = await startWorld();
    const { handler, verified, settled } = watchCredulous();
    const seller = await startFaremeterSeller(world, { place, args: { x402Handlers: [handler] } });
    const order: string[] = [];
    seller.onHandler(async () => void order.push(`handler after ${String(settled.length)} settled`));
    expect(await presentTo(seller.url, 2, JUNK)).toMatchObject({ status: 200 });
    expect([verified.length, settled.length]).toEqual([0, 1]);
    expect(order).toEqual(["handler after 1 settled"]);
  });

  test("Faremeter's authorizeBeforeCapture hands one and the same payment to verify, before, and settle, after", async () => {
    world = await startWorld();
    const { handler, verified, settled } = watchCredulous();
    const args = { x402Handlers: [handler] };
    const seller = await startFaremeterSeller(world, { place: "hono authorize-first", args });
    const order: number[] = [];
    seller.onHandler(async () => void order.push(verified.length, settled.length));
    expect(await presentTo(seller.url, 2, JUNK)).toMatchObject({ status: 200 });
    expect(order).toEqual([1, 0]);
    expect(settled).toHaveLength(1);
    expect(settled[0]?.payment).toBe(verified[0]?.payment);
  });

  test("authorizeBeforeCapture captures although the handler failed: the payer has paid for a 500", async () => {
    world = await startWorld();
    const seller = await startFaremeterSeller(world, { place: "hono authorize-first" });
    const payer = await world.payer();
    for (const track of TRACKS) {
      const proof = await payOn(payer, track, await fetchFaremeterOffers(seller.url, 2));
      seller.failNext(500);
      const first = await presentTo(seller.url, 2, { ...proof });
      expect(first).toMatchObject({ status: 500, settlement: { success: true } });
      expect(await presentTo(seller.url, 2, { ...proof })).toMatchObject({ status: 402 });
    }
    expect(seller.handlerRuns()).toBe(2);
  });

  test.each(IN_PROCESS)(
    "settle-first on %s: a handler that fails has lost the response, not the redemption",
    async (place) => {
      world = await startWorld();
      const seller = await startFaremeterSeller(world, { place });
      const payer = await world.payer();
      for (const track of TRACKS) {
        const proof = await payOn(payer, track, await fetchFaremeterOffers(seller.url, 2));
        seller.failNext(500);
        const first = await presentTo(seller.url, 2, { ...proof });
        expect(first).toMatchObject({ status: 500, settlement: { success: true } });
        const again = await presentTo(seller.url, 2, { ...proof });
        expect(again).toMatchObject({ status: 402, reason: "duplicate_block_hash" });
      }
      expect(seller.handlerRuns()).toBe(2);
    },
  );

  test("our settle judges everything itself: what verify would have refused is refused", async () => {
    world = await startWorld();
    const seller = await startFaremeterSeller(world);
    const [payer, thief] = [await world.payer(), await world.payer()];
    const { nanoSignature } = await fetchFaremeterOffers(seller.url, 2);
    const { hash, ...honest } = await payer.payNanoSignature(nanoSignature);
    const stolen = thief.proveNanoSignature(nanoSignature, hash);
    expect(await presentTo(seller.url, 2, { ...stolen })).toMatchObject({ reason: "sender_mismatch" });
    const resigned = { ...honest, payload: { ...honest.payload, signature: stolen.payload["signature"] } };
    expect(await presentTo(seller.url, 2, resigned)).toMatchObject({ reason: "invalid_signature" });
    const leased = { ...honest, payload: { ...honest.payload, lease: "of somebody" } };
    expect(await presentTo(seller.url, 2, leased)).toMatchObject({ reason: "malformed_payload" });
    expect(seller.handlerRuns()).toBe(0);
    expect(await presentTo(seller.url, 2, { ...honest })).toMatchObject({ status: 200 });
  });

  test.each(TRACKS)("our verify consumes nothing: %s settles after it, in another process too", async (track) => {
    world = await startWorld();
    const [{ handler }, { handler: other }] = [watchOurs(world), watchOurs(world)];
    const payer = await world.payer();
    const seller = await startFaremeterSeller(world);
    const offers = await fetchFaremeterOffers(seller.url, 2);
    const payment = { ...(await payOn(payer, track, offers)), x402Version: 2 as const, accepted: offers[track] };
    const requirements = offers.nanoTxn;
    expect(await handler.handleVerify(requirements, payment)).toMatchObject({ isValid: true, payer: payer.address });
    expect(await handler.handleVerify(requirements, payment)).toMatchObject({ invalidReason: "payment_in_progress" });
    const copy = structuredClone(payment);
    expect(await other.handleSettle(requirements, copy)).toMatchObject({ success: true, payer: payer.address });
    expect(await handler.handleSettle(requirements, payment)).toMatchObject({ success: false });
  });
});

describe("5: v2 is off by default", () => {
  test("Faremeter then writes no PAYMENT-REQUIRED and answers 400 to a v2 payment; v1 goes on", async () => {
    world = await startWorld();
    expect(resolveSupportedVersions()).toEqual({ x402v1: true, x402v2: false });
    const seller = await startFaremeterSeller(world, { args: { supportedVersions: {} } });
    const response = await fetch(seller.url);
    expect([response.status, response.headers.get("PAYMENT-REQUIRED")]).toEqual([402, null]);
    expect(await response.json()).toMatchObject({ x402Version: 1, accepts: [{ extra: {} }, { extra: {} }] });
    const payer = await world.payer();
    const offers = await fetchFaremeterOffers(seller.url, 1);
    const proof = await payOn(payer, "nanoSignature", offers);
    expect(await presentTo(seller.url, 2, { ...proof })).toEqual({
      status: 400,
      settlement: undefined,
      reason: undefined,
    });
    expect(seller.handlerRuns()).toBe(0);
    expect(await presentTo(seller.url, 1, envelopeFor(1, proof))).toMatchObject({ status: 200 });
  });

  test.each(TRACKS)("nano:mainnet passes through v1 unchanged, there and back: %s", async (track) => {
    world = await startWorld();
    const seller = await startFaremeterSeller(world);
    const payer = await world.payer();
    const offers = await fetchFaremeterOffers(seller.url, 1);
    expect(offers.all.map(({ network, asset }) => [network, asset])).toEqual([
      ["nano:mainnet", "XNO"],
      ["nano:mainnet", "XNO"],
    ]);
    const envelope = envelopeFor(1, await payOn(payer, track, offers));
    expect(envelope).toMatchObject({ x402Version: 1, network: "nano:mainnet" });
    const settlement = { success: true, network: "nano:mainnet", payer: payer.address };
    expect(await presentTo(seller.url, 1, envelope)).toMatchObject({ status: 200, settlement });
  });

  test("Track B over v1 brings its challenge inside the payload, or is refused", async () => {
    world = await startWorld();
    const seller = await startFaremeterSeller(world);
    const payer = await world.payer();
    const proof = await payOn(payer, "nanoSignature", await fetchFaremeterOffers(seller.url, 1));
    const complete = envelopeFor(1, proof);
    const { nonce, validBefore, ...bare } = Object(complete["payload"]) as Record<string, unknown>;
    for (const payload of [bare, { ...bare, nonce }, { ...bare, validBefore }]) {
      const outcome = await presentTo(seller.url, 1, { ...complete, payload });
      expect(outcome).toMatchObject({ status: 402, reason: "requirements_mismatch" });
    }
    expect(seller.handlerRuns()).toBe(0);
    expect(await presentTo(seller.url, 1, complete)).toMatchObject({ status: 200 });
  });
});

describe("7: the middleware has no replay protection and compares no amount", () => {
  test("Faremeter serves a payment again and again, whatever amount and receiver the client echoes", async () => {
    world = await startWorld();
    const { handler, settled } = watchCredulous();
    const seller = await startFaremeterSeller(world, { args: { x402Handlers: [handler] } });
    for (const accepted of [entryWith(), entryWith(), entryWith({ amount: "1" }), entryWith({ payTo: "me" })]) {
      expect(await presentTo(seller.url, 2, { ...JUNK, accepted })).toMatchObject({ status: 200 });
    }
    expect(settled.map(({ payment }) => [payment.accepted.amount, payment.accepted.payTo])).toMatchObject([
      [entryWith().amount, PAY_TO],
      [entryWith().amount, PAY_TO],
      ["1", PAY_TO],
      [entryWith().amount, "me"],
    ]);
    expect(seller.handlerRuns()).toBe(4);
  });

  test.each(EACH_WAY)("ours serves $track over v$version once, and for the price alone", async ({ version, track }) => {
    world = await startWorld();
    const seller = await startFaremeterSeller(world);
    const payer = await world.payer();
    const offers = await fetchFaremeterOffers(seller.url, version);
    const cheap = { ...offers, [track]: { ...offers[track], amount: track === "nanoTxn" ? "11" : "10" } };
    const tooCheap = await payOn(payer, track, cheap);
    if (version === 2) {
      const echoed = { ...tooCheap, accepted: cheap[track] };
      expect(await presentTo(seller.url, 2, echoed)).toMatchObject({ reason: "requirements_mismatch" });
      const elsewhere = { ...tooCheap, accepted: { ...offers[track], payTo: payer.address } };
      expect(await presentTo(seller.url, 2, elsewhere)).toMatchObject({ reason: "requirements_mismatch" });
    }
    const claimed = envelopeFor(version, { ...tooCheap, accepted: offers[track] });
    const reason = "insufficient_amount";
    expect(await presentTo(seller.url, version, claimed)).toMatchObject({ status: 402, reason });
    expect(seller.handlerRuns()).toBe(0);
    const proof = envelopeFor(version, await payOn(payer, track, offers));
    expect(await presentTo(seller.url, version, proof)).toMatchObject({ status: 200 });
    for (let copy = 0; copy < 3; copy += 1) {
      const again = await presentTo(seller.url, version, proof);
      expect(again).toMatchObject({ status: 402, reason: "duplicate_block_hash" });
    }
    expect(seller.handlerRuns()).toBe(1);
  });
});

describe("9: what goes into a 402 must be Latin-1, and amount is not validated", () => {
  test("Faremeter's btoa throws for a description with Ӿ, as soon as v2 is on", async () => {
    world = await startWorld();
    const price = nanoPricing({ payTo: PAY_TO, amount: PRICE, description: "cafés: 5 £" });
    const served = await startFaremeterSeller(world, { args: { pricing: [price] } });
    expect((await fetch(served.url)).status).toBe(402);
    const pricing = [{ ...price, description: "1 Ӿ" }];
    const seller = await startFaremeterSeller(world, { args: { pricing } });
    expect((await fetch(seller.url)).status).toBe(500);
    const old = await startFaremeterSeller(world, { args: { pricing, supportedVersions: { x402v1: true } } });
    expect((await fetch(old.url)).status).toBe(402);
  });

  test.each(["1 Ӿ", "“quoted”", "日本", "a\nb", "\u0000"])(
    "ours refuses the description %j at the start",
    async (description) => {
      world = await startWorld();
      const setting = expect.objectContaining({ setting: "description" });
      const error = expect.objectContaining({ code: "invalid_configuration", facts: setting });
      expect(() => nanoPricing({ payTo: PAY_TO, amount: PRICE, description })).toThrow(error);
      expect(() => nanoExact({ payTo: PAY_TO, amount: PRICE, description })).toThrow(error);
    },
  );

  test("every reason and sentence of ours is plain ASCII: refusals go through btoa as well", async () => {
    world = await startWorld();
    expect(JSON.stringify(REASONS)).toMatch(/^[\x20-\x7e]*$/);
  });

  test.each(["-5", "1.5"])(
    "Faremeter takes the amount %j; ours leaves the entry out and says so once",
    async (amount) => {
      world = await startWorld();
      expect(isValidationError(x402PaymentRequirements(entryWith({ amount })))).toBe(false);
      const pricing = [{ ...nanoPricing({ payTo: PAY_TO, amount: PRICE }), amount }];
      const credulous = watchCredulous().handler;
      const careless = await startFaremeterSeller(world, { args: { x402Handlers: [credulous], pricing } });
      expect((await fetchFaremeterOffers(careless.url, 2)).nanoTxn.amount).toBe(amount);

      const warnings: string[] = [];
      const { handler } = watchOurs(world, { onWarning: (message) => warnings.push(message) });
      const both = [...pricing, nanoPricing({ payTo: PAY_TO, amount: PRICE })];
      const seller = await startFaremeterSeller(world, { args: { x402Handlers: [handler], pricing: both } });
      for (let count = 0; count < 3; count += 1) {
        const { all } = await fetchFaremeterOffers(seller.url, 2);
        expect(all.map((offer) => offer.amount)).toEqual([(xno("0.001") + 1n).toString(), xno("0.001").toString()]);
      }
      expect(warnings).toEqual([expect.stringContaining("amount")]);
      expect(() => nanoPricing({ payTo: PAY_TO, amount })).toThrow(expect.objectContaining({ code: "invalid_price" }));
      expect(() => nanoExact({ payTo: PAY_TO, amount })).toThrow(expect.objectContaining({ code: "invalid_price" }));
    },
  );
});

describe("10: Faremeter validates with arktype, ours is zod", () => {
  test.each(TRACKS)("what our purse pays on %s, and what we answer, fits Faremeter's schemas", async (track) => {
    world = await startWorld();
    const { handler } = watchOurs(world);
    const seller = await startFaremeterSeller(world);
    const purse = await createPurse({
      seed: "3c".repeat(32),
      ledger: world.ledger,
      workThresholds: world.dev.workThresholds,
      clock: world.clock,
    });
    world.onClose(() => purse.close());
    await world.dev.fund(purse.address, xno("1"));
    const required = decodeHeader((await fetch(seller.url)).headers.get("PAYMENT-REQUIRED") ?? "");
    expect(isValidationError(x402PaymentRequiredResponse(required))).toBe(false);
    const offers = await fetchFaremeterOffers(seller.url, 2);
    const { payload } = await purse.payOffer(offers[track]);
    const payment = x402PaymentPayload({ x402Version: 2, accepted: offers[track], payload });
    if (isValidationError(payment)) expect.unreachable(payment.summary);
    expect(parsePayment(payment, offers.nanoTxn, { allowLease: false })).toMatchObject({ ok: true });

    const junk = { ...payment, payload: {} };
    const answers: unknown[] = [
      x402VerifyResponse(await handler.handleVerify(offers.nanoTxn, junk)),
      x402VerifyResponse(await handler.handleVerify(offers.nanoTxn, payment)),
      x402SettleResponse(await handler.handleSettle(offers.nanoTxn, junk)),
      x402SettleResponse(await handler.handleSettle(offers.nanoTxn, payment)),
      x402SupportedResponse(world.engine.supported()),
      x402SupportedResponse({
        kinds: await Promise.all(handler.getSupported()),
        extensions: [],
        signers: await handler.getSigners(),
      }),
    ];
    expect(answers.map((answer) => isValidationError(answer as never))).toEqual(answers.map(() => false));
    expect(answers).toMatchObject([
      { isValid: false },
      { isValid: true },
      { success: false },
      { success: true },
      {},
      {},
    ]);
  });
});
