import { expect } from "vitest";
import { preceded } from "../support/faulty-ledger.js";
import { leaseOf, withLease } from "../support/offers.js";
import { fetchOffers, startSeller } from "../support/sellers.js";
import { attack } from "./attack.js";
import { blockIn } from "./support-blocks.js";
import {
  expectBuysOne,
  expectRefused,
  expectServedOnce,
  expectTurnedAway,
  expectWithheld,
} from "./support-outcomes.js";

/**
 * Somebody who got hold of a signed Track A block hands it to the network before the facilitator does. The nine keys are
 * public then and prove nothing: the block buys its response through Track B, for its payer (rows 8 and 9, R10).
 */

attack("before verify: neither the stranger nor the payer gets anything for the nine keys", async (world) => {
  const seller = await startSeller(world);
  const { nanoTxn, nanoSignature } = await fetchOffers(seller);
  const proof = await world.alice.proveNanoTxn(nanoTxn);
  const { block, hash } = blockIn(proof);
  await world.broadcast(block);
  await expectTurnedAway(seller, proof, "block_already_landed");
  await expectTurnedAway(seller, { ...proof, accepted: (await fetchOffers(seller)).nanoTxn }, "block_already_landed");
  expect(seller.handlerRuns()).toBe(0);
  const mallory = await world.payer();
  await expectTurnedAway(seller, mallory.proveNanoSignature(nanoSignature, hash), "sender_mismatch");
  await expectServedOnce(seller, world.alice.proveNanoSignature(nanoSignature, hash));
  await expectTurnedAway(seller, proof, "duplicate_block_hash");
});

attack("before verify, and more blocks on top of it: landed, never stale", async (world) => {
  const { request, block, hash } = await world.payTrackA();
  await world.broadcast(block);
  await world.alice.send({ payTo: world.alice.address, amountRaw: 7n });
  await expectRefused(world.engine, request, "block_already_landed");
  await expectBuysOne(world.engine, world.claimTrackB(hash));
});

attack("while the handler runs: the response is withheld, and the payer claims it at once", async (world) => {
  const seller = await startSeller(world);
  const { nanoTxn, nanoSignature } = await fetchOffers(seller);
  const proof = await world.alice.proveNanoTxn(nanoTxn);
  const { block, hash } = blockIn(proof);
  seller.onHandler(async () => {
    seller.onHandler(async () => undefined);
    await world.broadcast(block);
  });
  await expectWithheld(seller, proof, "block_already_landed");
  await expectTurnedAway(seller, proof, "block_already_landed");
  expect(await world.journal()).toEqual([]);
  await expectServedOnce(seller, world.alice.proveNanoSignature(nanoSignature, hash));
});

attack("between the last look and `process`, with a lease and without", async (world) => {
  for (const hasLease of [true, false]) {
    const { request, block, hash } = await world.payTrackA();
    const settle = hasLease ? withLease(request, await leaseOf(world.engine, request)) : request;
    world.ledgerFaults.next(
      "process",
      preceded(() => world.broadcast(block)),
    );
    expect(await world.engine.settle(settle)).toMatchObject({ success: false, errorReason: "block_already_landed" });
    expect(await world.journal()).toEqual([]);
    await expectRefused(world.other, request, "block_already_landed");
    await expectBuysOne(world.other, world.claimTrackB(hash));
  }
});

attack("while the payer claims it: of the two only the payer is served, once", async (world) => {
  const { request, block, hash } = await world.payTrackA();
  await world.broadcast(block);
  const claims = [world.engine.settle(world.claimTrackB(hash)), world.other.settle(world.claimTrackB(hash))];
  const copies = [world.engine.settle(request), world.other.settle(request)];
  expect((await Promise.all(claims)).filter(({ success }) => success)).toHaveLength(1);
  for (const { success } of await Promise.all(copies)) expect(success).toBe(false);
  await expectRefused(world.other, world.claimTrackB(hash), "duplicate_block_hash");
});
