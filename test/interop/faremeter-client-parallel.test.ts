import { wrap } from "@faremeter/fetch";
import { afterEach, describe, expect, test } from "vitest";
import { createPaymentHandler } from "x402-nano/faremeter";
import { TRACKS } from "../../src/protocol/index.js";
import { openFaremeterBuyer, paymentsReceived } from "../support/faremeter-clients.js";
import { startFacilitatorRouter, startFaremeterSeller } from "../support/faremeter-sellers.js";
import { startWorld, type World } from "../support/world.js";

/** Calls that run at the same time: the stock client knows nothing of its own other calls. */

let world: World;
afterEach(() => world.close());

/** A held answer to the next settle. */
function gate() {
  let open = (): void => undefined;
  let arrive = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  const arrived = new Promise<void>((resolve) => {
    arrive = resolve;
  });
  return { open, arrive, opened, arrived };
}

describe.each(TRACKS)("%s", (prefer) => {
  test("20 calls of one URL, and the day's limit is good for seven: seven are served, the others hear of the limit", async () => {
    world = await startWorld();
    const seller = await startFaremeterSeller(world);
    const { buyer, purse } = await openFaremeterBuyer(world, { prefer, purse: { maxPerDay: "0.007 XNO" } });
    const buy = buyer();
    const results = await Promise.allSettled(Array.from({ length: 20 }, () => buy(seller.url)));
    const served = results.filter((result) => result.status === "fulfilled");
    const refused = results.filter((result) => result.status === "rejected");
    expect(served.map(({ value }) => value.status)).toEqual(Array(7).fill(200));
    expect(refused.map(({ reason }: { reason: { code?: string } }) => reason.code)).toEqual(
      Array(13).fill("limit_per_day"),
    );
    expect([seller.handlerRuns(), await paymentsReceived(world), purse.unspent()]).toEqual([7, 7, []]);
  });

  test("20 calls of 20 URLs under the same limit", async () => {
    world = await startWorld();
    const seller = await startFaremeterSeller(world);
    const { buyer, purse } = await openFaremeterBuyer(world, { prefer, purse: { maxPerDay: "0.007 XNO" } });
    const buy = buyer();
    const calls = Array.from({ length: 20 }, (_, index) => buy(`${seller.url}?city=${String(index)}`));
    const results = await Promise.allSettled(calls);
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(7);
    expect([seller.handlerRuns(), await paymentsReceived(world), purse.unspent()]).toEqual([7, 7, []]);
  });

  test("two URLs at once, one of which is settled late: the other does not wait for it", async () => {
    world = await startWorld();
    const { open, arrive, opened, arrived } = gate();
    let isFirst = true;
    const facilitatorUrl = await startFacilitatorRouter(world, async (request, answer) => {
      const response = await answer();
      if (!isFirst || !request.url.endsWith("/settle")) return response;
      isFirst = false;
      arrive();
      await opened;
      return response;
    });
    const seller = await startFaremeterSeller(world, { place: "remote uncached", facilitatorUrl });
    const { buyer, purse } = await openFaremeterBuyer(world, { prefer });
    const buy = buyer();
    const late = buy(`${seller.url}?city=a`);
    await arrived;
    expect((await buy(`${seller.url}?city=b`)).status).toBe(200);
    expect(purse.unspent()).toMatchObject([{ isInFlight: true }]);
    open();
    expect((await late).status).toBe(200);
    expect([seller.handlerRuns(), await paymentsReceived(world), purse.unspent()]).toEqual([2, 2, []]);
  });

  test("two buyers in one process: each hears of its own payments alone", async () => {
    world = await startWorld();
    const seller = await startFaremeterSeller(world);
    const first = await openFaremeterBuyer(world, { prefer });
    const second = await openFaremeterBuyer(world, { prefer, seed: "4d".repeat(32) });
    const calls = [first, second, first, second].map(({ buyer }) => buyer()(seller.url));
    for (const call of calls) expect((await call).status).toBe(200);
    expect([seller.handlerRuns(), await paymentsReceived(world)]).toEqual([4, 4]);
    expect([first.purse.unspent(), second.purse.unspent()]).toEqual([[], []]);
  });

  test("two handlers on one purse, one URL: each call pays once", async () => {
    world = await startWorld();
    const seller = await startFaremeterSeller(world);
    const { buyer, purse } = await openFaremeterBuyer(world, { prefer });
    const other = wrap(fetch, { handlers: [createPaymentHandler(purse, { prefer })], initialRetryDelay: 0 });
    const calls = [buyer()(seller.url), other(seller.url), buyer()(seller.url), other(seller.url)];
    for (const call of calls) expect((await call).status).toBe(200);
    expect([seller.handlerRuns(), await paymentsReceived(world), purse.unspent()]).toEqual([4, 4, []]);
  });
});
