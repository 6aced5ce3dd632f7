import { expect } from "vitest";
import { nanoAccepts } from "x402-nano/server";
import { preceded } from "../support/faulty-ledger.js";
import { leaseOf, requestOf, withLease } from "../support/offers.js";
import { fetchOffers, PRICE, startSeller } from "../support/sellers.js";
import { PAY_TO } from "../support/world.js";
import { attack } from "./attack.js";
import {
  expectBuysOne,
  expectHonestBuyerServed,
  expectHonestPayerServed,
  expectTurnedAway,
  expectWithheld,
} from "./support-outcomes.js";

/** The payer has its block verified, and spends the same frontier on itself before it is settled (R10, rows 9 and 10). */

/** Nobody waits in vain here; without the guards they would, and not for long. */
const brief = { engine: { confirmationTimeoutSeconds: 5 } };
const unconfirmed = { ...brief, dev: { confirm: "never" } } as const;

attack(
  "a confirmed send to itself between verify and settle",
  async (world) => {
    const { engine, alice, ledger } = world;
    const { request, hash } = await world.payTrackA();
    const lease = await leaseOf(engine, request);
    await alice.send({ payTo: alice.address, amountRaw: 7n });
    const answer = await engine.settle(withLease(request, lease));
    expect(answer).toMatchObject({ success: false, errorReason: "frontier_changed", transaction: "" });
    expect(await world.journal()).toEqual([]);
    expect(await ledger.blockInfo(hash)).toBeUndefined();
    expect(await engine.settle(withLease(request, lease))).toMatchObject({ errorReason: "stale_frontier" });
    await expectBuysOne(engine, (await world.payTrackA()).request);
  },
  brief,
);

attack("the same before a settle that has no lease", async (world) => {
  const { request } = await world.payTrackA();
  await leaseOf(world.engine, request);
  await world.alice.send({ payTo: world.alice.address, amountRaw: 7n });
  expect(await world.other.settle(request)).toMatchObject({ success: false, errorReason: "stale_frontier" });
  expect(world.ledgerFaults.countOf("process")).toBe(0);
  await expectHonestPayerServed(world, world.other);
});

attack(
  "an unconfirmed send to itself: nobody knows which of the two will be, until the network has decided against the payment",
  async (world) => {
    const { engine, alice, dev, ledger } = world;
    const { request, hash } = await world.payTrackA();
    const lease = await leaseOf(engine, request);
    const rival = await alice.send({ payTo: alice.address, amountRaw: 7n });
    const answer = await engine.settle(withLease(request, lease));
    const transaction = hash.toUpperCase();
    expect(answer).toMatchObject({ success: false, errorReason: "settlement_pending", transaction });
    expect(await world.journal()).toEqual([hash]);
    dev.confirm(rival.hash);
    expect(await engine.settle(withLease(request, lease))).toMatchObject({ errorReason: "frontier_changed" });
    expect(await world.journal()).toEqual([]);
    expect(await ledger.blockInfo(hash)).toBeUndefined();
  },
  unconfirmed,
);

attack(
  "an unconfirmed send to itself that the network decides against: the payment is not lost, and buys one response",
  async (world) => {
    const { engine, alice, dev } = world;
    const { request, block, hash } = await world.payTrackA();
    const lease = await leaseOf(engine, request);
    await alice.send({ payTo: alice.address, amountRaw: 7n });
    expect(await engine.settle(withLease(request, lease))).toMatchObject({ errorReason: "settlement_pending" });
    await forceOnto(dev.rpcUrl, request.paymentPayload.payload["block"]);
    expect(await world.ledger.blockInfo(hash)).toMatchObject({ block: { previous: block.previous } });
    dev.confirm(hash);
    await expectBuysOne(engine, world.claimTrackB(hash));
    expect(await engine.settle(withLease(request, lease))).toMatchObject({ errorReason: "duplicate_block_hash" });
  },
  unconfirmed,
);

attack(
  "at a stock server, while the handler runs: the response is withheld",
  async (world) => {
    const { alice } = world;
    const seller = await startSeller(world);
    const proof = await alice.proveNanoTxn((await fetchOffers(seller)).nanoTxn);
    seller.onHandler(async () => {
      seller.onHandler(async () => undefined);
      await alice.send({ payTo: alice.address, amountRaw: 7n });
    });
    await expectWithheld(seller, proof, "frontier_changed");
    await expectTurnedAway(seller, proof, "stale_frontier");
    await expectHonestBuyerServed(world, seller);
  },
  brief,
);

attack(
  "at a stock server that settles first, in the last moment: the handler does not run",
  async (world) => {
    const { alice, ledgerFaults } = world;
    const accepts = nanoAccepts({ payTo: PAY_TO, price: PRICE, paymentFlow: "upfront" });
    const seller = await startSeller(world, { accepts });
    const proof = await alice.proveNanoTxn((await fetchOffers(seller)).nanoTxn);
    const spend = () => alice.send({ payTo: alice.address, amountRaw: 7n });
    ledgerFaults.next("process", preceded(spend));
    await expectTurnedAway(seller, proof, "frontier_changed");
    await expectTurnedAway(seller, proof, "stale_frontier");
    expect(seller.handlerRuns()).toBe(0);
    await expectBuysOne(world.engine, requestOf(await alice.proveNanoTxn((await fetchOffers(seller)).nanoTxn)));
    await expectHonestBuyerServed(world, seller);
  },
  brief,
);

/** What the network's vote for the other block does to a node. */
async function forceOnto(rpcUrl: string, block: unknown): Promise<void> {
  const body = JSON.stringify({ action: "process", json_block: "true", subtype: "send", force: "true", block });
  await (await fetch(rpcUrl, { method: "POST", body })).json();
}
