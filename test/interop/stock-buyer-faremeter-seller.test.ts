import { decodePaymentResponseHeader, wrapFetchWithPayment, x402Client } from "@x402/fetch";
import { afterEach, describe, expect, test } from "vitest";
import { createPurse, type Purse, type PurseOptions, registerExactNanoScheme, type Track, xno } from "x402-nano/client";
import { parseAddress } from "../../src/nano/index.js";
import { FAREMETER_PLACES, type FaremeterSellerOptions, startFaremeterSeller } from "../support/faremeter-sellers.js";
import { PAY_TO, startWorld, type World } from "../support/world.js";

/** A stock `@x402/fetch` buyer with our client scheme, and a Faremeter seller: they meet in x402 version 2. */
let world: World;
afterEach(() => world.close());

const PRICE_RAW = xno("0.001");
const TRACKS: Track[] = ["nanoTxn", "nanoSignature"];
const MIX = FAREMETER_PLACES.flatMap((place) => TRACKS.map((track) => ({ place, track })));

async function start(
  seller: FaremeterSellerOptions & { readonly track: Track },
  purseOptions: Partial<PurseOptions> = {},
) {
  world = await startWorld();
  const started = await startFaremeterSeller(world, seller);
  const purse = await createPurse({
    seed: "f0".repeat(32),
    ledger: world.ledger,
    workThresholds: world.dev.workThresholds,
    clock: world.clock,
    ...purseOptions,
  });
  world.onClose(() => purse.close());
  await world.dev.fund(purse.address, xno("1"));
  return { seller: started, purse, buy: buyerOf(purse, seller.track) };
}

function buyerOf(purse: Purse, prefer: Track): ReturnType<typeof wrapFetchWithPayment> {
  return wrapFetchWithPayment(fetch, registerExactNanoScheme(new x402Client(), { purse, prefer }));
}

async function paidRaw(): Promise<bigint[]> {
  return (await world.ledger.receivable(parseAddress(PAY_TO))).map(({ amountRaw }) => amountRaw);
}

describe.each(MIX)("Faremeter $place × stock fetch client × $track", (mix) => {
  const asked = PRICE_RAW + (mix.track === "nanoTxn" ? 1n : 0n);

  test("each purchase pays once, and the next pays again", async () => {
    const { seller, purse, buy } = await start(mix);
    for (let count = 1; count <= 2; count += 1) {
      const response = await buy(seller.url);
      expect(response.status).toBe(200);
      expect(await response.json()).toEqual({ weather: "sunny" });
      const receipt = decodePaymentResponseHeader(response.headers.get("PAYMENT-RESPONSE") ?? "");
      expect(receipt).toMatchObject({ success: true, network: "nano:mainnet", payer: purse.address });
      expect(receipt.transaction).toMatch(/^[0-9A-F]{64}$/);
      expect([seller.handlerRuns(), (await paidRaw()).length]).toEqual([count, count]);
      expect(purse.unspent()).toEqual([]);
    }
    expect(await paidRaw()).toEqual([asked, asked]);
    expect(purse.spentTodayRaw()).toBe(2n * PRICE_RAW);
  });

  test("the purse's limits hold: nothing is sent beyond them", async () => {
    const { seller, purse, buy } = await start(mix, { maxPerDay: 2n * PRICE_RAW });
    const results = await Promise.allSettled(Array.from({ length: 5 }, () => buy(seller.url)));
    const statuses = results.flatMap((result) => (result.status === "fulfilled" ? [result.value.status] : []));
    expect(statuses).toEqual([200, 200]);
    for (const result of results) {
      if (result.status === "rejected") expect(String(result.reason)).toContain("daily limit");
    }
    expect(await paidRaw()).toEqual([asked, asked]);
    expect(seller.handlerRuns()).toBe(2);
    expect(purse.unspent()).toEqual([]);
  });
});

describe.each(TRACKS)("%s", (track) => {
  test("a price above the limit of one payment is not paid", async () => {
    const { seller, buy } = await start({ track }, { maxPerPayment: PRICE_RAW - 1n });
    await expect(buy(seller.url)).rejects.toThrow(/limit/);
    expect([await paidRaw(), seller.handlerRuns()]).toEqual([[], 0]);
  });

  test.each(["express 4", "hono authorize-first"] as const)(
    "%s: a handler that fails has still captured, so the payment is spent and not presented again",
    async (place) => {
      const { seller, purse, buy } = await start({ place, track });
      seller.failNext(500);
      expect((await buy(seller.url)).status).toBe(500);
      expect(purse.unspent()).toEqual([]);
      expect((await buy(seller.url)).status).toBe(200);
      expect((await paidRaw()).length).toBe(2);
    },
  );
});

test("a server with v2 off is none for a stock v2 client, which then pays nothing", async () => {
  const { seller, buy } = await start({ track: "nanoTxn", args: { supportedVersions: { x402v1: true } } });
  await expect(buy(seller.url)).rejects.toThrow();
  expect([await paidRaw(), seller.handlerRuns()]).toEqual([[], 0]);
});
