import { afterEach, describe, expect, test } from "vitest";
import { type FacilitatorPlace, fetchOffers, present, type SellerHost, startSeller } from "../support/sellers.js";
import { startWorld, type World } from "../support/world.js";

let world: World;
afterEach(() => world.close());

const HOSTS: SellerHost[] = ["express", "hono"];
const PLACES: FacilitatorPlace[] = ["http", "in-process"];

describe.each(HOSTS)("stock %s server", (host) => {
  describe.each(PLACES)("facilitator %s", (facilitator) => {
    test("Track A: a signed block is broadcast, confirmed and buys one response", async () => {
      world = await startWorld();
      const seller = await startSeller(world, { host, facilitator });
      const payer = await world.payer();
      const { nanoTxn } = await fetchOffers(seller);
      const proof = await payer.proveNanoTxn(nanoTxn);
      const paid = await present(seller, proof);
      expect(paid).toMatchObject({ status: 200, settlement: { success: true, payer: payer.address } });
      expect(JSON.stringify(paid.settlement)).not.toContain("lease");
      const replay = await present(seller, proof);
      expect(replay).toMatchObject({ status: 402, reason: "duplicate_block_hash" });
      expect(seller.handlerRuns()).toBe(1);
    });

    test("Track B: a paid block and a signature buy one response", async () => {
      world = await startWorld();
      const seller = await startSeller(world, { host, facilitator });
      const payer = await world.payer();
      const { nanoSignature } = await fetchOffers(seller);
      const { hash, ...proof } = await payer.payNanoSignature(nanoSignature);
      const paid = await present(seller, proof);
      expect(paid).toMatchObject({ status: 200, settlement: { success: true, transaction: hash.toUpperCase() } });
      const replay = await present(seller, proof);
      expect(replay).toMatchObject({ status: 402, reason: "duplicate_block_hash" });
      expect(seller.handlerRuns()).toBe(1);
    });
  });
});
