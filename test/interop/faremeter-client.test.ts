import { WrappedFetchError } from "@faremeter/fetch";
import { afterEach, describe, expect, test } from "vitest";
import type { Track } from "x402-nano/client";
import { decodeHeader } from "../../src/protocol/index.js";
import { openFaremeterBuyer, paymentsReceived } from "../support/faremeter-clients.js";
import { startFacilitatorRouter, startFaremeterSeller } from "../support/faremeter-sellers.js";
import { startWorld, type World } from "../support/world.js";

/** UPSTREAM 3.8: the stock client retries twice and would pay each time; it has no limits and tells no outcome. */

const TRACKS: readonly Track[] = ["nanoTxn", "nanoSignature"];
let world: World;
afterEach(() => world.close());

/** Answers `status` instead of the next `times` settlements; the facilitator never hears of them. */
async function startFailingSeller(times: number, status = 503) {
  let left = times;
  const facilitatorUrl = await startFacilitatorRouter(world, async (request, answer) => {
    if (left === 0 || !request.url.endsWith("/settle")) return answer();
    left -= 1;
    return Response.json(
      { success: false, errorReason: "facilitator_unavailable", transaction: "", network: "nano:mainnet" },
      { status },
    );
  });
  return startFaremeterSeller(world, { place: "remote uncached", facilitatorUrl });
}

describe.each([1, 2] as const)("v%i", (version) => {
  describe.each(TRACKS)("%s", (prefer) => {
    test("three purchases of one resource, one after the other: three payments, and nothing is left over", async () => {
      world = await startWorld();
      const args = { supportedVersions: { x402v1: version === 1, x402v2: version === 2 } };
      const seller = await startFaremeterSeller(world, { args });
      const { buyer, purse } = await openFaremeterBuyer(world, { prefer });
      for (const _purchase of [1, 2, 3]) expect((await buyer()(seller.url)).status).toBe(200);
      expect(seller.handlerRuns()).toBe(3);
      expect(await paymentsReceived(world)).toBe(3);
      expect(purse.unspent()).toEqual([]);
    });
  });
});

describe.each(TRACKS)("%s", (prefer) => {
  test("a settlement that fails twice: the client asks three times and pays once", async () => {
    world = await startWorld();
    const seller = await startFailingSeller(2);
    const { buyer, purse } = await openFaremeterBuyer(world, { prefer });
    expect((await buyer()(seller.url)).status).toBe(200);
    expect(seller.handlerRuns()).toBe(1);
    expect(await paymentsReceived(world)).toBe(1);
    expect(purse.unspent()).toEqual([]);
  });

  test("a seller that refuses for ever gets one payment, and the next purchase presents it again", async () => {
    world = await startWorld();
    const seller = await startFailingSeller(3);
    const { buyer, purse } = await openFaremeterBuyer(world, { prefer });
    const failure = await buyer()(seller.url).catch((error: unknown) => error);
    if (!(failure instanceof WrappedFetchError)) throw failure;
    const settlement = decodeHeader(failure.response.headers.get("PAYMENT-RESPONSE") ?? "");
    expect(settlement).toMatchObject({ success: false, errorReason: "facilitator_unavailable" });
    expect(purse.unspent()).toMatchObject([{ presented: 3, lastReason: "facilitator_unavailable", isInFlight: false }]);
    expect((await buyer()(seller.url)).status).toBe(200);
    expect(await paymentsReceived(world)).toBe(1);
    expect(purse.unspent()).toEqual([]);
  });
});
