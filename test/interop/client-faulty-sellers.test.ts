import { wrapFetchWithPayment, x402Client } from "@x402/fetch";
import { afterEach, describe, expect, test } from "vitest";
import {
  createPurse,
  ExactNanoScheme,
  NanoError,
  type Purse,
  type PurseOptions,
  registerExactNanoScheme,
} from "x402-nano/client";
import type { Ledger } from "x402-nano/rpc";
import { bytesToHex, hexToBytes, xno } from "../../src/nano/index.js";
import type { Track } from "../../src/protocol/index.js";
import { type FakeSeller, type SellerAct, startFakeSeller } from "../support/fake-seller.js";
import { startWorld, type World } from "../support/world.js";

const SECRET_KEY = bytesToHex(hexToBytes("9b".repeat(32), 32));
const FUNDS = xno("5");
const PRICE = xno("0.001");

let world: World;
afterEach(() => world.close());

interface Buyer {
  readonly purse: Purse;
  readonly seller: FakeSeller;
  readonly buy: ReturnType<typeof wrapFetchWithPayment>;
  /** What has left the account, in payments of the price; Track A's extra raw is left out. */
  paidTimes(): Promise<number>;
}

async function startBuyer(
  setup: {
    tracks?: readonly Track[];
    prefer?: Track;
    options?: Partial<PurseOptions>;
    wrapLedger?: (ledger: Ledger) => Ledger;
  } = {},
): Promise<Buyer> {
  const { tracks = ["nanoTxn", "nanoSignature"], prefer, options, wrapLedger } = setup;
  world = await startWorld();
  const { ledger, dev, clock } = world;
  await dev.fundAccount({ secretKey: SECRET_KEY, raw: FUNDS });
  const seller = await startFakeSeller({ ledger, clock, tracks, priceRaw: PRICE });
  const purse = await createPurse({
    secretKey: SECRET_KEY,
    ledger: wrapLedger?.(ledger) ?? ledger,
    workThresholds: dev.workThresholds,
    clock,
    ...options,
  });
  world.onClose(() => seller.close());
  world.onClose(() => purse.close());
  const client = new x402Client();
  if (prefer === undefined) client.register("nano:mainnet", new ExactNanoScheme(purse));
  else registerExactNanoScheme(client, { purse, prefer });
  return {
    purse,
    seller,
    buy: wrapFetchWithPayment(fetch, client),
    paidTimes: async () => Number((FUNDS - (await purse.balance()).balanceRaw) / PRICE),
  };
}

/** Long enough that what is in flight counts as lost. */
const forgetFlights = (): void => world.clock.advanceSeconds(31);

const FAULTS: readonly { act: SellerAct; status?: number }[] = [
  { act: "error500", status: 500 },
  { act: "again", status: 402 },
  { act: "unsettled", status: 402 },
  { act: "reset" },
];

describe.each<Track>(["nanoTxn", "nanoSignature"])("stock fetch, %s", (track) => {
  test.each(FAULTS)("$act, three times: one payment, and one response for it", async ({ act, status }) => {
    const { seller, buy, purse, paidTimes } = await startBuyer({ prefer: track });
    for (let attempt = 0; attempt < 3; attempt += 1) {
      seller.script.push(act);
      const response = await buy(seller.url).catch(() => undefined);
      expect(response?.status).toBe(status);
      forgetFlights();
    }
    expect(purse.unspent()).toHaveLength(1);
    const response = await buy(seller.url);
    expect(response.status).toBe(200);
    expect(await paidTimes()).toBe(1);
    expect(seller.redeemed).toHaveLength(1);
    expect(new Set(seller.presented).size).toBe(1);
    expect(purse.unspent()).toEqual([]);

    expect((await buy(seller.url)).status).toBe(200);
    expect(await paidTimes()).toBe(2);
    expect(seller.redeemed).toHaveLength(2);
  });

  test("one response after the other, each for one payment", async () => {
    const { seller, buy, purse, paidTimes } = await startBuyer({ tracks: [track] });
    for (let count = 1; count <= 3; count += 1) {
      expect((await buy(seller.url)).status).toBe(200);
      expect(await paidTimes()).toBe(count);
    }
    expect(purse.unspent()).toEqual([]);
    expect(new Set(seller.redeemed).size).toBe(3);
  });

  test("parallel purchases: as many as the day's limit covers, the others hear of the limit", async () => {
    const { seller, buy, paidTimes } = await startBuyer({ tracks: [track], options: { maxPerDay: 5n * PRICE } });
    const calls = Array.from({ length: 12 }, (_, index) => buy(`${seller.url}/${String(index % 6)}`));
    const results = await Promise.allSettled(calls);
    const statuses = results.flatMap((result) => (result.status === "fulfilled" ? [result.value.status] : []));
    const failures = results.flatMap((result) => (result.status === "rejected" ? [String(result.reason)] : []));
    expect(statuses).toEqual([200, 200, 200, 200, 200]);
    expect(failures).toHaveLength(7);
    for (const failure of failures) expect(failure).toContain("daily limit");
    expect(await paidTimes()).toBe(5);
    expect(seller.redeemed).toHaveLength(5);
  });
});

test("Track A settled and the connection lost: claimed through Track B, where the seller redeems it only once", async () => {
  const { seller, buy, purse, paidTimes } = await startBuyer({ prefer: "nanoTxn" });
  seller.script.push("settleAndReset");
  await expect(buy(seller.url)).rejects.toThrow();
  forgetFlights();
  const claim = await buy(seller.url);
  expect(claim.status).toBe(402);
  expect(seller.presented[1]).toBe(seller.presented[0]);
  expect(purse.unspent()).toMatchObject([{ lastReason: "duplicate_block_hash", isInFlight: false }]);
  expect((await buy(seller.url)).status).toBe(402);
  expect(await paidTimes()).toBe(1);

  await purse.writeOff(purse.unspent()[0]?.hash ?? "");
  expect((await buy(seller.url)).status).toBe(200);
  expect(await paidTimes()).toBe(2);
});

test("a seller that keeps the block and broadcasts it later, unredeemed: the payer claims it, and pays nothing more", async () => {
  const { seller, buy, paidTimes } = await startBuyer({ prefer: "nanoTxn" });
  seller.script.push("error500");
  expect((await buy(seller.url)).status).toBe(500);
  const [kept] = seller.blocks;
  if (kept === undefined) throw new TypeError("no block was presented");
  await world.ledger.process(kept, "send");
  const lateTrackA = await buy(seller.url).catch((error: unknown) => error);
  expect(String(lateTrackA)).toContain("only a nanoSignature offer can claim it");
  expect((await buy(seller.url)).status).toBe(200);
  expect(await paidTimes()).toBe(1);
});

test("a seller that served and kept the block: the purse settles it before it signs another", async () => {
  const { seller, buy, paidTimes, purse } = await startBuyer({ prefer: "nanoTxn" });
  seller.script.push("serveUnsettled");
  expect((await buy(seller.url)).status).toBe(200);
  expect(await paidTimes()).toBe(0);
  expect((await buy(seller.url)).status).toBe(200);
  expect(new Set(seller.presented).size).toBe(2);
  expect(await paidTimes()).toBe(2);
  expect(purse.spentTodayRaw()).toBe(2n * PRICE);
});

test("a proof that the host made and did not send is what pays the next time", async () => {
  const { seller, buy, paidTimes } = await startBuyer({ tracks: ["nanoSignature"] });
  const header = { headers: { "PAYMENT-SIGNATURE": "not a payment" } };
  await expect(buy(seller.url, header)).rejects.toThrow("Payment already attempted");
  expect(await paidTimes()).toBe(1);
  forgetFlights();
  expect((await buy(seller.url)).status).toBe(200);
  expect(await paidTimes()).toBe(1);
});

test("wrapped twice: the outer layer presents what the inner one paid", async () => {
  const { seller, buy, purse, paidTimes } = await startBuyer({ tracks: ["nanoSignature"] });
  const outer = wrapFetchWithPayment(buy, new x402Client().register("nano:mainnet", new ExactNanoScheme(purse)));
  seller.script.push("again");
  expect((await outer(seller.url)).status).toBe(200);
  expect(new Set(seller.presented).size).toBe(1);
  expect(await paidTimes()).toBe(1);
});

test("the node goes away for a while: nothing is signed, then the purchase completes", async () => {
  let isAway = true;
  const wrapLedger = (ledger: Ledger): Ledger => ({
    ...ledger,
    accountInfo: (account, call) =>
      isAway ? Promise.reject(new NanoError("ledger_unavailable")) : ledger.accountInfo(account, call),
  });
  const { seller, buy, purse, paidTimes } = await startBuyer({ tracks: ["nanoTxn"], wrapLedger });
  await expect(buy(seller.url)).rejects.toThrow("could not be asked");
  expect(seller.presented).toEqual([]);
  expect(purse.spentTodayRaw()).toBe(0n);
  isAway = false;
  expect((await buy(seller.url)).status).toBe(200);
  expect(await paidTimes()).toBe(1);
});
