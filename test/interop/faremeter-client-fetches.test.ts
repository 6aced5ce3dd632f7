import { channel } from "node:diagnostics_channel";
import { WrappedFetchError } from "@faremeter/fetch";
import { createMiddleware } from "@faremeter/middleware/hono";
import { Hono } from "hono";
import { fetch as undiciFetch } from "undici";
import { afterEach, describe, expect, test } from "vitest";
import type { Track } from "x402-nano/client";
import { createFacilitatorHandler, nanoPricing } from "x402-nano/faremeter";
import { type FakeSeller, startFakeSeller } from "../support/fake-seller.js";
import { openFaremeterBuyer, paymentsReceived } from "../support/faremeter-clients.js";
import { PRICE, startFacilitatorRouter, startFaremeterSeller } from "../support/faremeter-sellers.js";
import { PRICE_RAW } from "../support/offers.js";
import { PAY_TO, startWorld, type World } from "../support/world.js";

/** UPSTREAM 3.8: what a purchase costs with each kind of `fetch` under the stock client. */

const TRACKS: readonly Track[] = ["nanoTxn", "nanoSignature"];
const CHANNELS = ["undici:request:create", "undici:request:headers", "undici:request:error"];
const listeners = (): boolean[] => CHANNELS.map((name) => channel(name).hasSubscribers);

let world: World;
afterEach(() => world.close());

/** A stock server that no socket leads to: its `fetch` is called. `bodies` is what the handler got. */
async function openApp(version: 1 | 2 = 2) {
  const handler = createFacilitatorHandler(world.facilitatorOptions);
  world.onClose(() => handler.close());
  const bodies: string[] = [];
  const app = new Hono();
  app.use(
    await createMiddleware({
      x402Handlers: [handler],
      pricing: [nanoPricing({ payTo: PAY_TO, amount: PRICE })],
      supportedVersions: { x402v1: version === 1, x402v2: version === 2 },
    }),
  );
  app.all("*", async (context) => {
    bodies.push(`${context.req.method} ${await context.req.text()}`);
    return context.json({ weather: "sunny" });
  });
  const fetch: typeof globalThis.fetch = async (input, init) => app.fetch(new Request(input, init));
  return { url: "http://seller.test/weather", fetch, bodies };
}

describe.each([1, 2] as const)("v%i", (version) => {
  describe.each(TRACKS)("%s", (prefer) => {
    test("a fetch that never touches the network, watched: three purchases, three payments", async () => {
      world = await startWorld();
      const { url, fetch, bodies } = await openApp(version);
      const warnings: string[] = [];
      const { buyer, handler, purse } = await openFaremeterBuyer(world, {
        prefer,
        onWarning: (text) => warnings.push(text),
      });
      const buy = buyer(handler.watch(fetch));
      for (const _purchase of [1, 2, 3]) expect((await buy(url)).status).toBe(200);
      expect([bodies.length, await paymentsReceived(world)]).toEqual([3, 3]);
      expect([purse.unspent(), warnings]).toEqual([[], []]);
    });

    test("nobody hears of it: one payment, one warning, and each try presents it again", async () => {
      world = await startWorld();
      const { url, fetch, bodies } = await openApp(version);
      const warnings: string[] = [];
      const naps: number[] = [];
      const { buyer, purse, handler } = await openFaremeterBuyer(world, {
        prefer,
        onWarning: (text) => warnings.push(text),
        sleep: async (ms) => void naps.push(ms),
      });
      const before = listeners();
      expect((await buyer(fetch)(url)).status).toBe(200);
      expect(await buyer(fetch)(url).catch((error: unknown) => error)).toBeInstanceOf(WrappedFetchError);
      expect([bodies.length, await paymentsReceived(world)]).toEqual([1, 1]);
      expect(purse.unspent()).toMatchObject([{ presented: 4, lastReason: "unheard" }]);
      expect([naps, warnings]).toEqual([[1_000, 1_000, 1_000], [expect.stringContaining("handler.watch(fetch)")]]);
      const { hash = "" } = purse.unspent()[0] ?? {};
      expect(await purse.writeOff(hash)).toBe(true);
      expect((await buyer(fetch)(url)).status).toBe(200);
      expect([bodies.length, await paymentsReceived(world)]).toEqual([2, 2]);
      // Nothing is left that listens, once the handler is asked again.
      await handler({ request: url }, []);
      expect(listeners()).toEqual(before);
    });
  });
});

describe.each([
  ["Node's fetch", globalThis.fetch],
  ["undici's fetch", undiciFetch as unknown as typeof globalThis.fetch],
])("%s needs no watching", (_name, fetch) => {
  test("two purchases, and no subscriber of the channels is left", async () => {
    world = await startWorld();
    const before = listeners();
    const during: boolean[][] = [];
    const seller = await startFaremeterSeller(world);
    seller.onHandler(async () => void during.push(listeners()));
    const { buyer, purse } = await openFaremeterBuyer(world);
    for (const _purchase of [1, 2]) expect((await buyer(fetch)(seller.url)).status).toBe(200);
    expect([seller.handlerRuns(), await paymentsReceived(world), purse.unspent()]).toEqual([2, 2, []]);
    expect(during).toEqual([
      [true, true, true],
      [true, true, true],
    ]);
    expect(listeners()).toEqual(before);
  });

  test("watched all the same, it is heard twice and told once", async () => {
    world = await startWorld();
    const seller = await startFaremeterSeller(world);
    const { buyer, handler, purse } = await openFaremeterBuyer(world);
    for (const _purchase of [1, 2]) expect((await buyer(handler.watch(fetch))(seller.url)).status).toBe(200);
    expect([seller.handlerRuns(), await paymentsReceived(world), purse.unspent()]).toEqual([2, 2, []]);
  });
});

test("a fetch that repeats a request by itself, watched: only its last answer counts", async () => {
  world = await startWorld();
  let left = 1;
  const facilitatorUrl = await startFacilitatorRouter(world, async (request, answer) => {
    if (left === 0 || !request.url.endsWith("/settle")) return answer();
    left -= 1;
    return new Response("busy", { status: 503 });
  });
  const seller = await startFaremeterSeller(world, { place: "remote uncached", facilitatorUrl });
  const { buyer, handler, purse } = await openFaremeterBuyer(world);
  const persistent: typeof globalThis.fetch = async (input, init) => {
    const response = await fetch(input, init);
    return response.status >= 500 ? fetch(input, init) : response;
  };
  for (const _purchase of [1, 2]) expect((await buyer(handler.watch(persistent))(seller.url)).status).toBe(200);
  expect([seller.handlerRuns(), await paymentsReceived(world), purse.unspent()]).toEqual([2, 2, []]);
});

describe.each(TRACKS)("%s, the connection is lost", (prefer) => {
  async function startReset(): Promise<{ seller: FakeSeller; received: () => Promise<number> }> {
    world = await startWorld();
    const { ledger, clock } = world;
    const tracks: readonly Track[] = ["nanoTxn", "nanoSignature"];
    const seller = await startFakeSeller({ ledger, clock, tracks, priceRaw: PRICE_RAW });
    world.onClose(() => seller.close());
    return { seller, received: () => paymentsReceived(world) };
  }

  test("before the seller settled: the next call presents it again and is served", async () => {
    const { seller, received } = await startReset();
    const before = listeners();
    const { buyer, purse } = await openFaremeterBuyer(world, { prefer });
    seller.script.push("reset");
    await expect(buyer()(seller.url)).rejects.toThrow("fetch failed");
    expect(purse.unspent()).toMatchObject([{ lastReason: "no_answer", isInFlight: false }]);
    expect(listeners()).toEqual(before);
    expect((await buyer()(seller.url)).status).toBe(200);
    expect([seller.redeemed.length, await received(), purse.unspent()]).toEqual([1, 1, []]);
  });

  test("after the seller settled: it is presented again, refused as spent, and never paid anew", async () => {
    const { seller, received } = await startReset();
    const { buyer, purse } = await openFaremeterBuyer(world, { prefer });
    seller.script.push("settleAndReset");
    await expect(buyer()(seller.url)).rejects.toThrow("fetch failed");
    const refused = await buyer()(seller.url).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(WrappedFetchError);
    expect([seller.redeemed.length, await received()]).toEqual([1, 1]);
    expect(purse.unspent()).toMatchObject([{ presented: 4, lastReason: "duplicate_block_hash" }]);
  });

  test("because the caller gave up while the seller was settling: the next call presents it again", async () => {
    world = await startWorld();
    const giveUp = new AbortController();
    let hold: "settle" | "nothing" = "settle";
    const facilitatorUrl = await startFacilitatorRouter(world, async (request, answer) => {
      if (hold === "nothing" || !request.url.endsWith("/settle")) return answer();
      hold = "nothing";
      giveUp.abort();
      return new Response("busy", { status: 503 });
    });
    const seller = await startFaremeterSeller(world, { place: "remote uncached", facilitatorUrl });
    const { buyer, purse } = await openFaremeterBuyer(world, { prefer });
    await expect(buyer()(seller.url, { signal: giveUp.signal })).rejects.toThrow("abort");
    expect(purse.unspent()).toMatchObject([{ lastReason: "no_answer", isInFlight: false }]);
    expect((await buyer()(seller.url)).status).toBe(200);
    expect([seller.handlerRuns(), await paymentsReceived(world), purse.unspent()]).toEqual([1, 1, []]);
  });
});

describe("bodies", () => {
  test("a POST by (url, init) arrives whole, however often it is tried", async () => {
    world = await startWorld();
    const { url, fetch, bodies } = await openApp();
    const { buyer, handler } = await openFaremeterBuyer(world);
    const response = await buyer(handler.watch(fetch))(url, { method: "POST", body: "city=a" });
    expect([response.status, bodies, await paymentsReceived(world)]).toEqual([200, ["POST city=a"], 1]);
  });

  test("a Request without a body works, and so does a URL", async () => {
    world = await startWorld();
    const { url, fetch, bodies } = await openApp();
    const { buyer, handler } = await openFaremeterBuyer(world);
    const buy = buyer(handler.watch(fetch));
    expect((await buy(new Request(url))).status).toBe(200);
    expect((await buy(new URL(url))).status).toBe(200);
    expect([bodies.length, await paymentsReceived(world)]).toEqual([2, 2]);
  });

  test("a Request with a body cannot be sent twice: it is paid, not sent, and the next call uses the payment", async () => {
    world = await startWorld();
    const { url, fetch, bodies } = await openApp();
    const { buyer, handler, purse } = await openFaremeterBuyer(world);
    const buy = buyer(handler.watch(fetch));
    await expect(buy(new Request(url, { method: "POST", body: "city=a" }))).rejects.toThrow(TypeError);
    expect(bodies).toEqual([]);
    expect(purse.unspent()).toHaveLength(1);
    expect((await buy(url, { method: "POST", body: "city=a" })).status).toBe(200);
    expect([bodies, await paymentsReceived(world), purse.unspent()]).toEqual([["POST city=a"], 1, []]);
  });
});
