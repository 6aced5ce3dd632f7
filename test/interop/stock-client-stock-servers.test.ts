import { ExactEvmScheme } from "@x402/evm/exact/server";
import { decodePaymentResponseHeader, wrapFetchWithPayment, x402Client } from "@x402/fetch";
import { afterEach, describe, expect, test } from "vitest";
import { createPurse, type Purse, registerExactNanoScheme, type Track } from "x402-nano/client";
import { xno } from "x402-nano/testing";
import { type FacilitatorPlace, fetchOffers, present, type SellerHost, startSeller } from "../support/sellers.js";
import { PAY_TO, startWorld, type World } from "../support/world.js";

let world: World;
afterEach(() => world.close());

const HOSTS: SellerHost[] = ["express", "hono"];
const PLACES: FacilitatorPlace[] = ["http", "in-process"];
const TRACKS: Track[] = ["nanoTxn", "nanoSignature"];
const MIX = HOSTS.flatMap((host) =>
  PLACES.flatMap((facilitator) => TRACKS.map((track) => ({ host, facilitator, track }))),
);

async function openPurse(): Promise<Purse> {
  const purse = await createPurse({
    seed: "f0".repeat(32),
    ledger: world.ledger,
    workThresholds: world.dev.workThresholds,
    clock: world.clock,
  });
  world.onClose(() => purse.close());
  await world.dev.fund(purse.address, xno("1"));
  return purse;
}

/** Amounts of all sends to the seller that the ledger shows. */
async function paidRaw(): Promise<bigint[]> {
  const { publicKeyOf, decodeAddress } = await import("../../src/nano/index.js");
  const receivable = await world.ledger.receivable(publicKeyOf(decodeAddress(PAY_TO)));
  return receivable.map(({ amountRaw }) => amountRaw);
}

describe.each(MIX)("stock $host server × stock fetch client × our facilitator $facilitator × $track", (mix) => {
  test("three requests are three payments and three responses", async () => {
    world = await startWorld();
    const seller = await startSeller(world, mix);
    const purse = await openPurse();
    const client = registerExactNanoScheme(new x402Client(), { purse, prefer: mix.track });
    const pay = wrapFetchWithPayment(fetch, client);
    for (let count = 1; count <= 3; count += 1) {
      const response = await pay(seller.url);
      expect(response.status).toBe(200);
      expect(await response.json()).toEqual({ weather: "sunny" });
      const receipt = decodePaymentResponseHeader(response.headers.get("PAYMENT-RESPONSE") ?? "");
      expect(receipt).toMatchObject({ success: true, network: "nano:mainnet", payer: purse.address });
      expect(receipt.transaction).toMatch(/^[0-9A-F]{64}$/);
      expect(seller.handlerRuns()).toBe(count);
    }
    const amountRaw = xno("0.001") + (mix.track === "nanoTxn" ? 1n : 0n);
    expect(await paidRaw()).toEqual([amountRaw, amountRaw, amountRaw]);
    expect(purse.unspent()).toEqual([]);
  });

  test("a handler that fails costs nothing more: the retry presents the same payment", async () => {
    world = await startWorld();
    const seller = await startSeller(world, mix);
    const purse = await openPurse();
    const client = registerExactNanoScheme(new x402Client(), { purse, prefer: mix.track });
    const pay = wrapFetchWithPayment(fetch, client);
    seller.failNext(500, 2);
    const statuses: number[] = [];
    for (let count = 0; count < 3; count += 1) statuses.push((await pay(seller.url)).status);
    expect(statuses).toEqual([500, 500, 200]);
    expect(await paidRaw()).toHaveLength(1);
  });
});

describe("several kinds side by side", () => {
  const evm = {
    scheme: "exact",
    network: "eip155:84532",
    payTo: "0x209693Bc6afc0C5328bA36FaF03C514EF312287C",
    price: "$0.001",
  };
  const bareEvmFacilitator = {
    getSupported: async () => ({
      kinds: [{ x402Version: 2, scheme: "exact", network: "eip155:84532" as const }],
      extensions: [],
      signers: {},
    }),
  };

  test.each(HOSTS)("%s: the EVM entry is what it is without us, and a Nano client pays past it", async (host) => {
    world = await startWorld();
    const seller = await startSeller(world, {
      host,
      otherAccepts: [evm],
      otherFacilitators: [bareEvmFacilitator],
      configure: (server) => server.register("eip155:84532", new ExactEvmScheme()),
    });
    const { all } = await fetchOffers(seller);
    expect(all[0]).toMatchObject({ network: "eip155:84532", amount: "1000", extra: { name: "USDC", version: "2" } });
    expect(Object.keys(all[0]?.extra ?? {}).sort()).toEqual(["name", "version"]);
    const purse = await openPurse();
    const client = new x402Client();
    registerExactNanoScheme(client, { purse });
    expect((await wrapFetchWithPayment(fetch, client)(seller.url)).status).toBe(200);
    const crossed = { ...all[1], network: "eip155:84532" };
    expect(await present(seller, { x402Version: 2, accepted: crossed, payload: {} })).toMatchObject({ status: 402 });
    expect(seller.handlerRuns()).toBe(1);
  });
});
