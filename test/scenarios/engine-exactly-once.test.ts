import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createFacilitatorEngine, type SettleAnswer } from "x402-nano/facilitator";
import { parseBlockHash } from "../../src/nano/index.js";
import { TRACKS, type Track } from "../../src/protocol/index.js";
import { type FaultyLedger, faultyLedger } from "../support/faulty-ledger.js";
import { type HandPayer, payOn } from "../support/hand-payer.js";
import { leaseOf, offersOf, type Request, requestOf, withLease } from "../support/offers.js";
import { startWorld, type World } from "../support/world.js";

/** R1, R2, R4: one block buys one response, for ever. */

let world: World;
let ledger: FaultyLedger;
let payer: HandPayer;

beforeEach(async () => {
  world = await startWorld({
    wrapLedger: (real) => {
      ledger = faultyLedger(real);
      return ledger.port;
    },
  });
  payer = await world.payer();
});
afterEach(() => world.close());

async function pay(track: Track): Promise<Request> {
  const offers = offersOf(world);
  return requestOf(await payOn(payer, track, offers));
}

const successesOf = (answers: readonly SettleAnswer[]) => answers.filter(({ success }) => success);
const many = <Result>(count: number, call: (index: number) => Promise<Result>): Promise<Result[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => call(index)));

describe.each(TRACKS)("%s, once redeemed", (track) => {
  test("is given again to the token that redeemed it, and to nobody else", async () => {
    const request = await pay(track);
    const lease = await leaseOf(world.engine, request);
    const paid = await world.engine.settle(withLease(request, lease));
    expect(paid.success).toBe(true);
    expect(await world.engine.settle(withLease(request, lease))).toEqual(paid);

    const duplicate = {
      success: false,
      errorReason: "duplicate_block_hash",
      error: "DUPLICATE_BLOCK_HASH",
      transaction: paid.transaction,
      payer: payer.address,
    };
    const guess = `${lease.slice(0, -64)}${"0".repeat(64)}`;
    for (const repeat of [request, withLease(request, guess), withLease(request, ""), withLease(request, "x")]) {
      expect(await world.engine.settle(repeat)).toMatchObject(duplicate);
    }
    const refused = await world.engine.verify(request);
    expect(refused).toMatchObject({ isValid: false, invalidReason: "duplicate_block_hash", payer: payer.address });
  });

  test("is not given to its token for another challenge, resource or price", async () => {
    const request = await pay(track);
    const lease = await leaseOf(world.engine, request);
    const paid = await world.engine.settle(withLease(request, lease));
    const hash = parseBlockHash(paid.transaction);
    const others = [
      payer.proveNanoSignature(offersOf(world).nanoSignature, hash),
      payer.proveNanoSignature(offersOf(world, { amountRaw: 10n ** 26n }).nanoSignature, hash),
    ];
    for (const other of others) {
      const answer = await world.engine.settle(withLease(requestOf(other), lease));
      expect(answer).toMatchObject({ success: false, errorReason: "duplicate_block_hash" });
    }
  });

  test("was redeemed without a token: there is none to give it again to", async () => {
    const request = await pay(track);
    const paid = await world.engine.settle(request);
    expect(paid.success).toBe(true);
    expect(await world.engine.settle(request)).toMatchObject({
      success: false,
      errorReason: "duplicate_block_hash",
      transaction: paid.transaction,
    });
  });

  test("stays so for ever, and for every facilitator on the same store", async () => {
    const request = await pay(track);
    const hash = parseBlockHash((await world.engine.settle(request)).transaction);
    const other = createFacilitatorEngine(world.facilitatorOptions);
    for (const seconds of [61, 3600, 400 * 86_400]) {
      world.clock.advanceSeconds(seconds);
      const fresh = requestOf(payer.proveNanoSignature(offersOf(world).nanoSignature, hash));
      expect(await other.verify(fresh)).toMatchObject({ invalidReason: "duplicate_block_hash" });
      expect(await other.settle(fresh)).toMatchObject({ errorReason: "duplicate_block_hash" });
    }
  });
});

const LOSING = ["payment_in_progress", "duplicate_block_hash", "settlement_pending"];

describe.each(TRACKS)("100 settles of %s at once", (track) => {
  test("without a token: one success, and no loser is told to pay again", async () => {
    const request = await pay(track);
    const answers = await many(100, () => world.engine.settle(request));
    expect(successesOf(answers)).toHaveLength(1);
    for (const { success, errorReason } of answers) if (!success) expect(LOSING).toContain(errorReason);
    expect(ledger.countOf("process")).toBe(track === "nanoTxn" ? 1 : 0);
  });

  test("with the one token: all of them are the same success, broadcast once", async () => {
    const request = await pay(track);
    const lease = await leaseOf(world.engine, request);
    const answers = await many(100, () => world.engine.settle(withLease(request, lease)));
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(successesOf(answers)).toHaveLength(100);
    expect(ledger.countOf("process")).toBe(track === "nanoTxn" ? 1 : 0);
  });

  test("with, without and with wrong tokens: one holder is served", async () => {
    const request = await pay(track);
    const lease = await leaseOf(world.engine, request);
    const guess = `${lease.slice(0, -64)}${"0".repeat(64)}`;
    const requests = [withLease(request, lease), request, withLease(request, guess)];
    const answers = await many(100, (index) => world.engine.settle(requests[index % 3] ?? request));
    const owners = successesOf(answers.filter((_, index) => index % 3 === 0));
    const others = successesOf(answers.filter((_, index) => index % 3 !== 0));
    expect((owners.length > 0 ? 1 : 0) + others.length).toBe(1);
    for (const { success, errorReason } of answers) if (!success) expect(LOSING).toContain(errorReason);
  });
});

test("50 verifies and 50 settles at once, each with a challenge of its own: one lease or one success", async () => {
  const offer = offersOf(world);
  const { hash } = await payer.send({ payTo: offer.nanoTxn.payTo, amountRaw: BigInt(offer.nanoTxn.amount) });
  const proofs = Array.from({ length: 100 }, () =>
    requestOf(payer.proveNanoSignature(offersOf(world).nanoSignature, hash)),
  );
  const outcomes = await many(100, async (index) => {
    const request = proofs[index] ?? proofs[0];
    if (request === undefined) throw new TypeError("no proof");
    return index % 2 === 0
      ? (await world.engine.verify(request)).isValid
      : (await world.engine.settle(request)).success;
  });
  expect(outcomes.filter(Boolean)).toHaveLength(1);
});

test("different payments at once are all served", async () => {
  const offer = offersOf(world).nanoSignature;
  const requests: Request[] = [];
  for (let index = 0; index < 30; index += 1) requests.push(requestOf(await payer.payNanoSignature(offer)));
  const answers = await many(30, async (index) => {
    const request = requests[index];
    if (request === undefined) throw new TypeError("no request");
    const lease = await leaseOf(world.engine, request);
    return world.engine.settle(withLease(request, lease));
  });
  expect(successesOf(answers)).toHaveLength(30);
  expect(new Set(answers.map(({ transaction }) => transaction)).size).toBe(30);
});
