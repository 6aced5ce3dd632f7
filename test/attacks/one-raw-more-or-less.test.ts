import { expect } from "vitest";
import { offersOf, proveBlock, requestOf } from "../support/offers.js";
import { fetchOffers, startSeller } from "../support/sellers.js";
import { PAY_TO } from "../support/world.js";
import { attack } from "./attack.js";
import {
  expectBuysOne,
  expectHonestBuyerServed,
  expectHonestPayerServed,
  expectRefused,
  expectServedOnce,
  expectTurnedAway,
} from "./support-outcomes.js";

/** Track A takes exactly what it asks, so that no other payment is taken for it; Track B at least that (row 10 and 9). */

for (const [what, differenceRaw] of [
  ["less", -1n],
  ["more", 1n],
] as const) {
  attack(`Track A, one raw ${what} than asked`, async (world) => {
    const seller = await startSeller(world);
    const { nanoTxn } = await fetchOffers(seller);
    const amountRaw = BigInt(nanoTxn.amount) + differenceRaw;
    const proof = proveBlock(nanoTxn, await world.alice.signSend({ payTo: PAY_TO, amountRaw }));
    await expectTurnedAway(seller, proof, "insufficient_amount");
    await expectRefused(world.engine, requestOf(proof), "insufficient_amount");
    expect(seller.handlerRuns()).toBe(0);
    await expectServedOnce(seller, await world.alice.proveNanoTxn(nanoTxn));
  });
}

attack("Track A, a block that pays nothing and one that takes", async (world) => {
  const { nanoTxn } = offersOf(world);
  for (const amountRaw of [0n, -BigInt(nanoTxn.amount)]) {
    const block = await world.alice.signSend({ payTo: PAY_TO, amountRaw });
    await expectRefused(world.engine, requestOf(proveBlock(nanoTxn, block)), "insufficient_amount");
  }
  await expectHonestPayerServed(world, world.engine);
});

attack("Track B, one raw less than asked", async (world) => {
  const seller = await startSeller(world);
  const { nanoSignature } = await fetchOffers(seller);
  const amountRaw = BigInt(nanoSignature.amount) - 1n;
  const { hash } = await world.alice.send({ payTo: PAY_TO, amountRaw });
  const proof = world.alice.proveNanoSignature(nanoSignature, hash);
  await expectTurnedAway(seller, proof, "insufficient_amount");
  await expectRefused(world.engine, requestOf(proof), "insufficient_amount");
  expect(seller.handlerRuns()).toBe(0);
  await expectHonestBuyerServed(world, seller);
});

attack("Track B, one raw more than asked: it is served, once", async (world) => {
  const { nanoSignature } = offersOf(world);
  const { hash } = await world.alice.send({ payTo: PAY_TO, amountRaw: BigInt(nanoSignature.amount) + 1n });
  await expectBuysOne(world.engine, requestOf(world.alice.proveNanoSignature(nanoSignature, hash)));
  const seller = await startSeller(world);
  const offers = await fetchOffers(seller);
  const more = await world.alice.send({ payTo: PAY_TO, amountRaw: BigInt(offers.nanoSignature.amount) + 1n });
  await expectServedOnce(seller, world.alice.proveNanoSignature(offers.nanoSignature, more.hash));
});
