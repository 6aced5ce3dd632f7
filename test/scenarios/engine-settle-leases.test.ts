import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { hashBlock } from "../../src/nano/index.js";
import { TRACKS, type Track } from "../../src/protocol/index.js";
import { type HandPayer, payOn } from "../support/hand-payer.js";
import {
  blockOf,
  leaseOf,
  offersOf,
  proveBlock,
  type Request,
  requestOf,
  withBlock,
  withLease,
} from "../support/offers.js";
import { fetchOffers, present, startSeller } from "../support/sellers.js";
import { startWorld, type World } from "../support/world.js";

/** R3 and R4: whose lease a settle holds, takes over, or leaves alone. */

let world: World;
let payer: HandPayer;

beforeEach(async () => {
  world = await startWorld();
  payer = await world.payer();
});
afterEach(() => world.close());

async function pay(track: Track): Promise<Request> {
  const offers = offersOf(world);
  return requestOf(await payOn(payer, track, offers));
}

const guessAt = (lease: string): string => `${lease.slice(0, -64)}${"0".repeat(64)}`;
const IN_PROGRESS = { success: false, errorReason: "payment_in_progress", transaction: "" };

describe.each(TRACKS)("a settle of %s", (track) => {
  test("with the token succeeds: hash in upper case, network, payer", async () => {
    const request = await pay(track);
    const lease = await leaseOf(world.engine, request);
    const answer = await world.engine.settle(withLease(request, lease));
    expect(answer).toMatchObject({ success: true, network: "nano:mainnet", payer: payer.address });
    expect(answer.transaction).toMatch(/^[0-9A-F]{64}$/);
    expect(answer.txHash).toBe(track === "nanoSignature" ? answer.transaction : undefined);
    const account = await world.ledger.accountInfo(payer.account);
    expect(answer.transaction).toBe(account?.frontier.toUpperCase());
  });

  test("with an unknown token is in progress while a lease is open, and leaves it alone", async () => {
    const request = await pay(track);
    const lease = await leaseOf(world.engine, request);
    for (const guess of [guessAt(lease), "", "no token"]) {
      expect(await world.engine.settle(withLease(request, guess))).toMatchObject(IN_PROGRESS);
    }
    expect(await world.engine.settle(withLease(request, lease))).toMatchObject({ success: true });
  });

  test("with an unknown token is judged in full where no lease is open", async () => {
    const request = await pay(track);
    const lease = await leaseOf(world.engine, request);
    await world.engine.release(lease);
    expect(await world.engine.settle(withLease(request, lease))).toMatchObject({ success: true });
  });

  test("without a token takes over the open lease of the same payment, whose token is lost", async () => {
    const request = await pay(track);
    const lease = await leaseOf(world.engine, request);
    const taken = await world.engine.settle(request);
    expect(taken).toMatchObject({ success: true });
    expect(await world.engine.release(lease)).toBe(false);
    expect(await world.engine.settle(withLease(request, lease))).toMatchObject({
      success: false,
      errorReason: "duplicate_block_hash",
      transaction: taken.transaction,
    });
  });

  test("without any verify before it succeeds (settle-first)", async () => {
    expect(await world.engine.settle(await pay(track))).toMatchObject({ success: true, payer: payer.address });
  });

  test("never answers with a lease, whatever comes of it", async () => {
    const request = await pay(track);
    const lease = await leaseOf(world.engine, request);
    const answers = [
      await world.engine.settle(withLease(request, guessAt(lease))),
      await world.engine.settle(withLease(request, 7)),
      await world.engine.settle(withLease(request, lease)),
      await world.engine.settle(withLease(request, lease)),
      await world.engine.settle(request),
    ];
    expect(answers.map(({ errorReason }) => errorReason)).toEqual([
      "payment_in_progress",
      "malformed_payload",
      undefined,
      undefined,
      "duplicate_block_hash",
    ]);
    const text = JSON.stringify(answers);
    expect(text).not.toContain('"lease"');
    expect(text).not.toContain(lease.slice(-64));
  });

  test("frees nothing when a lease is released after it", async () => {
    const request = await pay(track);
    const lease = await leaseOf(world.engine, request);
    await world.engine.settle(withLease(request, lease));
    expect(await world.engine.release(lease)).toBe(false);
    expect(await world.engine.verify(request)).toMatchObject({ invalidReason: "duplicate_block_hash" });
  });
});

describe("a settle without a token leaves the open lease alone", () => {
  /** The payer knows both proofs and the facilitator's address, so it can post what it likes while the handler runs. */
  async function expectLeaseIntact(track: Track, spoil: (request: Request) => Request, reason: string): Promise<void> {
    const request = await pay(track);
    const lease = await leaseOf(world.engine, request);
    expect(await world.engine.settle(spoil(request))).toMatchObject({ success: false, errorReason: reason });
    expect(await world.engine.verify(request)).toMatchObject({ invalidReason: "payment_in_progress" });
    expect(await world.engine.settle(withLease(request, lease))).toMatchObject({ success: true });
  }

  const agreed = (request: Request, change: Partial<Request["paymentRequirements"]>): Request => {
    const offer = { ...request.paymentRequirements, ...change };
    return { paymentPayload: { ...request.paymentPayload, accepted: offer }, paymentRequirements: offer };
  };

  test("where it is for another amount, which is another payment", async () => {
    const spoil = (request: Request) => agreed(request, { amount: (10n ** 26n).toString() });
    await expectLeaseIntact("nanoTxn", spoil, "payment_in_progress");
  });

  test("where it is for another challenge, which is another payment", async () => {
    const later = { assetTransferMethod: "nanoTxn", validBefore: Math.floor(world.clock() / 1000) + 100 };
    await expectLeaseIntact("nanoTxn", (request) => agreed(request, { extra: later }), "payment_in_progress");
  });

  test("where Track B answers another challenge, which is another payment", async () => {
    const { hash, ...first } = await payer.payNanoSignature(offersOf(world).nanoSignature);
    const request = requestOf(first);
    const lease = await leaseOf(world.engine, request);
    const other = requestOf(payer.proveNanoSignature(offersOf(world).nanoSignature, hash));
    expect(await world.engine.settle(other)).toMatchObject(IN_PROGRESS);
    expect(await world.engine.settle(withLease(other, lease))).toMatchObject(IN_PROGRESS);
    expect(await world.engine.settle(withLease(request, lease))).toMatchObject({ success: true });
  });

  test("where it is refused by the rows before the store's", async () => {
    const refused: readonly [string, (request: Request) => Request][] = [
      [
        "requirements_mismatch",
        (request) => requestOf(request.paymentPayload, offersOf(world, { amountRaw: 10n ** 26n }).nanoTxn),
      ],
      ["wrong_destination", (request) => agreed(request, { payTo: payer.address })],
      ["invalid_signature", (request) => withBlock(request, { ...blockOf(request), signature: "00".repeat(64) })],
      ["invalid_work", (request) => withBlock(request, { ...blockOf(request), work: "" })],
    ];
    const request = await pay("nanoTxn");
    const lease = await leaseOf(world.engine, request);
    for (const [reason, spoil] of refused) {
      expect(await world.engine.settle(spoil(request))).toMatchObject({ success: false, errorReason: reason });
    }
    expect(await world.engine.settle(withLease(request, lease))).toMatchObject({ success: true });
  });

  test("where it comes after the challenge has expired", async () => {
    const { nanoTxn } = offersOf(world);
    const soon = { ...nanoTxn, extra: { ...nanoTxn.extra, validBefore: Math.floor(world.clock() / 1000) + 10 } };
    const request = requestOf(await payer.proveNanoTxn(soon));
    const lease = await leaseOf(world.engine, request);
    world.clock.advanceSeconds(16);
    expect(await world.engine.settle(request)).toMatchObject({ success: false, errorReason: "payment_expired" });
    expect(await world.engine.settle(withLease(request, lease))).toMatchObject({ success: true });
  });

  test("where the ledger refuses it", async () => {
    const request = await pay("nanoTxn");
    const lease = await leaseOf(world.engine, request);
    await payer.send({ payTo: payer.address, amountRaw: 1n });
    expect(await world.engine.settle(request)).toMatchObject({ success: false, errorReason: "stale_frontier" });
    expect(await world.engine.verify(request)).toMatchObject({ invalidReason: "payment_in_progress" });
    expect(await world.engine.release(lease)).toBe(true);
  });
});

test("an unknown token is in progress while a lease is open, whatever the ledger would say", async () => {
  const request = await pay("nanoTxn");
  const lease = await leaseOf(world.engine, request);
  await payer.send({ payTo: payer.address, amountRaw: 1n });
  expect(await world.engine.settle(withLease(request, guessAt(lease)))).toMatchObject(IN_PROGRESS);
});

test("the other track is another payment, though hash, amount and challenge are the same", async () => {
  const { nanoSignature } = offersOf(world);
  const { assetTransferMethod: _method, ...extra } = nanoSignature.extra;
  const unmarked = { ...nanoSignature, extra };
  const block = await payer.signSend({ payTo: unmarked.payTo, amountRaw: BigInt(unmarked.amount) });
  const trackA = requestOf(proveBlock(unmarked, block));
  const lease = await leaseOf(world.engine, trackA);
  const trackB = requestOf(payer.proveNanoSignature(unmarked, hashBlock(block)));
  await world.ledger.process(block, "send");
  expect(await world.engine.settle(trackB)).toMatchObject(IN_PROGRESS);
  await world.engine.release(lease);
  expect(await world.engine.settle(trackB)).toMatchObject({ success: true });
});

test("a settle with the token is refused for what it never verified, and keeps the lease", async () => {
  const request = await pay("nanoSignature");
  const lease = await leaseOf(world.engine, request);
  const { nanoSignature: cheaper } = offersOf(world, { amountRaw: 10n ** 26n });
  const other = requestOf({ ...request.paymentPayload, accepted: cheaper }, cheaper);
  expect(await world.engine.settle(withLease(other, lease))).toMatchObject({ errorReason: "invalid_signature" });
  expect(await world.engine.settle(withLease(request, lease))).toMatchObject({ success: true });
});

describe("a settle that the payer posts while the handler runs", () => {
  test.each(TRACKS)(
    "%s: with good requirements it spends its own payment, and the response is withheld",
    async (track) => {
      const seller = await startSeller(world);
      const offers = await fetchOffers(seller);
      const proof = await payOn(payer, track, offers);
      seller.onHandler(async () => {
        expect(await world.engine.settle(requestOf(proof, offers[track]))).toMatchObject({ success: true });
      });
      expect(await present(seller, proof)).toMatchObject({ status: 402, reason: "duplicate_block_hash" });
      expect(seller.handlerRuns()).toBe(1);
    },
  );

  test.each(TRACKS)("%s: with bad requirements it changes nothing, and the response is served", async (track) => {
    const seller = await startSeller(world);
    const offers = await fetchOffers(seller);
    const proof = await payOn(payer, track, offers);
    seller.onHandler(async () => {
      const cheaper = { ...offers[track], amount: "10" };
      const bad = [
        requestOf(proof, cheaper),
        requestOf({ ...proof, accepted: cheaper }, cheaper),
        requestOf(proof, { ...offers[track], payTo: payer.address }),
      ];
      for (const request of bad) expect(await world.engine.settle(request)).toMatchObject({ success: false });
    });
    expect(await present(seller, proof)).toMatchObject({ status: 200 });
    expect(seller.handlerRuns()).toBe(1);
  });
});
