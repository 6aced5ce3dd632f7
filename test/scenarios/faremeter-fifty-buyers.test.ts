import { afterEach, describe, expect, test } from "vitest";
import { TRACKS } from "../../src/protocol/index.js";
import { type FaremeterBuyer, openFaremeterBuyer, paymentsReceived } from "../support/faremeter-clients.js";
import { type FaremeterPlace, startFaremeterSeller } from "../support/faremeter-sellers.js";
import { startWorld, type World } from "../support/world.js";

/** Issue 5: 50 buyers at once, each with the stock client, and every purchase pays once. */

const COUNT = 50;
const PLACES: readonly FaremeterPlace[] = ["express 5", "remote cached"];

let world: World;
afterEach(() => world.close());

/** A buyer with a seed of its own; they take turns with the tracks. */
function openBuyer(index: number): Promise<FaremeterBuyer> {
  const prefer = TRACKS[index % TRACKS.length];
  return openFaremeterBuyer(world, {
    ...(prefer === undefined ? {} : { prefer }),
    seed: (index + 1).toString(16).padStart(64, "0"),
    purse: { ledger: world.ledger, rpcUrls: undefined },
  });
}

const many = <Made>(make: (index: number) => Promise<Made>): Promise<Made[]> =>
  Promise.all(Array.from({ length: COUNT }, (_, index) => make(index)));

describe.each(PLACES)("%s", (place) => {
  test("50 purses, both tracks: 50 responses, 50 payments, and nothing is left over", async () => {
    world = await startWorld();
    const seller = await startFaremeterSeller(world, { place });
    const buyers = await many(openBuyer);
    const responses = await Promise.all(buyers.map(({ buyer }) => buyer()(seller.url)));
    expect(responses.map(({ status }) => status)).toEqual(Array(COUNT).fill(200));
    expect([seller.handlerRuns(), await paymentsReceived(world)]).toEqual([COUNT, COUNT]);
    expect(buyers.flatMap(({ purse }) => purse.unspent())).toEqual([]);
  });
});

describe("one purse", () => {
  /** One price per URL, 50 of them, within the day's limit. */
  const openOne = () => openFaremeterBuyer(world, { purse: { ledger: world.ledger, rpcUrls: undefined } });

  test.each(["hono", "remote uncached"] as const)("50 URLs at once, %s", async (place) => {
    world = await startWorld();
    const seller = await startFaremeterSeller(world, { place });
    const { buyer, purse } = await openOne();
    const buy = buyer();
    const responses = await many((index) => buy(`${seller.url}?city=${String(index)}`));
    expect(responses.map(({ status }) => status)).toEqual(Array(COUNT).fill(200));
    expect([seller.handlerRuns(), await paymentsReceived(world), purse.unspent()]).toEqual([COUNT, COUNT, []]);
  });

  test("one URL 50 times at once: one after the other, each call with a payment of its own", async () => {
    world = await startWorld();
    const seller = await startFaremeterSeller(world, { place: "hono" });
    const { buyer, purse } = await openOne();
    const buy = buyer();
    const responses = await many(() => buy(seller.url));
    expect(responses.map(({ status }) => status)).toEqual(Array(COUNT).fill(200));
    expect([seller.handlerRuns(), await paymentsReceived(world), purse.unspent()]).toEqual([COUNT, COUNT, []]);
  });
});
