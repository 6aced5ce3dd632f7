import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseAddress } from "../../src/nano/index.js";
import { createChallengeAuthority } from "../../src/protocol/index.js";
import { envelopeFor } from "../support/faremeter-buyers.js";
import type { Offer } from "../support/hand-payer.js";
import { proveBlock } from "../support/offers.js";
import { CHALLENGE_SECRET, PAY_TO } from "../support/world.js";
import {
  deepestHeader,
  junkPayloads,
  tamperedAccepted,
  tamperedEnvelope,
  UNPARSEABLE,
} from "./faremeter-matrix-attacks.js";
import { createBoard, nameOf } from "./faremeter-matrix-board.js";
import { type Cell, expectOnLedger, openCell, type Payment, successOf } from "./faremeter-matrix-cell.js";

const STRANGER = "nano_1111111111111111111111111111111111111111111111111111hifc8npp";
/** Beyond the 60 s of an offer, its 5 s of grace, and the 30 s for which Faremeter hands the same offer out. */
const PAST_ITS_TIME_SECONDS = 66;
/** What the losers of a race may be told: nothing of it invites a second payment (SPEC 6). */
const LOST_RACE = ["payment_in_progress", "duplicate_block_hash", "settlement_pending"];

const board = createBoard();
// Vitest shows a console line only of a test that failed.
afterAll(() => {
  process.stderr.write(
    `\nFaremeter, stock middleware and our handler (A: nanoTxn, B: nanoSignature)\n${board.toString()}\n\n`,
  );
});

describe.each(board.cells.map((cell) => [nameOf(cell), cell] as const))("%s", (_name, name) => {
  let cell: Cell;
  beforeAll(async () => {
    cell = await openCell(name, board);
  });
  afterAll(() => cell.close());

  test("an honest payment is served once, and never again", async () => {
    const offer = await cell.offer();
    const payment = await cell.pay(offer);
    const proof = cell.prove(payment, offer);
    if (cell.track === "nanoSignature") {
      // With the cache on all buyers share a nonce for 30 s, so it cannot be what is used up (UPSTREAM 3.6).
      const another = (await cell.offer()).extra["nonce"];
      expect(another === offer.extra["nonce"]).toBe(cell.place === "remote cached");
    }
    await cell.serves("the payment", proof, payment);
    await cell.refuses("the very same header", proof, "duplicate_block_hash");

    cell.world.clock.advanceSeconds(31);
    const offers = await cell.offers();
    const fresh = offers[cell.track];
    expect(fresh.extra["validBefore"]).not.toBe(offer.extra["validBefore"]);
    expect(cell.track === "nanoTxn" || fresh.extra["nonce"] !== offer.extra["nonce"]).toBe(true);
    await cell.refuses("under a fresh challenge", cell.prove(payment, fresh), "duplicate_block_hash");
    const lease = { ...(proof["payload"] as object), lease: "0".repeat(64) };
    // In process the handler knows its own tokens; over HTTP a token that nobody gave out counts for nothing (R3).
    const smuggled = cell.isRemote ? "duplicate_block_hash" : "malformed_payload";
    await cell.refuses("with a lease that its buyer made up", { ...proof, payload: lease }, smuggled);

    const { payer, block, hash } = payment;
    const crossed =
      cell.track === "nanoTxn"
        ? payer.proveNanoSignature(offers.nanoSignature, hash)
        : proveBlock(offers.nanoTxn, block);
    await cell.refuses("over the other track", envelopeFor(cell.version, crossed), "duplicate_block_hash");
    const otherVersion = cell.version === 1 ? 2 : 1;
    const own = cell.track === "nanoTxn" ? proveBlock(fresh, block) : payer.proveNanoSignature(fresh, hash);
    const translated = envelopeFor(otherVersion, own);
    await cell.refuses("over the other version", translated, "duplicate_block_hash", otherVersion);
    await expectOnLedger(cell.world, payment);
    await cell.isAlive();
  });

  test("five copies at once buy one response", async () => {
    const offer = await cell.offer();
    const payment = await cell.pay(offer);
    const proof = cell.prove(payment, offer);
    await board.check(cell, async () => {
      const before = cell.seller.handlerRuns();
      const outcomes = await Promise.all(Array.from({ length: 5 }, () => cell.present(proof)));
      const [served, ...others] = outcomes.toSorted((one, other) => one.status - other.status);
      expect(served).toMatchObject({ status: 200, settlement: successOf(payment) });
      expect(others.map(({ status }) => status)).toEqual([402, 402, 402, 402]);
      for (const { reason } of others) expect(LOST_RACE).toContain(reason);
      expect(cell.seller.handlerRuns() - before).toBe(1);
      await expectOnLedger(cell.world, payment);
    });
    await cell.refuses("a sixth copy", proof, "duplicate_block_hash");
    await cell.isAlive();
  });

  test("junk in the place of a proof is refused, and costs its buyer nothing", async () => {
    const offer = await cell.offer();
    const payment = await cell.pay(offer);
    const proof = cell.prove(payment, offer);
    for (const { name: what, envelope, reason } of junkPayloads(cell.track, proof)) {
      await cell.refuses(what, envelope, reason);
    }
    await board.check(cell, async () => {
      const before = cell.seller.handlerRuns();
      const { status, reason } = await cell.present(deepestHeader(proof));
      // A remote Faremeter server writes the payment as JSON again, for which this needs more stack than there is.
      if (cell.isRemote) expect([402, 500]).toContain(status);
      else expect({ status, reason }).toEqual({ status: 402, reason: "malformed_payload" });
      expect(cell.seller.handlerRuns()).toBe(before);
    });
    expect(Object.hasOwn(Object.prototype, "block")).toBe(false);
    await cell.serves("the proof itself", proof, payment);
    await cell.isAlive();
  });

  test("a header that is no payment is answered as if there were none", async () => {
    for (const [what, header] of Object.entries(UNPARSEABLE)) await cell.refuses(what, header, undefined);
    await cell.isAlive();
  });

  test("a payment with another amount or receiver is refused", async () => {
    const offer = await cell.offer();
    const raw = BigInt(offer.amount);
    const refused = async (what: string, other: { amountRaw?: bigint; payTo?: string }, reason: string) => {
      await cell.refuses(what, cell.prove(await cell.pay(offer, other), offer), reason);
    };
    await refused("one raw less", { amountRaw: raw - 1n }, "insufficient_amount");
    await refused("one raw", { amountRaw: 1n }, "insufficient_amount");
    await refused("to somebody else", { payTo: STRANGER }, "wrong_destination");
    if (cell.track === "nanoTxn") {
      await refused("one raw more", { amountRaw: raw + 1n }, "insufficient_amount");
      await refused("ten times as much", { amountRaw: raw * 10n }, "insufficient_amount");
      await refused("a block that sends nothing", { amountRaw: 0n }, "insufficient_amount");
      await refused("a balance that grows", { amountRaw: -raw }, "insufficient_amount");
    } else {
      // Which is how the payer of a Track A block that has landed claims it (SPEC 3, row 8).
      const more = await cell.pay(offer, { amountRaw: raw + 1n });
      await cell.serves("the other track's amount, one raw more", cell.prove(more, offer), more);
    }
    await cell.isAlive();
  });

  test("an entry that the server did not offer is refused, though the payment agrees with it", async () => {
    const offers = await cell.offers();
    const offer = offers[cell.track];
    const own = async (change: Partial<Offer>): Promise<Record<string, unknown>> => {
      const entry = { ...offer, ...change };
      return { ...cell.prove(await cell.pay(entry), entry), accepted: entry };
    };
    // Version 1 has no `accepted`, so its payment is judged by what was offered.
    const [amountReason, payToReason] =
      cell.version === 2
        ? ["requirements_mismatch", "requirements_mismatch"]
        : ["insufficient_amount", "wrong_destination"];
    await cell.refuses("an amount of its buyer's choice", await own({ amount: "10" }), amountReason);
    await cell.refuses("a receiver of its buyer's choice", await own({ payTo: STRANGER }), payToReason);

    const payment = await cell.pay(offer);
    const proof = cell.prove(payment, offer);
    const other = offers[cell.track === "nanoTxn" ? "nanoSignature" : "nanoTxn"];
    const attacks = cell.version === 2 ? tamperedAccepted(proof, offer, other) : tamperedEnvelope(proof);
    for (const { name: what, envelope, reason } of attacks) await cell.refuses(what, envelope, reason);
    // The payload's shape picks the track and the entry's amount was paid: the word alone takes nothing from anybody.
    const method = other.extra["assetTransferMethod"];
    const misnamed = { ...offer, extra: { ...offer.extra, assetTransferMethod: method } };
    const last = cell.version === 2 ? { ...proof, accepted: misnamed } : proof;
    await cell.serves("the proof itself, in version 2 under the other track's name", last, payment);
    await cell.refuses("the same under its own name", proof, "duplicate_block_hash");
    await cell.isAlive();
  });

  test("a challenge that was not issued for this payment, or has expired, is refused", async () => {
    const offer = await cell.offer();
    const payment = await cell.pay(offer);
    const { payer, block, hash } = payment;
    const validBefore = Number(offer.extra["validBefore"]);
    const nowSeconds = cell.world.clock() / 1000;
    const speaking = (extra: Record<string, unknown>): Record<string, unknown> => {
      const entry = { ...offer, extra: { ...offer.extra, ...extra } };
      return cell.track === "nanoTxn" ? timed(cell, payment, entry) : cell.prove(payment, entry);
    };
    await cell.refuses("a time that is past", speaking({ validBefore: nowSeconds - 6 }), "payment_expired");
    const tooLate = nowSeconds + offer.maxTimeoutSeconds + 301;
    await cell.refuses("a stretched time", speaking({ validBefore: tooLate }), "challenge_invalid");

    const payload = cell.prove(payment, offer)["payload"] as Record<string, unknown>;
    const spoiled = (change: Record<string, unknown>) => ({
      ...cell.prove(payment, offer),
      payload: { ...payload, ...change },
    });
    if (cell.track === "nanoTxn") {
      const json = payload["block"] as Record<string, unknown>;
      const withBlock = (change: Record<string, unknown>) => spoiled({ block: { ...json, ...change } });
      const stranger = await cell.world.payer();
      const signature = `${"0".repeat(64)}${String(json["signature"]).slice(64)}`;
      await cell.refuses("a forged signature", withBlock({ signature }), "invalid_signature");
      await cell.refuses("another account", withBlock({ account: stranger.address }), "invalid_signature");
      await cell.refuses("another balance", withBlock({ balance: "0" }), "invalid_signature");
      await cell.refuses("no work", withBlock({ work: "" }), "invalid_work");
      await cell.refuses("work of the wrong form", withBlock({ work: "fast" }), "invalid_work");
      await cell.refuses("two receivers", withBlock({ link_as_account: STRANGER }), "wrong_destination");
      const loose = await payer.signSend({ payTo: PAY_TO, amountRaw: BigInt(offer.amount), previous: "ab".repeat(32) });
      await cell.refuses("a frontier of its own", cell.prove({ payer, block: loose, hash }, offer), "stale_frontier");
    } else {
      const terms = { payTo: parseAddress(PAY_TO), amountRaw: BigInt(offer.amount), validBefore };
      const ours = createChallengeAuthority(CHALLENGE_SECRET);
      const theirs = createChallengeAuthority("0e".repeat(32));
      // Over version 1 half a challenge leaves the payment with the host's first entry, which is the other track's.
      const incomplete = cell.version === 2 ? "challenge_invalid" : "requirements_mismatch";
      await cell.refuses("a forged nonce", speaking({ nonce: "5e".repeat(32) }), "challenge_invalid");
      await cell.refuses("another secret", speaking({ nonce: theirs.issueNonce(terms) }), "challenge_invalid");
      const otherAmount = ours.issueNonce({ ...terms, amountRaw: terms.amountRaw + 10n });
      await cell.refuses("issued for another amount", speaking({ nonce: otherAmount }), "challenge_invalid");
      const otherPayTo = ours.issueNonce({ ...terms, payTo: payer.account });
      await cell.refuses("issued for another receiver", speaking({ nonce: otherPayTo }), "challenge_invalid");
      await cell.refuses("a second longer", speaking({ validBefore: validBefore + 1 }), "challenge_invalid");
      await cell.refuses("no nonce", speaking({ nonce: undefined }), incomplete);
      await cell.refuses("no time", speaking({ validBefore: undefined }), incomplete);
      const unsigned = { nonce: ours.issueNonce(terms), validBefore };
      await cell.refuses("a challenge that was not signed", spoiled(unsigned), "invalid_signature");
      const stranger = await cell.world.payer();
      const theft = cell.prove({ ...payment, payer: stranger }, offer);
      await cell.refuses("a payment of somebody else's", theft, "sender_mismatch");
      const claimed = { ...(theft["payload"] as object), account: payer.address };
      await cell.refuses("a signature of somebody else's", { ...theft, payload: claimed }, "invalid_signature");
    }

    cell.world.clock.advanceSeconds(PAST_ITS_TIME_SECONDS);
    const late = cell.track === "nanoTxn" ? timed(cell, { payer, block, hash }, offer) : cell.prove(payment, offer);
    await cell.refuses("an offer that has expired", late, "payment_expired");
    await cell.serves("the same payment for a fresh offer", cell.prove(payment, await cell.offer()), payment);

    // Expiry is judged before the handler runs, where a settle follows it too (R4).
    const next = await cell.offer();
    const slow = await cell.pay(next);
    cell.seller.onHandler(async () => cell.world.clock.advanceSeconds(PAST_ITS_TIME_SECONDS));
    await cell.serves("a handler that takes longer than its offer", cell.prove(slow, next), slow);
    cell.seller.onHandler(async () => undefined);
    await cell.isAlive();
  });
});

/** Track A's proof with its expiry also where version 1 has a place for it. */
function timed(cell: Cell, payment: Payment, offer: Offer): Record<string, unknown> {
  const proof = cell.prove(payment, offer);
  if (cell.version === 2) return proof;
  return { ...proof, payload: { ...(proof["payload"] as object), validBefore: offer.extra["validBefore"] } };
}

test("every combination ran, and passed as many checks as the others of its column", () => {
  expect(board.gaps()).toEqual([]);
});
