import { wrapFetchWithPayment, x402Client } from "@x402/fetch";
import { afterEach, describe, expect, test } from "vitest";
import { createPurse, type Purse, type PurseOptions, registerExactNanoScheme, type Track } from "x402-nano/client";
import { parseAddress, xno } from "../../src/nano/index.js";
import { startSeller } from "../support/sellers.js";
import { PAY_TO, startWorld, type World, type WorldOptions } from "../support/world.js";

const PRICE = xno("0.001");
const TRACKS: Track[] = ["nanoTxn", "nanoSignature"];

let world: World;
afterEach(() => world.close());

async function start(worldOptions: WorldOptions, prefer: Track, purseOptions: Partial<PurseOptions> = {}) {
  world = await startWorld(worldOptions);
  const { dev, clock } = world;
  const seller = await startSeller(world);
  const purse = await createPurse({
    seed: "3c".repeat(32),
    rpcUrls: dev.rpcUrl,
    workThresholds: dev.workThresholds,
    clock,
    ...purseOptions,
  });
  world.onClose(() => purse.close());
  await dev.fund(purse.address, xno("2"));
  return { seller, purse, buy: buyerOf(purse, prefer) };
}

function buyerOf(purse: Purse, prefer: Track): ReturnType<typeof wrapFetchWithPayment> {
  return wrapFetchWithPayment(fetch, registerExactNanoScheme(new x402Client(), { purse, prefer }));
}

async function paymentsReceived(): Promise<number> {
  return (await world.ledger.receivable(parseAddress(PAY_TO))).length;
}

describe.each(TRACKS)("%s", (track) => {
  test("20 calls at once, of which the day's limit covers 7: 7 served, 7 sends", async () => {
    const { seller, buy, purse } = await start({ dev: { confirmAfterMs: 5 } }, track, { maxPerDay: 7n * PRICE });
    const results = await Promise.allSettled(Array.from({ length: 20 }, () => buy(seller.url)));
    const statuses = results.flatMap((result) => (result.status === "fulfilled" ? [result.value.status] : []));
    expect(statuses).toEqual(Array.from({ length: 7 }, () => 200));
    for (const result of results) {
      if (result.status === "rejected") expect(String(result.reason)).toContain("daily limit");
    }
    expect(seller.handlerRuns()).toBe(7);
    expect(await paymentsReceived()).toBe(7);
    expect(purse.unspent()).toEqual([]);
    expect(purse.spentTodayRaw()).toBe(7n * PRICE);
  });
});

test("two clients of one purse, each on its own track, share the chain", async () => {
  const { seller, buy, purse } = await start({ dev: { confirmAfterMs: 5 } }, "nanoTxn");
  const other = buyerOf(purse, "nanoSignature");
  const responses = await Promise.all([buy(seller.url), other(seller.url), buy(seller.url), other(seller.url)]);
  expect(responses.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  expect(await paymentsReceived()).toBe(4);
  expect(purse.unspent()).toEqual([]);
});

test("Track A pending, because the confirmation is late: claimed through Track B, not paid again", async () => {
  const { seller, buy, purse } = await start(
    { dev: { confirm: "never" }, engine: { confirmationTimeoutSeconds: 0.05 } },
    "nanoTxn",
    { confirmSeconds: 0.05 },
  );
  world.dev.confirmAll();
  await purse.receive();
  world.dev.confirmAll();
  const pending = await buy(seller.url);
  expect(pending.status).toBe(402);
  expect(purse.unspent()).toMatchObject([{ track: "nanoTxn", lastReason: "settlement_pending", isInFlight: false }]);
  world.dev.confirmAll();
  const claimed = await buy(seller.url);
  expect(claimed.status).toBe(200);
  expect(await paymentsReceived()).toBe(1);
  expect(purse.unspent()).toEqual([]);
});
