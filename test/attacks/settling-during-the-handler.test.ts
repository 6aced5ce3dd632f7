import { expect } from "vitest";
import { parseBlockHash } from "../../src/nano/index.js";
import { type Reason, TRACKS, type Track } from "../../src/protocol/index.js";
import { payOn } from "../support/hand-payer.js";
import { type Request, requestOf, withLease } from "../support/offers.js";
import { fetchOffers, present } from "../support/sellers.js";
import { type AttackWorld, attack } from "./attack.js";
import { duringTheHandler, startOpenSeller } from "./support-sellers.js";

/**
 * R3, R4. The payer knows its proof and the facilitator's address. While the handler runs it settles on its own: to
 * spend the payment elsewhere, on cheaper terms, or to shake the lease off and have the handler run again.
 */

const SERVED = { status: 200, settlement: { success: true } };
const SPENT = { status: 402, reason: "duplicate_block_hash" };
const MADE_UP = `${"11".repeat(32)}.${"22".repeat(32)}.${"33".repeat(32)}`;

interface BadRequirements {
  readonly name: string;
  readonly reasons: Readonly<Record<Track, Reason>>;
  readonly spoil: (request: Request, world: AttackWorld) => Request;
}

const agreed = (request: Request, change: Partial<Request["paymentRequirements"]>): Request => {
  const offer = { ...request.paymentRequirements, ...change };
  return { paymentPayload: { ...request.paymentPayload, accepted: offer }, paymentRequirements: offer };
};

const expiring = (request: Request, validBefore: number): Request =>
  agreed(request, { extra: { ...request.paymentRequirements.extra, validBefore } });

const expiryOf = (request: Request): number => Number(request.paymentRequirements.extra["validBefore"]);

/** Row 3 comes first, so where the facilitator knows the secret it is what most of Track B's inventions meet. */
const BAD_REQUIREMENTS: readonly BadRequirements[] = [
  {
    name: "cheaper",
    reasons: { nanoTxn: "payment_in_progress", nanoSignature: "challenge_invalid" },
    spoil: (request) => agreed(request, { amount: "10" }),
  },
  {
    name: "cheaper than what was accepted",
    reasons: { nanoTxn: "requirements_mismatch", nanoSignature: "requirements_mismatch" },
    spoil: ({ paymentPayload, paymentRequirements }) =>
      requestOf(paymentPayload, { ...paymentRequirements, amount: "10" }),
  },
  {
    name: "to another receiver",
    reasons: { nanoTxn: "wrong_destination", nanoSignature: "challenge_invalid" },
    spoil: (request, { alice }) => agreed(request, { payTo: alice.address }),
  },
  {
    name: "stretched",
    reasons: { nanoTxn: "payment_in_progress", nanoSignature: "challenge_invalid" },
    spoil: (request) => expiring(request, expiryOf(request) + 100),
  },
  {
    name: "expired",
    reasons: { nanoTxn: "payment_expired", nanoSignature: "payment_expired" },
    spoil: (request) => expiring(request, expiryOf(request) - 100),
  },
];

for (const track of TRACKS) {
  attack(
    `${track} settled by its payer during the handler, with good requirements: spent, not served`,
    async (world) => {
      const seller = await startOpenSeller(world);
      const offers = await fetchOffers(seller);
      const proof = await payOn(world.alice, track, offers);
      const meanwhile: unknown[] = [];
      duringTheHandler(seller, async () => {
        meanwhile.push(await seller.ask("settle", requestOf(proof)), await present(seller, proof));
      });
      expect(await present(seller, proof)).toMatchObject(SPENT);
      expect(meanwhile).toMatchObject([{ success: true }, SPENT]);
      expect(await present(seller, proof)).toMatchObject(SPENT);
      expect(await seller.ask("settle", requestOf(proof))).toMatchObject({ errorReason: "duplicate_block_hash" });
      expect(seller.handlerRuns()).toBe(1);

      const honest = await payOn(await world.payer(), track, offers);
      expect(await present(seller, honest)).toMatchObject(SERVED);
      expect(await present(seller, honest)).toMatchObject(SPENT);
      expect(seller.handlerRuns()).toBe(2);
    },
  );

  attack(`${track} settled by its payer during the handler, with bad requirements: served once`, async (world) => {
    const seller = await startOpenSeller(world);
    const proof = await payOn(world.alice, track, await fetchOffers(seller));
    const seen: unknown[] = [];
    duringTheHandler(seller, async () => {
      for (const { name, spoil } of BAD_REQUIREMENTS) {
        const request = spoil(requestOf(proof), world);
        for (const attempt of [request, withLease(request, MADE_UP)]) {
          const { success, errorReason } = await seller.ask("settle", attempt);
          seen.push({ name, success, errorReason });
        }
      }
      expect(await present(seller, proof)).toMatchObject({ status: 402, reason: "payment_in_progress" });
    });
    expect(await present(seller, proof)).toMatchObject(SERVED);
    const refusals = BAD_REQUIREMENTS.map(({ name, reasons }) => ({
      name,
      success: false,
      errorReason: reasons[track],
    }));
    expect(seen).toEqual(refusals.flatMap((refusal) => [refusal, refusal]));
    expect(await present(seller, proof)).toMatchObject(SPENT);
    expect(seller.handlerRuns()).toBe(1);
  });

  attack(`${track} settled by its payer during the handler, with made-up tokens: served once`, async (world) => {
    const seller = await startOpenSeller(world);
    const proof = await payOn(world.alice, track, await fetchOffers(seller));
    const meanwhile: unknown[] = [];
    duringTheHandler(seller, async () => {
      for (const token of [MADE_UP, "", "x".repeat(512)]) {
        meanwhile.push(await seller.ask("settle", withLease(requestOf(proof), token)));
      }
      for (const token of [null, 7, {}, "x".repeat(513)]) {
        meanwhile.push(await seller.ask("settle", withLease(requestOf(proof), token)));
      }
    });
    expect(await present(seller, proof)).toMatchObject(SERVED);
    const reasons = meanwhile.map((answer) => Object(answer).errorReason);
    expect(reasons).toEqual([...Array(3).fill("payment_in_progress"), ...Array(4).fill("malformed_payload")]);
    expect(await present(seller, proof)).toMatchObject(SPENT);
    expect(seller.handlerRuns()).toBe(1);
  });
}

attack(
  "Track B settled by its payer during the handler, signed again for a cheap resource's challenge",
  async (world) => {
    const { alice, clock, claimTrackB } = world;
    const seller = await startOpenSeller(world);
    const { nanoSignature } = await fetchOffers(seller);
    const { hash, ...proof } = await alice.payNanoSignature(nanoSignature);
    const meanwhile: unknown[] = [];
    duringTheHandler(seller, async () => {
      for (const amountRaw of [10n, BigInt(nanoSignature.amount)]) {
        meanwhile.push(await seller.ask("settle", claimTrackB(parseBlockHash(hash), { amountRaw })));
      }
      // Its own challenge expires meanwhile, which does not matter to the lease (R4).
      clock.advanceSeconds(nanoSignature.maxTimeoutSeconds - 1);
      meanwhile.push(await seller.ask("settle", claimTrackB(parseBlockHash(hash))));
    });
    expect(await present(seller, proof)).toMatchObject(SERVED);
    expect(meanwhile).toMatchObject(Array(3).fill({ success: false, errorReason: "payment_in_progress" }));
    expect(await present(seller, proof)).toMatchObject(SPENT);
    expect(seller.handlerRuns()).toBe(1);
  },
);

attack(
  "Track A settled by its payer during the handler, and still pending: one response in the end",
  async (world) => {
    const { dev, alice, claimTrackB } = world;
    const seller = await startOpenSeller(world);
    const proof = await alice.proveNanoTxn((await fetchOffers(seller)).nanoTxn);
    let transaction = "";
    duringTheHandler(seller, async () => {
      const answer = await seller.ask("settle", requestOf(proof));
      expect(answer).toMatchObject({ success: false, errorReason: "settlement_pending" });
      transaction = String(answer["transaction"]);
    });
    const landed = { status: 402, reason: "block_already_landed" };
    expect(await present(seller, proof)).toMatchObject(landed);
    dev.confirmAll();
    expect(await present(seller, proof)).toMatchObject(landed);
    expect(seller.handlerRuns()).toBe(1);

    const claim = claimTrackB(parseBlockHash(transaction)).paymentPayload;
    expect(await present(seller, claim)).toMatchObject(SERVED);
    for (const again of [claim, proof]) expect(await present(seller, again)).toMatchObject(SPENT);
  },
  { dev: { confirm: "never" }, engine: { confirmationTimeoutSeconds: 0.04 } },
);
