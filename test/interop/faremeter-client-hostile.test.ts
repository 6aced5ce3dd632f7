import { WrappedFetchError } from "@faremeter/fetch";
import { afterEach, describe, expect, test } from "vitest";
import { isNanoError } from "x402-nano/client";
import { xno } from "../../src/nano/index.js";
import { decodeHeader, encodeHeader, TRACKS, type Track } from "../../src/protocol/index.js";
import type { PurseOptions } from "../../src/purse/index.js";
import { openFaremeterBuyer, paymentsReceived } from "../support/faremeter-clients.js";
import type { Offer } from "../support/hand-payer.js";
import { offersOf, PRICE_RAW } from "../support/offers.js";
import { OTHER_PAY_TO } from "../support/purse-world.js";
import { startWorld, type World } from "../support/world.js";

/** Sellers that take the money and do what they like: a call of the stock client costs one payment at most. */

const URL_A = "http://seller.test/weather";
const OTHER_BLOCK = "CD".repeat(32);

let world: World;
afterEach(() => world.close());

interface Hostile {
  readonly version: 1 | 2;
  /** The offers of one more 402; `count` starts at 1. */
  readonly offers: (count: number) => readonly Offer[];
  /** The answer to a payment; undefined for one more 402. */
  readonly answer?: (hash: string) => Response | undefined;
}

async function start(track: Track, { version, offers, answer }: Hostile, options: Partial<PurseOptions> = {}) {
  let count = 0;
  const payloads: Record<string, unknown>[] = [];
  const seller: typeof globalThis.fetch = async (input, init) => {
    const { headers } = new Request(input, init);
    const header = headers.get("PAYMENT-SIGNATURE") ?? headers.get("X-PAYMENT");
    if (header !== null) {
      const payload = decodeHeader(header)["payload"] as Record<string, unknown>;
      payloads.push(payload);
      const response = answer?.(String(payload["blockHash"] ?? ""));
      if (response !== undefined) return response;
    }
    count += 1;
    const accepts = offers(count);
    if (version === 2) {
      const required = { x402Version: 2, resource: { url: URL_A }, accepts, error: "no" };
      return new Response(null, { status: 402, headers: { "PAYMENT-REQUIRED": encodeHeader(required) } });
    }
    const old = accepts.map(({ amount, ...entry }) => ({
      ...entry,
      maxAmountRequired: amount,
      resource: URL_A,
      description: "",
    }));
    return Response.json({ x402Version: 1, accepts: old, error: "no" }, { status: 402 });
  };
  const { buyer, handler, purse } = await openFaremeterBuyer(world, { prefer: track, purse: options });
  const buy = buyer(handler.watch(seller));
  return {
    purse,
    payloads,
    /** The error, or the status. */
    ask: async (): Promise<unknown> =>
      buy(URL_A).then(
        ({ status }) => status,
        (error: unknown) => error,
      ),
    /** How many different payments the seller was shown. */
    shown: () =>
      new Set(
        payloads.map(({ block, blockHash }) => (block as { signature: string } | undefined)?.signature ?? blockHash),
      ).size,
  };
}

const both = (deal: Parameters<typeof offersOf>[1] = {}): readonly Offer[] => Object.values(offersOf(world, deal));
const settlement = (fields: object): Response =>
  new Response("{}", {
    headers: { "PAYMENT-RESPONSE": encodeHeader(fields), "X-PAYMENT-RESPONSE": encodeHeader(fields) },
  });

describe.each([1, 2] as const)("v%i", (version) => {
  describe.each(TRACKS)("%s", (track) => {
    const isTrackB = track === "nanoSignature";

    test("402 for ever, each with a nonce of its own: one payment, however often it is called", async () => {
      world = await startWorld();
      const { ask, purse, payloads, shown } = await start(track, { version, offers: () => both() });
      for (const _call of [1, 2]) expect(await ask()).toBeInstanceOf(WrappedFetchError);
      expect([payloads.length, shown(), purse.unspent().length]).toEqual([6, 1, 1]);
      expect(new Set(payloads.map(({ nonce }) => nonce)).size).toBe(isTrackB ? 6 : 1);
      expect(await paymentsReceived(world)).toBe(isTrackB ? 1 : 0);
      expect(purse.spentTodayRaw()).toBe(PRICE_RAW);
    });

    test.each<[string, (count: number) => readonly Offer[]]>([
      ["another price", (count) => both({ amountRaw: PRICE_RAW + BigInt(count) * 10n })],
      ["a lower price", (count) => both({ amountRaw: PRICE_RAW - BigInt(count) * 10n })],
      ["another account", (count) => both(count > 2 ? { payTo: OTHER_PAY_TO } : {})],
    ])("402 for ever, each with %s: one payment, and an error that names it", async (_what, offers) => {
      world = await startWorld();
      const { ask, purse, shown } = await start(track, { version, offers });
      const errors = [await ask(), await ask()];
      const [kept] = purse.unspent();
      expect([shown(), purse.unspent().length]).toEqual([1, 1]);
      const expected = { code: "payment_unresolved", facts: { hash: kept?.hash } };
      expect(errors).toMatchObject([expected, expected]);
    });

    test("a price above the limit, asked after an honest one", async () => {
      world = await startWorld();
      const offers = (count: number): readonly Offer[] => both({ amountRaw: count === 1 ? PRICE_RAW : xno("0.2") });
      const { ask, purse, shown } = await start(track, { version, offers });
      expect(isNanoError(await ask())).toBe(true);
      expect([shown(), purse.spentTodayRaw()]).toEqual([1, PRICE_RAW]);
    });

    test("a price above the limit from the start: nothing is signed or sent", async () => {
      world = await startWorld();
      const { ask, purse, payloads } = await start(track, { version, offers: () => both({ amountRaw: xno("0.2") }) });
      expect(await ask()).toMatchObject({ code: "limit_per_payment" });
      expect([payloads, purse.unspent(), purse.spentTodayRaw()]).toEqual([[], [], 0n]);
    });

    test("expired offers: nothing is signed or sent", async () => {
      world = await startWorld();
      const offers = (): readonly Offer[] => both({ nowSeconds: Math.floor(world.clock() / 1000) - 120 });
      const { ask, purse, payloads } = await start(track, { version, offers });
      expect(await ask()).toMatchObject({ code: "deadline_exceeded" });
      expect([payloads, purse.unspent(), purse.spentTodayRaw()]).toEqual([[], [], 0n]);
    });

    test.each<[string, () => Response, string]>([
      ["200 without a settlement", () => new Response("sunny"), "no_settlement"],
      [
        "200 with an unreadable one",
        () => new Response("", { headers: { "PAYMENT-RESPONSE": "%%" } }),
        "unreadable_settlement",
      ],
      [
        "success, it says, of another block",
        () => settlement({ success: true, transaction: OTHER_BLOCK, network: "nano:mainnet" }),
        "settlement_of_another_block",
      ],
      [
        "a reason of ten thousand letters",
        () => settlement({ success: false, transaction: "", network: "nano:mainnet", errorReason: "x".repeat(10_000) }),
        "x".repeat(120),
      ],
    ])("%s: the payment is kept, and shown again", async (_what, answer, lastReason) => {
      world = await startWorld();
      const { ask, purse, shown } = await start(track, { version, offers: () => both(), answer });
      for (const _call of [1, 2]) expect(await ask()).toBe(200);
      expect(shown()).toBe(1);
      expect(purse.unspent()).toMatchObject([{ presented: 2, lastReason, isInFlight: false }]);
    });

    test("a 402 whose settlement claims success for another block", async () => {
      world = await startWorld();
      const answer = (): Response => {
        const { headers } = settlement({ success: true, transaction: OTHER_BLOCK, network: "nano:mainnet" });
        const required = { x402Version: 2, resource: { url: URL_A }, accepts: both() };
        headers.set("PAYMENT-REQUIRED", encodeHeader(required));
        return new Response(null, { status: 402, headers });
      };
      const { ask, purse, shown } = await start(track, { version, offers: () => both(), answer });
      expect(await ask()).toBeInstanceOf(WrappedFetchError);
      expect(shown()).toBe(1);
      expect(purse.unspent()).toMatchObject([{ presented: 3, lastReason: "settlement_of_another_block" }]);
    });
  });
});
