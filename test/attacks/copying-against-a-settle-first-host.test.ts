import { expect } from "vitest";
import { nanoAccepts } from "x402-nano/server";
import { TRACKS } from "../../src/protocol/index.js";
import { type Offer, payOn } from "../support/hand-payer.js";
import { offersOf, proveBlock, requestOf } from "../support/offers.js";
import { fetchOffers, type Outcome, present, type Seller, startSeller } from "../support/sellers.js";
import { PAY_TO } from "../support/world.js";
import { type AttackWorld, attack } from "./attack.js";
import { issuedUnder, LOSING } from "./support-facilitators.js";
import { duringTheHandler, startOpenSeller } from "./support-sellers.js";

/**
 * R3, R4. Such a host never verifies: it settles, without a lease, and serves whatever is a success. So settle itself
 * has to judge everything, and say "success" once.
 */

const SERVED = { status: 200, settlement: { success: true } };
const SPENT = { status: 402, reason: "duplicate_block_hash" };
const COPIES = 12;

const accepts = nanoAccepts({ payTo: PAY_TO, price: "0.001 XNO", paymentFlow: "upfront" });
const openSeller = (world: AttackWorld) => startSeller(world, { accepts });
const refusedAs = (reason: string) => ({ status: 402, reason });

async function presentAtOnce(sellers: readonly Seller[], proofs: readonly unknown[]): Promise<Outcome[]> {
  return Promise.all(
    Array.from({ length: COPIES }, (_, copy) => {
      const seller = sellers[copy % sellers.length];
      if (seller === undefined) throw new TypeError("no seller");
      return present(seller, proofs[copy % proofs.length]);
    }),
  );
}

function expectOneServed(outcomes: readonly Outcome[]): void {
  expect(outcomes.filter(({ status }) => status === 200)).toHaveLength(1);
  for (const { status, reason } of outcomes) if (status !== 200) expect(LOSING).toContain(reason);
}

for (const track of TRACKS) {
  attack(`copies of one ${track} payment to two settle-first hosts, at once and afterwards`, async (world) => {
    const { alice, ledgerFaults } = world;
    const first = await openSeller(world);
    const second = await startSeller({ ...world, facilitatorOptions: world.otherOptions }, { host: "hono", accepts });
    const proof = await payOn(alice, track, await fetchOffers(first));
    expectOneServed(await presentAtOnce([first, second], [proof]));
    for (const seller of [first, second]) expect(await present(seller, proof)).toMatchObject(SPENT);
    expect(first.handlerRuns() + second.handlerRuns()).toBe(1);
    expect(ledgerFaults.countOf("process")).toBe(track === "nanoTxn" ? 1 : 0);
  });

  attack(
    `a copy of a ${track} payment to a settle-first host while its handler runs, and once it failed`,
    async (world) => {
      const seller = await openSeller(world);
      const proof = await payOn(world.alice, track, await fetchOffers(seller));
      const meanwhile: Outcome[] = [];
      duringTheHandler(seller, async () => {
        meanwhile.push(await present(seller, proof));
      });
      seller.failNext(500);
      expect(await present(seller, proof)).toMatchObject({ status: 500 });
      expect(meanwhile).toMatchObject([SPENT]);
      // It was settled before the handler failed: without a payment identifier that response is lost (R9).
      expect(await present(seller, proof)).toMatchObject(SPENT);
      expect(seller.handlerRuns()).toBe(1);
    },
  );

  attack(`a ${track} payment settled by its payer before a settle-first host is asked`, async (world) => {
    const seller = await startOpenSeller(world, { accepts });
    const offers = await fetchOffers(seller);
    const proof = await payOn(world.alice, track, offers);
    expect(await seller.ask("settle", requestOf(proof))).toMatchObject({ success: true });
    expect(await present(seller, proof)).toMatchObject(SPENT);
    expect(seller.handlerRuns()).toBe(0);
    expect(await present(seller, await payOn(await world.payer(), track, offers))).toMatchObject(SERVED);
  });
}

attack("one transfer signed for many challenges of a settle-first host, at once and a week later", async (world) => {
  const { alice, clock, claimTrackB } = world;
  const seller = await openSeller(world);
  const { hash, ...proof } = await alice.payNanoSignature((await fetchOffers(seller)).nanoSignature);
  const signed = async () => alice.proveNanoSignature((await fetchOffers(seller)).nanoSignature, hash);
  const proofs = [proof, await signed(), await signed()];
  expectOneServed(await presentAtOnce([seller], proofs));
  clock.advanceSeconds(7 * 86_400);
  expect(await present(seller, await signed())).toMatchObject(SPENT);
  // An entry that does not settle first is not what this host offers.
  expect(await present(seller, claimTrackB(hash).paymentPayload)).toMatchObject({ status: 402 });
  expect(seller.handlerRuns()).toBe(1);
});

attack("somebody else's transfer to a settle-first host: copied, re-signed, under one's own name", async (world) => {
  const { alice } = world;
  const mallory = await world.payer();
  const seller = await openSeller(world);
  const { nanoTxn, nanoSignature } = await fetchOffers(seller);
  const { hash, block } = await alice.send({ payTo: PAY_TO, amountRaw: BigInt(nanoTxn.amount) });
  const forged = mallory.proveNanoSignature(nanoSignature, hash);
  const posing = { ...forged, payload: { ...forged.payload, account: alice.address } };
  expect(await present(seller, forged)).toMatchObject(refusedAs("sender_mismatch"));
  expect(await present(seller, posing)).toMatchObject(refusedAs("invalid_signature"));
  expect(await present(seller, proveBlock(nanoTxn, block))).toMatchObject(refusedAs("block_already_landed"));
  expect(seller.handlerRuns()).toBe(0);
  const proof = alice.proveNanoSignature(nanoSignature, hash);
  expect(await present(seller, proof)).toMatchObject(SERVED);
  expect(await present(seller, proveBlock(nanoTxn, block))).toMatchObject(SPENT);
  expect(seller.handlerRuns()).toBe(1);
});

attack(
  "a challenge of one's own to a settle-first host whose facilitator does not know the secret",
  async (world) => {
    const { alice } = world;
    const seller = await openSeller(world);
    const { nanoSignature } = await fetchOffers(seller);
    const { hash, ...proof } = await alice.payNanoSignature(nanoSignature);
    const { extra } = nanoSignature;
    const stretched = { ...nanoSignature, extra: { ...extra, validBefore: Number(extra["validBefore"]) + 200 } };
    const invented: readonly Offer[] = [issuedUnder("99".repeat(32), nanoSignature), stretched];
    for (const offer of invented) {
      const outcome = await present(seller, alice.proveNanoSignature(offer, hash));
      expect(outcome).toMatchObject(refusedAs("challenge_invalid"));
    }
    const { nanoTxn } = offersOf(world);
    const crossed = {
      ...proveBlock(nanoTxn, await alice.signSend({ payTo: PAY_TO, amountRaw: BigInt(nanoTxn.amount) })),
    };
    const outcome = await present(seller, { ...crossed, accepted: nanoSignature });
    expect(outcome).toMatchObject(refusedAs("requirements_mismatch"));
    expect(seller.handlerRuns()).toBe(0);
    expect(await present(seller, proof)).toMatchObject(SERVED);
    expect(seller.handlerRuns()).toBe(1);
  },
  { engine: { challengeSecret: undefined } },
);
