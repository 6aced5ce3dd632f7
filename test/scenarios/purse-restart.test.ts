import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { wrapFetchWithPayment, x402Client } from "@x402/fetch";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createPurse, type Purse, type PurseOptions, registerExactNanoScheme, type Track, xno } from "x402-nano/client";
import type { Ledger } from "x402-nano/rpc";
import { parseAddress } from "../../src/nano/index.js";
import { faultyLedger, lostAfterTaken, lostBeforeTaken, unreachable } from "../support/faulty-ledger.js";
import { type Seller, startSeller } from "../support/sellers.js";
import { PAY_TO, startWorld, type World } from "../support/world.js";

/** What one process of the buyer left behind, another goes on with: the file has it. */

const TRACKS: readonly Track[] = ["nanoTxn", "nanoSignature"];
const PRICE = xno("0.001");
let world: World;
let seller: Seller;
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "x402-nano-purse-"));
  world = await startWorld({ dev: { confirmAfterMs: 5 } });
  seller = await startSeller(world);
});
afterEach(async () => {
  await world.close();
  await rm(folder, { recursive: true });
});

async function openPurse(options: Partial<PurseOptions> = {}): Promise<Purse> {
  const { dev, clock } = world;
  const purse = await createPurse({
    seed: "5a".repeat(32),
    ledger: world.ledger,
    workThresholds: dev.workThresholds,
    journal: join(folder, "purse.db"),
    clock,
    ...options,
  });
  world.onClose(() => purse.close());
  return purse;
}

async function openFunded(options: Partial<PurseOptions> = {}): Promise<Purse> {
  const purse = await openPurse(options);
  await world.dev.fund(purse.address, xno("1"));
  await purse.receive();
  return purse;
}

const buyWith = (purse: Purse, prefer: Track, url = seller.url): Promise<Response> =>
  wrapFetchWithPayment(fetch, registerExactNanoScheme(new x402Client(), { purse, prefer }))(url);

const sends = async (): Promise<bigint[]> =>
  (await world.ledger.receivable(parseAddress(PAY_TO))).map(({ amountRaw }) => amountRaw);

describe.each(TRACKS)("%s", (track) => {
  test("paid and not served before the restart: presented again after it, and never paid twice", async () => {
    const before = await openFunded();
    seller.failNext(500);
    expect((await buyWith(before, track)).status).toBe(500);
    const [left] = before.unspent();
    await before.close();

    const after = await openPurse();
    expect(after.unspent()).toMatchObject([{ hash: left?.hash, track, resource: seller.url }]);
    expect((await buyWith(after, track)).status).toBe(200);
    expect(await sends()).toHaveLength(1);
    expect(after.unspent()).toEqual([]);
    await after.close();
    // A served Track A block is kept until the ledger is seen to have it, also across a restart.
    const { payments } = await (await openPurse()).history();
    expect(payments.map(({ hash }) => hash)).toEqual(track === "nanoTxn" ? [] : [left?.hash]);
  });

  test("limits and what was spent survive", async () => {
    const limits = { maxPerDay: 2n * PRICE, maxTotal: 3n * PRICE } as const;
    const before = await openFunded(limits);
    for (const _purchase of [1, 2]) expect((await buyWith(before, track)).status).toBe(200);
    await before.close();

    const after = await openPurse(limits);
    expect(after.spentTodayRaw()).toBe(2n * PRICE);
    await expect(buyWith(after, track)).rejects.toThrow("daily limit");
    world.clock.advanceSeconds(86_400);
    expect((await buyWith(after, track)).status).toBe(200);
    await after.close();

    const later = await openPurse(limits);
    await expect(buyWith(later, track)).rejects.toThrow("limit for all payments");
    expect(later.spent().total.spentRaw).toBe(3n * PRICE);
    expect(await sends()).toHaveLength(3);
  });
});

describe.each([
  ["never left", unreachable],
  ["was lost on the way to the node", lostBeforeTaken],
  ["was taken, and the answer lost", lostAfterTaken],
])("a send that %s before the restart", (_what, behaviour) => {
  async function leaveOne(): Promise<string> {
    const faults = faultyLedger(world.ledger);
    const sleep = async (ms: number): Promise<void> => world.clock.advanceSeconds(ms / 1000);
    const before = await openFunded({ ledger: faults.port as Ledger, confirmSeconds: 2, sleep });
    faults.always("process", async (...call) => {
      // From here on the node cannot be asked what became of it.
      faults.always("blockInfo", unreachable);
      return behaviour(...call);
    });
    await expect(buyWith(before, "nanoSignature")).rejects.toThrow();
    const [left] = before.unspent();
    await before.close();
    return left?.hash ?? "none";
  }

  test("pays for the same purchase after it", async () => {
    const hash = await leaveOne();
    const after = await openPurse();
    expect((await buyWith(after, "nanoSignature")).status).toBe(200);
    expect((await after.history()).payments).toMatchObject([{ hash, outcome: "served" }]);
    expect(await sends()).toEqual([PRICE]);
  });

  test("is not fought by another purchase: it lands first, and the other one stands on it", async () => {
    const hash = await leaveOne();
    const after = await openPurse();
    const other = await startSeller(world);
    expect((await buyWith(after, "nanoSignature", other.url)).status).toBe(200);
    expect(after.unspent()).toMatchObject([{ hash }]);
    expect(await sends()).toEqual([PRICE, PRICE]);
    expect((await buyWith(after, "nanoSignature")).status).toBe(200);
    expect(await sends()).toEqual([PRICE, PRICE]);
    expect(after.unspent()).toEqual([]);
  });
});

test("one file is one purse's, in one process at a time, and is free again once it is closed or was refused", async () => {
  const purse = await openPurse();
  await expect(openPurse()).rejects.toMatchObject({ code: "store_unavailable" });
  await purse.close();
  await expect(openPurse({ seed: "6b".repeat(32) })).rejects.toMatchObject({ code: "account_mismatch" });
  await expect(openPurse({ journal: 7 as never })).rejects.toMatchObject({ code: "invalid_configuration" });
  await (await openPurse()).close();
});
