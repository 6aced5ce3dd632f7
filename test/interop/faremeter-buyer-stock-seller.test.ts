import { WrappedFetchError } from "@faremeter/fetch";
import { afterEach, describe, expect, test } from "vitest";
import type { Track } from "x402-nano/client";
import { decodeHeader } from "../../src/protocol/index.js";
import { openFaremeterBuyer, paymentsReceived } from "../support/faremeter-clients.js";
import { type SellerHost, type SellerOptions, startSeller } from "../support/sellers.js";
import { startWorld, type World } from "../support/world.js";

/** UPSTREAM 3.11: Faremeter's client against stock x402 servers; what it has to offer them is x402 version 2. */

const TRACKS: readonly Track[] = ["nanoTxn", "nanoSignature"];
const HOSTS: readonly SellerHost[] = ["express", "hono"];

let world: World;
afterEach(() => world.close());

async function start(prefer: Track, options: SellerOptions) {
  world = await startWorld();
  const seller = await startSeller(world, options);
  const { buyer, ...rest } = await openFaremeterBuyer(world, { prefer });
  return { seller, buy: buyer(), buyer, ...rest, paid: () => paymentsReceived(world) };
}

describe.each(HOSTS)("@x402/%s", (host) => {
  describe.each(TRACKS)("%s", (prefer) => {
    test.each(["http", "in-process"] as const)("facilitator %s: two purchases, two payments", async (facilitator) => {
      const { seller, buy, purse, paid } = await start(prefer, { host, facilitator });
      for (const count of [1, 2]) {
        const response = await buy(seller.url);
        expect([response.status, await response.json()]).toEqual([200, { weather: "sunny" }]);
        const settlement = decodeHeader(response.headers.get("PAYMENT-RESPONSE") ?? "");
        expect(settlement).toMatchObject({ success: true, transaction: expect.stringMatching(/^[0-9A-F]{64}$/) });
        expect([seller.handlerRuns(), await paid()]).toEqual([count, count]);
      }
      expect(purse.unspent()).toEqual([]);
    });

    test("a handler that fails leaves the payment unspent, and the next call uses it", async () => {
      const { seller, buy, purse, paid } = await start(prefer, { host });
      seller.failNext(500);
      expect((await buy(seller.url)).status).toBe(500);
      expect(purse.unspent()).toMatchObject([{ lastReason: "no_settlement", isInFlight: false }]);
      expect((await buy(seller.url)).status).toBe(200);
      // Track A: nothing was broadcast for the response that failed.
      expect([seller.handlerRuns(), await paid(), purse.unspent()]).toEqual([2, 1, []]);
    });

    test.each(["before", "after"] as const)(
      "an answer to settle that is lost %s it: the same call is served",
      async (when) => {
        const { seller, buy, purse, paid } = await start(prefer, { host });
        seller.loseSettleAnswers(when);
        expect((await buy(seller.url)).status).toBe(200);
        expect([await paid(), purse.unspent()]).toEqual([1, []]);
      },
    );

    test("a refusal says why, and the payment is presented again", async () => {
      const { seller, buy, purse, paid } = await start(prefer, { host });
      // A node that knows nothing of the payment, or of its previous: an outage for three tries.
      seller.loseSettleAnswers("before", "before", "before", "before", "before", "before");
      const failure = await buy(seller.url).catch((error: unknown) => error);
      if (!(failure instanceof WrappedFetchError)) throw failure;
      expect(failure.response.status).toBe(402);
      const settlement = decodeHeader(failure.response.headers.get("PAYMENT-RESPONSE") ?? "");
      expect(settlement).toMatchObject({ success: false, errorReason: expect.any(String) });
      expect(purse.unspent()).toMatchObject([
        { lastReason: settlement["errorReason"], presented: 3, isInFlight: false },
      ]);
      expect((await buy(seller.url)).status).toBe(200);
      expect([await paid(), purse.unspent()]).toEqual([1, []]);
    });
  });

  test.each(TRACKS)("%s: a refused verification's reason reaches the purse, from the 402", async (prefer) => {
    const { seller, buyer, purse, paid } = await start(prefer, { host });
    const lateFetch: typeof globalThis.fetch = async (input, init) => {
      if (new Headers(init?.headers).has("PAYMENT-SIGNATURE")) world.clock.advanceSeconds(70);
      return fetch(input, init);
    };
    const tooLate = await buyer(lateFetch, { retryCount: 0, returnPaymentFailure: true })(seller.url);
    expect(tooLate.status).toBe(402);
    expect(purse.unspent()).toMatchObject([{ lastReason: "payment_expired", isInFlight: false }]);
    expect((await buyer()(seller.url)).status).toBe(200);
    expect([seller.handlerRuns(), await paid(), purse.unspent()]).toEqual([1, 1, []]);
  });
});
