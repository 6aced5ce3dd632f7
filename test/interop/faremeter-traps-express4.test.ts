import type { Server } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { createMiddleware } from "@faremeter/middleware/express";
import type { FacilitatorHandler } from "@faremeter/types/facilitator";
import express5 from "express";
import { afterEach, describe, expect, test } from "vitest";
import type { Track } from "x402-nano/client";
import { nanoPricing } from "x402-nano/faremeter";
import { encodeHeader, REASONS } from "../../src/protocol/index.js";
import { fetchFaremeterOffers, presentTo } from "../support/faremeter-buyers.js";
import { PRICE, startFaremeterSeller } from "../support/faremeter-sellers.js";
import { breaks, faultyLedger, refuses } from "../support/faulty-ledger.js";
import { faultyStore } from "../support/faulty-store.js";
import { payOn } from "../support/hand-payer.js";
import { PAY_TO, startWorld, type World } from "../support/world.js";
import { entryWith, watchCredulous, watchOurs } from "./faremeter-traps-support.js";

/** UPSTREAM section 3, number 3: a handler that fails ends the process of an Express 4 server. */
let world: World;
afterEach(() => world.close());

const TRACKS: Track[] = ["nanoTxn", "nanoSignature"];
const JUNK = { x402Version: 2, accepted: entryWith(), payload: {} };

describe("3: Express 4 has no try/catch around the handler", () => {
  const express4 = createRequire(import.meta.url)("express4") as typeof express5;

  /** The middleware, with what its promise came to kept for the test instead of left to the process. */
  async function startCaught(express: typeof express5, handler: FacilitatorHandler) {
    const middleware = await createMiddleware({
      x402Handlers: [handler],
      pricing: [nanoPricing({ payTo: PAY_TO, amount: PRICE })],
      supportedVersions: { x402v2: true },
    });
    const caught: { readonly error: unknown; readonly wasAnswered: boolean }[] = [];
    const app = express();
    app.use((request, response, next) => {
      const running = middleware(request, response, next);
      running.catch((error: unknown) => {
        setImmediate(() => {
          caught.push({ error, wasAnswered: response.headersSent });
          if (!response.headersSent) response.destroy();
        });
      });
      return running;
    });
    app.use((_error: unknown, _request: unknown, response: express5.Response, _next: unknown) => {
      response.status(500).end();
    });
    const server = await new Promise<Server>((resolve) => {
      const listening = app.listen(0, "127.0.0.1", () => resolve(listening));
    });
    world.onClose(() => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    });
    return { url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/`, caught };
  }

  const FAILING: [string, Partial<FacilitatorHandler>, RegExp][] = [
    ["throws", { handleSettle: breaks }, /undefined is not a function/],
    ["answers null after a match", { handleSettle: async () => null }, /no handler accepted the settlement/],
    ["throws in getRequirements", { getRequirements: breaks }, /undefined is not a function/],
  ];
  test.each(FAILING)("a handler that %s: a rejection that Express 4 leaves to the process", async (_what, how, why) => {
    world = await startWorld();
    const { handler } = watchCredulous(how);
    const onFour = await startCaught(express4, handler);
    await expect(presentTo(onFour.url, 2, JUNK)).rejects.toThrow("fetch failed");
    expect(onFour.caught).toEqual([{ error: expect.any(Error), wasAnswered: false }]);
    expect(String(onFour.caught[0]?.error)).toMatch(why);
    const onFive = await startCaught(express5, handler);
    expect(await presentTo(onFive.url, 2, JUNK)).toMatchObject({ status: 500 });
    expect(onFive.caught).toMatchObject([{ wasAnswered: true }]);
  });

  const hash = "ab".repeat(32);
  const HOSTILE: [string, object][] = [
    ["an empty payload", {}],
    ["a list", []],
    ["a block that is null", { block: null }],
    ["a hash that is a number", { blockHash: 5 }],
    ["both tracks", { block: {}, blockHash: hash }],
    ["a lease", { blockHash: hash, lease: "somebody's" }],
    ["names of the language", { ["__proto__"]: { block: {} }, constructor: 1, hasOwnProperty: 2 }],
    ["keys and values beyond Latin-1", { Ӿ: "Ӿ", blockHash: "Ӿ", account: "Ӿ", nonce: "Ӿ" }],
    ["very much of it", { block: { link: "f".repeat(1_000) } }],
  ];
  test.each(HOSTILE)("ours answers a refusal to %s, also where ledger and store break", async (_what, payload) => {
    world = await startWorld();
    const [ledger, store] = [faultyLedger(world.ledger), faultyStore(world.store)];
    const { handler } = watchOurs(world, { ledger: ledger.port, store: store.port });
    for (const method of ["blockInfo", "accountInfo", "process"] as const) ledger.always(method, breaks);
    for (const method of ["claim", "get", "advance", "release"] as const) store.always(method, breaks);
    const { url, caught } = await startCaught(express4, handler);
    const { accepted } = JUNK;
    const hostile = [accepted, { ...accepted, extra: payload }, { ...accepted, amount: "-5" }];
    for (const entry of hostile) {
      const outcome = await presentTo(url, 2, encodeHeader({ ...JUNK, accepted: entry, payload }));
      expect(outcome).toMatchObject({ status: 402, settlement: { success: false, transaction: "" } });
      expect(Object.keys(REASONS)).toContain(outcome.reason);
    }
    expect(caught).toEqual([]);
  });

  test.each(TRACKS)("ours answers an honest %s payment while everything behind it breaks", async (track) => {
    world = await startWorld();
    const [ledger, store] = [faultyLedger(world.ledger), faultyStore(world.store)];
    const { handler } = watchOurs(world, { ledger: ledger.port, store: store.port });
    const { url, caught } = await startCaught(express4, handler);
    const payer = await world.payer();
    const proof = await payOn(payer, track, await fetchFaremeterOffers(url, 2));
    for (const method of ["get", "claim"] as const) {
      store.always(method, breaks);
      expect(await presentTo(url, 2, { ...proof })).toMatchObject({ status: 402, reason: "facilitator_unavailable" });
    }
    store.heal();
    for (const method of ["blockInfo", "accountInfo"] as const) ledger.always(method, breaks);
    const { status, reason } = await presentTo(url, 2, { ...proof });
    expect(status).toBe(402);
    expect(["facilitator_unavailable", "ledger_unavailable"]).toContain(reason);
    expect(caught).toEqual([]);
  });

  test("ours resolves to null only for what no matched request asks of it", async () => {
    world = await startWorld();
    const { handler } = watchOurs(world);
    const payment = { x402Version: 2 as const, accepted: entryWith(), payload: {} };
    for (const other of [{ scheme: "upto" }, { network: "eip155:8453" }, { asset: "USDC" }]) {
      expect(await handler.handleSettle(entryWith(other), payment)).toBeNull();
      expect(await handler.handleVerify(entryWith(other), payment)).toBeNull();
    }
    expect(await handler.handleSettle(entryWith(), payment)).toMatchObject({ success: false });
    expect(await handler.handleVerify(entryWith(), payment)).toMatchObject({ isValid: false });
  });
});

describe("what else would throw in the middleware, or in what it calls", () => {
  test.each(["express 5", "remote uncached"] as const)("%s: a node's words beyond Latin-1", async (place) => {
    const faulty = { wrapLedger: (real: World["ledger"]) => spoiled(real) };
    world = await startWorld(faulty);
    const seller = await startFaremeterSeller(world, { place });
    const payer = await world.payer();
    const { nanoTxn } = await fetchFaremeterOffers(seller.url, 2);
    const outcome = await presentTo(seller.url, 2, { ...(await payer.proveNanoTxn(nanoTxn)) });
    expect(outcome).toMatchObject({ status: 402, reason: "broadcast_failed" });
    expect(outcome.settlement?.["errorMessage"]).toContain("? says no");
  });

  test("a logger that throws", async () => {
    world = await startWorld();
    const onWarning = (): never => {
      throw new TypeError("gone");
    };
    const { handler } = watchOurs(world, { onWarning });
    const pricing = [{ ...nanoPricing({ payTo: PAY_TO, amount: PRICE }), amount: "-5" }];
    const seller = await startFaremeterSeller(world, {
      place: "express 5",
      args: { x402Handlers: [handler], pricing },
    });
    expect((await fetch(seller.url)).status).toBe(402);
  });

  function spoiled(real: World["ledger"]): World["ledger"] {
    const ledger = faultyLedger(real);
    ledger.always("process", refuses("\u04fe says no"));
    return ledger.port;
  }
});
