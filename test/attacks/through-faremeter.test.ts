import type { CommonMiddlewareArgs } from "@faremeter/middleware/common";
import { expect } from "vitest";
import { hashBlock, parseBlockHash } from "../../src/nano/index.js";
import { TRACKS } from "../../src/protocol/index.js";
import { envelopeFor, fetchFaremeterOffers, presentTo, VERSIONS } from "../support/faremeter-buyers.js";
import { type FaremeterPlace, type FaremeterSeller, startFaremeterSeller } from "../support/faremeter-sellers.js";
import { unreachable } from "../support/faulty-ledger.js";
import { type Envelope, payOn } from "../support/hand-payer.js";
import { proveBlock } from "../support/offers.js";
import { PAY_TO } from "../support/world.js";
import { type AttackWorld, attack } from "./attack.js";
import { issuedUnder, LOSING } from "./support-facilitators.js";

/**
 * UPSTREAM 3: Faremeter's middleware judges nothing itself, hands over its first entry for both tracks, and over
 * version 1 its own entry for what the client accepted. Two servers, the second one on the second facilitator.
 */

const PLACES: readonly FaremeterPlace[] = ["express 5", "hono authorize-first"];
const COPIES = 8;

async function startTwo(world: AttackWorld, args: Partial<CommonMiddlewareArgs> = {}): Promise<FaremeterSeller[]> {
  const [place, otherPlace] = PLACES;
  return [
    await startFaremeterSeller(world, { ...(place === undefined ? {} : { place }), args }),
    await startFaremeterSeller(
      { ...world, facilitatorOptions: world.otherOptions },
      { ...(otherPlace === undefined ? {} : { place: otherPlace }), args },
    ),
  ];
}

const runsOf = (sellers: readonly FaremeterSeller[]): number =>
  sellers.reduce((sum, seller) => sum + seller.handlerRuns(), 0);

async function expectRefusedByAll(
  sellers: readonly FaremeterSeller[],
  version: 1 | 2,
  envelope: Record<string, unknown>,
  reason?: string,
): Promise<void> {
  for (const seller of sellers) {
    const outcome = await presentTo(seller.url, version, envelope);
    expect(outcome.status).toBe(402);
    // A refused verify keeps its reason to itself.
    if (reason !== undefined && outcome.settlement !== undefined) expect(outcome.reason).toBe(reason);
  }
}

for (const version of VERSIONS) {
  for (const track of TRACKS) {
    attack(
      `v${version} ${track}: copies at two servers at once, afterwards, and under a fresh challenge`,
      async (world) => {
        const sellers = await startTwo(world);
        const [first] = sellers;
        if (first === undefined) throw new TypeError("no seller");
        const paid = await payOn(world.alice, track, await fetchFaremeterOffers(first.url, version));
        const envelope = envelopeFor(version, paid);
        const outcomes = await Promise.all(
          Array.from({ length: COPIES }, (_, copy) =>
            presentTo(sellers[copy % sellers.length]?.url ?? "", version, envelope),
          ),
        );
        expect(outcomes.filter(({ status }) => status === 200)).toHaveLength(1);
        for (const { status, reason } of outcomes)
          if (status !== 200 && reason !== undefined) expect(LOSING).toContain(reason);
        const runs = runsOf(sellers);
        await expectRefusedByAll(sellers, version, envelope, "duplicate_block_hash");
        if (track === "nanoSignature") {
          const offers = await fetchFaremeterOffers(first.url, version);
          const again = world.alice.proveNanoSignature(
            offers.nanoSignature,
            parseBlockHash(String(paid.payload["blockHash"])),
          );
          await expectRefusedByAll(sellers, version, envelopeFor(version, again), "duplicate_block_hash");
        }
        expect(runsOf(sellers)).toBe(runs);
      },
    );
  }

  attack(`v${version}: a challenge that nobody issued, or for less, or stretched`, async (world) => {
    const sellers = await startTwo(world);
    const { nanoSignature } = await fetchFaremeterOffers(sellers[0]?.url ?? "", version);
    const { hash, ...honest } = await world.alice.payNanoSignature(nanoSignature);
    const { validBefore, ...extra } = nanoSignature.extra;
    for (const offer of [
      issuedUnder("66".repeat(32), nanoSignature),
      { ...nanoSignature, extra: { ...extra, validBefore: Number(validBefore) + 60 } },
      { ...nanoSignature, extra: { ...nanoSignature.extra, nonce: "00".repeat(32) } },
    ]) {
      const forged = envelopeFor(version, world.alice.proveNanoSignature(offer, hash));
      await expectRefusedByAll(sellers, version, forged, "challenge_invalid");
    }
    expect(runsOf(sellers)).toBe(0);
    expect(await presentTo(sellers[0]?.url ?? "", version, envelopeFor(version, honest))).toMatchObject({
      status: 200,
    });
  });

  attack(`v${version}: a stranger's send, as its nine keys and under one's own name`, async (world) => {
    const sellers = await startTwo(world);
    const mallory = await world.payer();
    const { nanoTxn, nanoSignature } = await fetchFaremeterOffers(sellers[0]?.url ?? "", version);
    const { hash, block } = await world.alice.send({ payTo: PAY_TO, amountRaw: BigInt(nanoTxn.amount) });
    const copied = envelopeFor(version, proveBlock(nanoTxn, block));
    await expectRefusedByAll(sellers, version, copied, "block_already_landed");
    const claimed = envelopeFor(version, mallory.proveNanoSignature(nanoSignature, hash));
    await expectRefusedByAll(sellers, version, claimed, "sender_mismatch");
    expect(runsOf(sellers)).toBe(0);
    const honest = envelopeFor(version, world.alice.proveNanoSignature(nanoSignature, hash));
    expect(await presentTo(sellers[0]?.url ?? "", version, honest)).toMatchObject({ status: 200 });
  });

  attack(`v${version}: too little, on either track, and the other track's price`, async (world) => {
    const sellers = await startTwo(world);
    const { nanoTxn, nanoSignature } = await fetchFaremeterOffers(sellers[0]?.url ?? "", version);
    const price = BigInt(nanoSignature.amount);
    const cheap = async (amountRaw: bigint): Promise<Envelope> =>
      proveBlock(nanoTxn, await world.alice.signSend({ payTo: PAY_TO, amountRaw }));
    for (const amountRaw of [10n, price, price + 2n]) {
      const envelope = envelopeFor(version, await cheap(amountRaw));
      await expectRefusedByAll(sellers, version, envelope, "insufficient_amount");
    }
    const { hash } = await world.alice.send({ payTo: PAY_TO, amountRaw: price - 1n });
    const short = envelopeFor(version, world.alice.proveNanoSignature(nanoSignature, hash));
    await expectRefusedByAll(sellers, version, short, "insufficient_amount");
    expect(runsOf(sellers)).toBe(0);
  });
}

attack("v2: accepted names another amount, receiver or track than the server asks for", async (world) => {
  const sellers = await startTwo(world);
  const { nanoTxn, nanoSignature } = await fetchFaremeterOffers(sellers[0]?.url ?? "", 2);
  const { hash: _hash, ...honest } = await world.alice.payNanoSignature(nanoSignature);
  const { nonce, validBefore } = nanoSignature.extra;
  for (const accepted of [
    { ...nanoSignature, amount: "10" },
    { ...nanoSignature, payTo: world.alice.address },
    // The other track's entry is what version 1 leaves, for a payload that brings its challenge along and no other.
    { ...nanoTxn, amount: nanoTxn.amount, extra: { ...nanoTxn.extra, nonce } },
    { ...nanoTxn, extra: { ...nanoTxn.extra, assetTransferMethod: "nanoSignature", nonce } },
  ]) {
    await expectRefusedByAll(sellers, 2, { ...honest, accepted }, "requirements_mismatch");
    const carrying = { ...honest.payload, nonce, validBefore };
    if (accepted.extra["assetTransferMethod"] === "nanoSignature") {
      await expectRefusedByAll(sellers, 2, { ...honest, accepted, payload: carrying }, "requirements_mismatch");
    }
  }
  expect(runsOf(sellers)).toBe(0);
  expect(await presentTo(sellers[0]?.url ?? "", 2, honest)).toMatchObject({ status: 200 });
  expect(await presentTo(sellers[1]?.url ?? "", 2, honest)).toMatchObject({ status: 402 });
});

attack("a lease in a client's payload, learned or invented", async (world) => {
  const sellers = await startTwo(world);
  for (const track of TRACKS) {
    const proof = await payOn(world.alice, track, await fetchFaremeterOffers(sellers[0]?.url ?? "", 2));
    const request = { paymentPayload: proof, paymentRequirements: proof.accepted };
    const { extra } = await world.engine.verify(request);
    for (const lease of [extra?.lease, "x", 7]) {
      await expectRefusedByAll(sellers, 2, { ...proof, payload: { ...proof.payload, lease } }, "malformed_payload");
    }
    await world.engine.release(extra?.lease ?? "");
    expect(await presentTo(sellers[0]?.url ?? "", 2, { ...proof })).toMatchObject({ status: 200 });
  }
  expect(runsOf(sellers)).toBe(TRACKS.length);
});

attack(
  "a payer who broadcasts its own block while the handler runs: no response, and the claim at once",
  async (world) => {
    const seller = await startFaremeterSeller(world, { place: "hono authorize-first" });
    const { nanoTxn, nanoSignature } = await fetchFaremeterOffers(seller.url, 2);
    const block = await world.alice.signSend({ payTo: PAY_TO, amountRaw: BigInt(nanoTxn.amount) });
    seller.onHandler(() => world.broadcast(block));
    const outcome = await presentTo(seller.url, 2, { ...proveBlock(nanoTxn, block) });
    expect(outcome).toMatchObject({ status: 402, settlement: { success: false } });
    seller.onHandler(async () => undefined);
    const claim = { ...world.alice.proveNanoSignature(nanoSignature, hashBlock(block)) };
    expect(await presentTo(seller.url, 2, claim)).toMatchObject({ status: 200 });
    expect(await presentTo(seller.url, 2, claim)).toMatchObject({ status: 402 });
    expect(seller.handlerRuns()).toBe(2);
  },
);

attack(
  "a node that cannot be asked once the handler has run: no response, and the proof is good at once",
  async (world) => {
    const seller = await startFaremeterSeller(world, { place: "hono authorize-first" });
    const paid = await payOn(world.alice, "nanoTxn", await fetchFaremeterOffers(seller.url, 2));
    // Without work the facilitator looks at the ledger again before it settles.
    const { work: _work, ...block } = Object(paid.payload["block"]);
    const proof = { ...paid, payload: { block } };
    seller.onHandler(async () => {
      // What was not decided is asked once more.
      world.ledgerFaults.next("blockInfo", unreachable, 2);
      seller.onHandler(async () => undefined);
    });
    const outcome = await presentTo(seller.url, 2, proof);
    expect(outcome).toMatchObject({ status: 402, reason: "ledger_unavailable" });
    expect(await presentTo(seller.url, 2, proof)).toMatchObject({ status: 200 });
    expect(seller.handlerRuns()).toBe(2);
  },
  { engine: { workPolicy: "attach" } },
);
