import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  bytesToHex,
  encodeBlockJson,
  hashBlock,
  hexToBytes,
  parseBlockHash,
  type SignedBlock,
  signNoms,
} from "../../src/nano/index.js";
import { challengeMessage } from "../../src/protocol/index.js";
import { type HandPayer, type Offer, payOn, wrap } from "../support/hand-payer.js";
import { fetchOffers, present, type Seller, startSeller } from "../support/sellers.js";
import { startWorld, type World } from "../support/world.js";

/** A stranger's account: it receives what should have gone to the seller. */
const ELSEWHERE = "nano_3e3j5tkog48pnny9dmfzj1r16pg8t1e76dz5tmac6iq689wyjfpiij4txtdo";

let world: World;
let seller: Seller;
let payer: HandPayer;

beforeEach(async () => {
  world = await startWorld();
  seller = await startSeller(world);
  payer = await world.payer();
});
afterEach(() => world.close());

const blockProof = (offer: Offer, block: SignedBlock) => wrap(offer, { block: { ...encodeBlockJson(block) } });

/** Nothing was served and nothing ran. */
async function expectRefused(proof: unknown, reason: string): Promise<void> {
  const outcome = await present(seller, proof);
  expect(outcome).toMatchObject({ status: 402, reason });
  expect(seller.handlerRuns()).toBe(0);
}

test("no payment", async () => {
  const response = await fetch(seller.url);
  expect(response.status).toBe(402);
  expect(seller.handlerRuns()).toBe(0);
});

describe("Track A", () => {
  test.each([
    ["one raw too little", -1n],
    ["one raw too much", 1n],
    ["nothing of what was asked", -(10n ** 26n)],
  ])("wrong amount: %s", async (_name, differenceRaw) => {
    const { nanoTxn } = await fetchOffers(seller);
    const amountRaw = BigInt(nanoTxn.amount) + differenceRaw;
    const block = await payer.signSend({ payTo: nanoTxn.payTo, amountRaw });
    await expectRefused(blockProof(nanoTxn, block), "insufficient_amount");
  });

  test("the amount of Track B under Track A's entry", async () => {
    const { nanoTxn, nanoSignature } = await fetchOffers(seller);
    const block = await payer.signSend({ payTo: nanoTxn.payTo, amountRaw: BigInt(nanoSignature.amount) });
    await expectRefused(blockProof(nanoTxn, block), "insufficient_amount");
  });

  test("wrong destination", async () => {
    const { nanoTxn } = await fetchOffers(seller);
    const block = await payer.signSend({ payTo: ELSEWHERE, amountRaw: BigInt(nanoTxn.amount) });
    await expectRefused(blockProof(nanoTxn, block), "wrong_destination");
  });

  test("wrong destination behind a link_as_account that names the seller", async () => {
    const { nanoTxn } = await fetchOffers(seller);
    const block = await payer.signSend({ payTo: ELSEWHERE, amountRaw: BigInt(nanoTxn.amount) });
    const proof = wrap(nanoTxn, { block: { ...encodeBlockJson(block), link_as_account: nanoTxn.payTo } });
    await expectRefused(proof, "wrong_destination");
  });

  test("bad signature: another key's", async () => {
    const other = await world.payer();
    const { nanoTxn } = await fetchOffers(seller);
    const sendOf = { payTo: nanoTxn.payTo, amountRaw: BigInt(nanoTxn.amount) };
    const [mine, theirs] = [await payer.signSend(sendOf), await other.signSend(sendOf)];
    await expectRefused(blockProof(nanoTxn, { ...mine, signature: theirs.signature }), "invalid_signature");
  });

  test("stale frontier: a confirmed block follows previous", async () => {
    const { nanoTxn } = await fetchOffers(seller);
    const proof = await payer.proveNanoTxn(nanoTxn);
    await payer.send({ payTo: ELSEWHERE, amountRaw: 1n });
    await expectRefused(proof, "stale_frontier");
  });

  test("work below the threshold, missing, malformed", async () => {
    const { nanoTxn } = await fetchOffers(seller);
    const block = await payer.signSend({ payTo: nanoTxn.payTo, amountRaw: BigInt(nanoTxn.amount) });
    const json = { ...encodeBlockJson(block) };
    await expectRefused(wrap(nanoTxn, { block: { ...json, work: "xyz" } }), "invalid_work");
    const { work: _work, ...without } = json;
    await expectRefused(wrap(nanoTxn, { block: without }), "invalid_work");
  });

  test("expired, and stretched beyond what the seller would issue", async () => {
    const { nanoTxn } = await fetchOffers(seller);
    const stretched = {
      ...nanoTxn,
      extra: { ...nanoTxn.extra, validBefore: Number(nanoTxn.extra["validBefore"]) + 301 },
    };
    await expectRefused(await payer.proveNanoTxn(stretched), "challenge_invalid");
    const proof = await payer.proveNanoTxn(nanoTxn);
    world.clock.advanceSeconds(nanoTxn.maxTimeoutSeconds + 6);
    await expectRefused(proof, "payment_expired");
  });

  test("a stranger's Track B payment, copied from the ledger into a Track A payload", async () => {
    const { nanoTxn, nanoSignature } = await fetchOffers(seller);
    const { block } = await payer.send({ payTo: nanoSignature.payTo, amountRaw: BigInt(nanoSignature.amount) });
    await expectRefused(blockProof(nanoTxn, block), "block_already_landed");
    const { block: exact } = await payer.send({ payTo: nanoTxn.payTo, amountRaw: BigInt(nanoTxn.amount) });
    await expectRefused(blockProof(nanoTxn, exact), "block_already_landed");
  });

  test("a stranger's Track B payment, copied from the gossip before the facilitator's node knows it", async () => {
    const { nanoTxn, nanoSignature } = await fetchOffers(seller);
    const block = await payer.signSend({ payTo: nanoSignature.payTo, amountRaw: BigInt(nanoSignature.amount) });
    await expectRefused(blockProof(nanoTxn, block), "insufficient_amount");
  });
});

test("Track A: unconfirmed frontier", async () => {
  await fetchOffers(seller);
  await world.close();
  world = await startWorld({ dev: { confirm: "never" } });
  seller = await startSeller(world);
  payer = await world.payer();
  await payer.send({ payTo: ELSEWHERE, amountRaw: 1n });
  const { nanoTxn } = await fetchOffers(seller);
  await expectRefused(await payer.proveNanoTxn(nanoTxn), "frontier_unconfirmed");
});

describe("Track B", () => {
  test("one raw too little", async () => {
    const { nanoSignature } = await fetchOffers(seller);
    const amountRaw = BigInt(nanoSignature.amount) - 1n;
    const { hash } = await payer.send({ payTo: nanoSignature.payTo, amountRaw });
    await expectRefused(payer.proveNanoSignature(nanoSignature, hash), "insufficient_amount");
  });

  test("wrong destination", async () => {
    const { nanoSignature } = await fetchOffers(seller);
    const { hash } = await payer.send({ payTo: ELSEWHERE, amountRaw: BigInt(nanoSignature.amount) });
    await expectRefused(payer.proveNanoSignature(nanoSignature, hash), "wrong_destination");
  });

  test("bad signature, and somebody else's payment signed with one's own key", async () => {
    const thief = await world.payer();
    const { nanoSignature } = await fetchOffers(seller);
    const { hash, ...proof } = await payer.payNanoSignature(nanoSignature);
    const flipped = hexToBytes(String(proof.payload["signature"]), 64);
    flipped[0] = (flipped[0] ?? 0) ^ 1;
    const bad = { ...proof, payload: { ...proof.payload, signature: bytesToHex(flipped) } };
    await expectRefused(bad, "invalid_signature");
    await expectRefused(thief.proveNanoSignature(nanoSignature, hash), "sender_mismatch");
    const posing = thief.proveNanoSignature(nanoSignature, hash);
    await expectRefused({ ...posing, payload: { ...posing.payload, account: payer.address } }, "invalid_signature");
  });

  test("expired challenge", async () => {
    const { nanoSignature } = await fetchOffers(seller);
    const { hash: _hash, ...proof } = await payer.payNanoSignature(nanoSignature);
    world.clock.advanceSeconds(nanoSignature.maxTimeoutSeconds + 6);
    await expectRefused(proof, "payment_expired");
  });

  test.each([
    ["a nonce of one's own", { nonce: "ab".repeat(32) }],
    ["a stretched validBefore", { validBefore: 1_800_000_240 }],
  ])("forged challenge: %s", async (_name, forged) => {
    const { nanoSignature } = await fetchOffers(seller);
    const offer = { ...nanoSignature, extra: { ...nanoSignature.extra, ...forged } };
    const { hash: _hash, ...proof } = await payer.payNanoSignature(offer);
    await expectRefused(proof, "challenge_invalid");
  });

  test("no nonce at all", async () => {
    const { nanoSignature } = await fetchOffers(seller);
    const { hash } = await payer.send({ payTo: nanoSignature.payTo, amountRaw: BigInt(nanoSignature.amount) });
    const { nonce: _nonce, ...extra } = nanoSignature.extra;
    const signed = bytesToHex(signNoms(challengeMessage(hash, "", Number(extra["validBefore"])), payer.secretKey));
    const proof = wrap({ ...nanoSignature, extra }, { blockHash: hash, account: payer.address, signature: signed });
    await expectRefused(proof, "challenge_invalid");
  });

  test("a block that was never sent, and one that is a receive", async () => {
    const { nanoSignature } = await fetchOffers(seller);
    const unsent = await payer.signSend({ payTo: nanoSignature.payTo, amountRaw: BigInt(nanoSignature.amount) });
    await expectRefused(payer.proveNanoSignature(nanoSignature, hashBlock(unsent)), "block_not_found");
    const opened = await world.ledger.accountInfo(payer.account);
    expect(opened).toBeDefined();
    const receive = opened?.frontier ?? hashBlock(unsent);
    await expectRefused(payer.proveNanoSignature(nanoSignature, receive), "wrong_block_type");
  });

  test("an old transfer, and one from before the store was made", async () => {
    const { nanoSignature } = await fetchOffers(seller);
    const { hash } = await payer.send({ payTo: nanoSignature.payTo, amountRaw: BigInt(nanoSignature.amount) });
    world.clock.advanceSeconds(3601);
    const { nanoSignature: fresh } = await fetchOffers(seller);
    await expectRefused(payer.proveNanoSignature(fresh, hash), "payment_too_old");
  });
});

describe("after one response was bought", () => {
  test("replay on Track A, also under a fresh challenge", async () => {
    const { nanoTxn } = await fetchOffers(seller);
    const proof = await payer.proveNanoTxn(nanoTxn);
    expect(await present(seller, proof)).toMatchObject({ status: 200 });
    expect(await present(seller, proof)).toMatchObject({ status: 402, reason: "duplicate_block_hash" });
    const { nanoTxn: fresh } = await fetchOffers(seller);
    const again = { ...proof, accepted: fresh };
    expect(await present(seller, again)).toMatchObject({ status: 402, reason: "duplicate_block_hash" });
    expect(seller.handlerRuns()).toBe(1);
  });

  test("replay on Track B, re-signed for a fresh nonce, also after the first has expired", async () => {
    const { nanoSignature } = await fetchOffers(seller);
    const { hash, ...proof } = await payer.payNanoSignature(nanoSignature);
    expect(await present(seller, proof)).toMatchObject({ status: 200 });
    const { nanoSignature: fresh } = await fetchOffers(seller);
    const resigned = payer.proveNanoSignature(fresh, hash);
    expect(await present(seller, resigned)).toMatchObject({ status: 402, reason: "duplicate_block_hash" });
    world.clock.advanceSeconds(1000);
    const { nanoSignature: late } = await fetchOffers(seller);
    const later = payer.proveNanoSignature(late, hash);
    expect(await present(seller, later)).toMatchObject({ status: 402, reason: "duplicate_block_hash" });
    expect(seller.handlerRuns()).toBe(1);
  });

  test("replay across tracks: A comes back as B, B comes back as A", async () => {
    const first = await fetchOffers(seller);
    const proofA = await payer.proveNanoTxn(first.nanoTxn);
    const paidA = await present(seller, proofA);
    expect(paidA.status).toBe(200);
    const hashA = parseBlockHash(String(paidA.settlement?.["transaction"]));
    const asB = payer.proveNanoSignature(first.nanoSignature, hashA);
    expect(await present(seller, asB)).toMatchObject({ status: 402, reason: "duplicate_block_hash" });

    const { hash, block } = await payer.send({
      payTo: first.nanoSignature.payTo,
      amountRaw: BigInt(first.nanoTxn.amount),
    });
    expect(await present(seller, payer.proveNanoSignature(first.nanoSignature, hash))).toMatchObject({ status: 200 });
    expect(await present(seller, blockProof(first.nanoTxn, block))).toMatchObject({
      status: 402,
      reason: "duplicate_block_hash",
    });
    expect(seller.handlerRuns()).toBe(2);
  });
});

describe("the same proof twenty times at once buys exactly one response", () => {
  const LOSING = ["payment_in_progress", "duplicate_block_hash", "settlement_pending"];

  test.each(["nanoTxn", "nanoSignature"] as const)("%s", async (track) => {
    const offers = await fetchOffers(seller);
    const proof = await payOn(payer, track, offers);
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => present(seller, proof)));
    expect(outcomes.filter(({ status }) => status === 200)).toHaveLength(1);
    for (const { status, reason } of outcomes) {
      if (status !== 200) expect(LOSING).toContain(reason);
    }
    expect(seller.handlerRuns()).toBe(1);
  });
});
