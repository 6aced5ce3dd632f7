import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { x402Facilitator } from "@x402/core/facilitator";
import { HTTPFacilitatorClient, x402ResourceServer } from "@x402/core/server";
import { paymentMiddleware } from "@x402/express";
import { wrapFetchWithPayment, x402Client } from "@x402/fetch";
import express, { type Express } from "express";
import { afterEach, describe, expect, test } from "vitest";
import { createPurse, registerExactNanoScheme, type Track, xno } from "x402-nano/client";
import { ExactNanoScheme as FacilitatorScheme } from "x402-nano/facilitator";
import { ExactNanoScheme, nanoAccepts } from "x402-nano/server";
import { parseAddress } from "../../src/nano/index.js";
import { decodeHeader, encodeHeader } from "../../src/protocol/index.js";
import { fetchFaremeterOffers } from "../support/faremeter-buyers.js";
import { PRICE, startFacilitatorRouter, startFaremeterSeller } from "../support/faremeter-sellers.js";
import { type Envelope, payOn } from "../support/hand-payer.js";
import { CHALLENGE_SECRET, PAY_TO, startWorld, type World } from "../support/world.js";

/** One facilitator service, in front of it a stock `@x402/express` seller and a Faremeter one with the same payTo. */
let world: World;
afterEach(() => world.close());

const TRACKS: Track[] = ["nanoTxn", "nanoSignature"];
const STACKS = ["stock", "Faremeter"] as const;
type Stack = (typeof STACKS)[number];
const WAYS = STACKS.flatMap((first) =>
  TRACKS.map((track) => ({ first, second: first === "stock" ? ("Faremeter" as const) : ("stock" as const), track })),
);
const OTHER_SECRET = "0c".repeat(32);

interface Shop {
  readonly url: string;
  readonly handlerRuns: () => number;
  failNext(status: number): void;
}

async function startBoth(stockSecret = CHALLENGE_SECRET): Promise<Record<Stack, Shop>> {
  world = await startWorld();
  const facilitatorUrl = await startFacilitatorRouter(world);
  return {
    stock: await startStockSeller(facilitatorUrl, stockSecret),
    Faremeter: await startFaremeterSeller(world, { place: "remote uncached", facilitatorUrl }),
  };
}

async function startStockSeller(facilitatorUrl: string, challengeSecret: string): Promise<Shop> {
  const server = new x402ResourceServer(new HTTPFacilitatorClient({ url: facilitatorUrl })).register(
    "nano:mainnet",
    new ExactNanoScheme({ challengeSecret, facilitatorUrl, clock: world.clock }),
  );
  const app = express();
  app.use(paymentMiddleware({ "GET /weather": { accepts: nanoAccepts({ payTo: PAY_TO, price: PRICE }) } }, server));
  const statuses: number[] = [];
  let runs = 0;
  app.get("/weather", (_request, response) => {
    runs += 1;
    response.status(statuses.shift() ?? 200).json({ weather: "sunny" });
  });
  return {
    url: `${await listen(app)}/weather`,
    handlerRuns: () => runs,
    failNext: (status) => void statuses.push(status),
  };
}

async function listen(app: Express): Promise<string> {
  const server = await new Promise<Server>((resolve) => {
    const listening = app.listen(0, "127.0.0.1", () => resolve(listening));
  });
  world.onClose(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
}

const offersOf = ({ url }: Shop) => fetchFaremeterOffers(url, 2);

/** A stock server says why it did not verify in its 402; Faremeter's settles first, and says it in the settlement. */
async function present({ url }: Shop, proof: Envelope): Promise<{ status: number; reason: unknown }> {
  const response = await fetch(url, { headers: { "PAYMENT-SIGNATURE": encodeHeader(proof) } });
  await response.arrayBuffer();
  const read = (name: string) => decodeHeader(response.headers.get(name) ?? encodeHeader({}));
  const reason = read("PAYMENT-RESPONSE")["errorReason"] ?? read("PAYMENT-REQUIRED")["error"];
  return { status: response.status, reason };
}

async function paymentsReceived(): Promise<number> {
  return (await world.ledger.receivable(parseAddress(PAY_TO))).length;
}

const served = expect.objectContaining({ status: 200 });
const refused = (reason: unknown) => ({ status: 402, reason });

test("both offer the same terms, so that what follows compares like with like", async () => {
  const shops = await startBoth();
  const [stock, faremeter] = await Promise.all(STACKS.map((stack) => offersOf(shops[stack])));
  for (const track of TRACKS) {
    const { amount, payTo, network, scheme, asset } = stock?.[track] ?? expect.unreachable();
    expect(faremeter?.[track]).toMatchObject({ amount, payTo, network, scheme, asset });
  }
  expect([stock?.all.length, faremeter?.all.length]).toEqual([2, 2]);
});

describe.each(WAYS)("bought at $first on $track", ({ first, second, track }) => {
  test("it buys nothing at the other, with the same proof or under a fresh challenge, nor twice where it was bought", async () => {
    const shops = await startBoth();
    const payer = await world.payer();
    const proof = await payOn(payer, track, await offersOf(shops[first]));
    expect(await present(shops[first], proof)).toEqual(served);
    for (const stack of [second, first]) {
      expect(await present(shops[stack], proof)).toEqual(refused("duplicate_block_hash"));
    }
    const [paid] = await world.ledger.receivable(parseAddress(PAY_TO));
    if (paid === undefined) expect.unreachable("nothing was paid");
    for (const stack of STACKS) {
      const { nanoSignature } = await offersOf(shops[stack]);
      const again = payer.proveNanoSignature(nanoSignature, paid.hash);
      expect(await present(shops[stack], again)).toEqual(refused("duplicate_block_hash"));
    }
    expect([shops[first].handlerRuns(), shops[second].handlerRuns()]).toEqual([1, 0]);
  });

  test("presented at both at once, six times each: one response in all", async () => {
    const shops = await startBoth();
    const payer = await world.payer();
    const proof = await payOn(payer, track, await offersOf(shops[first]));
    const copies = Array.from({ length: 6 }, () => [present(shops[first], proof), present(shops[second], proof)]);
    const outcomes = await Promise.all(copies.flat());
    expect(outcomes.filter(({ status }) => status === 200)).toHaveLength(1);
    const losers = outcomes.filter(({ status }) => status !== 200).map(({ reason }) => reason);
    const harmless = ["payment_in_progress", "duplicate_block_hash", "settlement_pending", "block_already_landed"];
    expect(losers.filter((reason) => !harmless.includes(String(reason)))).toEqual([]);
    expect(await paymentsReceived()).toBe(1);
  });

  test("a proof made from its 402 is good at the other: a challenge only says issued lately, for this payTo and amount", async () => {
    const shops = await startBoth();
    const payer = await world.payer();
    const proof = await payOn(payer, track, await offersOf(shops[first]));
    expect(await present(shops[second], proof)).toEqual(served);
    expect([shops[first].handlerRuns(), shops[second].handlerRuns()]).toEqual([0, 1]);
  });
});

describe("a stock server with another secret than the facilitator's", () => {
  test("takes no challenge of Faremeter's 402, nor Faremeter's one of its own", async () => {
    const shops = await startBoth(OTHER_SECRET);
    const payer = await world.payer();
    const { hash } = await payer.send({ payTo: PAY_TO, amountRaw: xno("0.001") });
    for (const [from, to] of [STACKS, ["Faremeter", "stock"]] as const) {
      const { nanoSignature } = await offersOf(shops[from]);
      const proof = payer.proveNanoSignature(nanoSignature, hash);
      expect(await present(shops[to], proof)).toEqual(refused("challenge_invalid"));
    }
    const own = payer.proveNanoSignature((await offersOf(shops.stock)).nanoSignature, hash);
    expect(await present(shops.stock, own)).toEqual(refused("challenge_invalid"));
    expect([shops.stock.handlerRuns(), shops.Faremeter.handlerRuns()]).toEqual([0, 0]);
    const proof = payer.proveNanoSignature((await offersOf(shops.Faremeter)).nanoSignature, hash);
    expect(await present(shops.Faremeter, proof)).toEqual(served);
  });
});

test.each(TRACKS)(
  "a %s response that the stock server cancelled is released, and the proof buys at Faremeter",
  async (track) => {
    const shops = await startBoth();
    const payer = await world.payer();
    const proof = await payOn(payer, track, await offersOf(shops.stock));
    for (let count = 1; count <= 2; count += 1) {
      shops.stock.failNext(500);
      expect(await present(shops.stock, proof)).toMatchObject({ status: 500 });
      expect(shops.stock.handlerRuns()).toBe(count);
    }
    expect(await present(shops.Faremeter, proof)).toEqual(served);
    expect(await present(shops.stock, proof)).toEqual(refused("duplicate_block_hash"));
  },
);

test.each(TRACKS)("one purse buys %s from both, with one payment for each purchase", async (track) => {
  const shops = await startBoth();
  const purse = await createPurse({
    seed: "f1".repeat(32),
    ledger: world.ledger,
    workThresholds: world.dev.workThresholds,
    clock: world.clock,
  });
  world.onClose(() => purse.close());
  await world.dev.fund(purse.address, xno("1"));
  const buy = wrapFetchWithPayment(fetch, registerExactNanoScheme(new x402Client(), { purse, prefer: track }));
  const urls = [shops.stock.url, shops.Faremeter.url, shops.stock.url, shops.Faremeter.url];
  const responses = await Promise.all(urls.map((url) => buy(url)));
  expect(responses.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  expect([shops.stock.handlerRuns(), shops.Faremeter.handlerRuns()]).toEqual([2, 2]);
  expect(await paymentsReceived()).toBe(4);
  expect(purse.unspent()).toEqual([]);
});

test("11: a Faremeter middleware against a stock facilitator, which has no /accepts, fails loudly and serves nobody", async () => {
  world = await startWorld();
  const stock = new x402Facilitator().register("nano:mainnet", new FacilitatorScheme(world.facilitatorOptions));
  const app = express().use(express.json());
  app.get("/supported", (_request, response) => response.json(stock.getSupported()));
  app.post("/verify", async ({ body }, response) => {
    response.json(await stock.verify(body.paymentPayload, body.paymentRequirements));
  });
  app.post("/settle", async ({ body }, response) => {
    response.json(await stock.settle(body.paymentPayload, body.paymentRequirements));
  });
  const facilitatorUrl = await listen(app);
  const challenger = await startStockSeller(facilitatorUrl, CHALLENGE_SECRET);
  const seller = await startFaremeterSeller(world, { place: "remote uncached", facilitatorUrl });
  const payer = await world.payer();
  const proof = await payOn(payer, "nanoSignature", await offersOf(challenger));
  expect((await fetch(seller.url)).status).toBe(500);
  expect(await present(seller, proof)).toMatchObject({ status: 500 });
  expect(seller.handlerRuns()).toBe(0);
  expect(await present(challenger, proof)).toEqual(served);
});
