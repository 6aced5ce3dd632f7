import { expect } from "vitest";
import { nanoAccepts } from "x402-nano/server";
import type { BlockHash, SignedBlock } from "../../src/nano/index.js";
import type { EngineWorld } from "../support/engine-world.js";
import { leaseOf, offersOf, PRICE_RAW, proveBlock, type Request, requestOf, withLease } from "../support/offers.js";
import { fetchOffers, present, startSeller } from "../support/sellers.js";
import { CHALLENGE_SECRET, PAY_TO } from "../support/world.js";
import { attack } from "./attack.js";
import { expectRefused, expectServedOnce, issuedUnder } from "./support-facilitators.js";

/**
 * R1, SPEC 3. One block fits both tracks: its bytes prove Track A, its hash with a signature proves Track B. And a host
 * may judge either by the other's entry (Faremeter hands over its first one for both).
 */

type Proofs = readonly [underItsOwnEntry: Request, underTheOthers: Request];

const asTrackA = (world: EngineWorld, block: SignedBlock): Proofs => {
  const { nanoTxn, nanoSignature } = offersOf(world);
  const proof = proveBlock(nanoTxn, block);
  return [requestOf(proof), requestOf(proof, nanoSignature)];
};

const asTrackB = (world: EngineWorld, hash: BlockHash): Proofs => {
  const { nanoTxn, nanoSignature } = offersOf(world);
  const proof = world.alice.proveNanoSignature(nanoSignature, hash);
  return [requestOf(proof), requestOf(proof, nanoTxn)];
};

attack("a Track A block on Track B: before it lands, while it is held, once it is redeemed", async (world) => {
  const { engine, other, hurried, payTrackA } = world;
  const { request, block, hash } = await payTrackA();
  for (const asB of asTrackB(world, hash)) await expectRefused([hurried], asB, "block_not_found");
  const lease = await leaseOf(engine, request);
  for (const asB of asTrackB(world, hash)) await expectRefused([engine, other], asB, "payment_in_progress");
  expect(await engine.settle(withLease(request, lease))).toMatchObject({ success: true });
  for (const again of [...asTrackB(world, hash), ...asTrackA(world, block)]) {
    await expectRefused([engine, other], again, "duplicate_block_hash");
  }
});

attack(
  "a Track B payment of just Track A's amount on Track A: landed, while it is held, once it is redeemed",
  async (world) => {
    const { engine, other, alice } = world;
    const { hash, block } = await alice.send({ payTo: PAY_TO, amountRaw: PRICE_RAW + 1n });
    for (const asA of asTrackA(world, block)) await expectRefused([engine, other], asA, "block_already_landed");
    const [request] = asTrackB(world, hash);
    const lease = await leaseOf(engine, request);
    for (const asA of asTrackA(world, block)) await expectRefused([engine, other], asA, "payment_in_progress");
    expect(await engine.settle(withLease(request, lease))).toMatchObject({ success: true });
    for (const again of [...asTrackA(world, block), ...asTrackB(world, hash)]) {
      await expectRefused([engine, other], again, "duplicate_block_hash");
    }
  },
);

attack(
  "a Track A block that somebody else broadcast: nobody's on Track A, its payer's on Track B, once",
  async (world) => {
    const { engine, other, payTrackA, broadcast } = world;
    const { block, hash } = await payTrackA();
    await broadcast(block);
    for (const asA of asTrackA(world, block)) await expectRefused([engine, other], asA, "block_already_landed");
    const [, underTrackA] = asTrackB(world, hash);
    await expectServedOnce([engine, other], underTrackA);
    for (const again of [...asTrackA(world, block), ...asTrackB(world, hash)]) {
      await expectRefused([engine, other], again, "duplicate_block_hash");
    }
  },
);

attack("the other track's price, one raw away", async (world) => {
  const { engine, other, alice } = world;
  const { nanoTxn, nanoSignature } = offersOf(world);
  const signed = async (amountRaw: bigint) => alice.signSend({ payTo: PAY_TO, amountRaw });
  const [price, more] = [await signed(PRICE_RAW), await signed(PRICE_RAW + 1n)];
  for (const requirements of [nanoTxn, nanoSignature]) {
    const cheap = requestOf(proveBlock(nanoTxn, price), requirements);
    await expectRefused([engine, other], cheap, "insufficient_amount");
    for (const block of [price, more]) {
      const bargain = requestOf(proveBlock(nanoSignature, block), requirements);
      await expectRefused([engine, other], bargain, "requirements_mismatch");
    }
  }
  const { hash: short } = await alice.send({ payTo: PAY_TO, amountRaw: PRICE_RAW - 1n });
  for (const asB of asTrackB(world, short)) await expectRefused([engine, other], asB, "insufficient_amount");
  const dearer = { ...nanoTxn, extra: nanoSignature.extra };
  const wrongPrice = requestOf(alice.proveNanoSignature(dearer, short), nanoTxn);
  await expectRefused([engine, other], wrongPrice, "requirements_mismatch");
  await expectServedOnce([engine, other], requestOf(await alice.proveNanoTxn(offersOf(world).nanoTxn)));
});

attack("one track's payment under the other's entry, where a seller asks less there", async (world) => {
  const { alice } = world;
  const [cheapA] = nanoAccepts({ payTo: PAY_TO, price: PRICE_RAW });
  const [, dearB] = nanoAccepts({ payTo: PAY_TO, price: 2n * PRICE_RAW });
  // An amount that does not end in 1 is no Track B amount plus one, so it is asked as it stands.
  const oddA = { ...cheapA, price: { asset: "XNO", amount: (PRICE_RAW + 7n).toString() } };
  for (const entryA of [cheapA, oddA]) {
    const seller = await startSeller(world, { accepts: [entryA, dearB] });
    const { nanoTxn, nanoSignature } = await fetchOffers(seller);
    const expectMismatch = async (proof: unknown) =>
      expect(await present(seller, proof)).toMatchObject({ status: 402, reason: "requirements_mismatch" });

    const { hash } = await alice.send({ payTo: PAY_TO, amountRaw: BigInt(nanoTxn.amount) });
    // A facilitator that knows the secret mints challenges for anybody (SPEC 5).
    await expectMismatch(alice.proveNanoSignature(issuedUnder(CHALLENGE_SECRET, nanoTxn), hash));
    const block = await alice.signSend({ payTo: PAY_TO, amountRaw: BigInt(nanoTxn.amount) });
    await expectMismatch(proveBlock(nanoSignature, block));
    expect(seller.handlerRuns()).toBe(0);

    const honest = proveBlock(nanoTxn, block);
    expect(await present(seller, honest)).toMatchObject({ status: 200 });
    expect(await present(seller, honest)).toMatchObject({ status: 402, reason: "duplicate_block_hash" });
    expect(seller.handlerRuns()).toBe(1);
  }
});
