import { describe, expect, test } from "vitest";
import { hashBlock, hexToBytes, keyBytes, verifyNoms, xno } from "../../../src/nano/index.js";
import { blockOf, OTHER_PAY_TO, PRICE, refused, served, startPurse, watch } from "../../support/purse-world.js";

describe("Track B", () => {
  test("every refusal leads to the same send, signed for the fresh nonce", async () => {
    const { purse, ledger, account, offer } = await startPurse();
    const first = await purse.payOffer(offer());
    for (const reason of ["duplicate_block_hash", "payment_expired", "block_not_found", "payment_too_old", undefined]) {
      await purse.report(first.hash, refused(reason));
      const wanted = offer();
      const again = await purse.payOffer(wanted);
      expect(again.hash).toBe(first.hash);
      const extra = wanted["extra"] as { nonce: string; validBefore: number };
      const message = `${first.hash}:${extra.nonce}:${String(extra.validBefore)}`;
      const signature = hexToBytes(String(again.payload["signature"]), 64);
      expect(verifyNoms(signature, message, keyBytes(account))).toBe(true);
    }
    expect(ledger.sendsOf(account)).toHaveLength(1);
  });

  test("a served payment is forgotten, and the same thing bought again is paid again", async () => {
    const { purse, ledger, account, nanoSignature } = await startPurse();
    const first = await nanoSignature();
    await purse.report(first.hash.toUpperCase(), served);
    expect(purse.unspent()).toEqual([]);
    const second = await nanoSignature();
    expect(second.hash).not.toBe(first.hash);
    expect(ledger.sendsOf(account)).toHaveLength(2);
  });

  test("another amount, receiver or URL is another purchase", async () => {
    const { purse, offer } = await startPurse();
    const first = await purse.payOffer(offer(), { resource: "https://seller.example/a" });
    await purse.report(first.hash, refused());
    const others = [
      await purse.payOffer(offer({ amountRaw: PRICE + 10n }), { resource: "https://seller.example/a" }),
      await purse.payOffer(offer({ payTo: OTHER_PAY_TO }), { resource: "https://seller.example/a" }),
      await purse.payOffer(offer(), { resource: "https://seller.example/b" }),
      await purse.payOffer(offer()),
    ];
    const again = await purse.payOffer(offer(), { resource: "https://seller.example/a" });
    expect(again.hash).toBe(first.hash);
    expect(new Set([first, ...others].map(({ hash }) => hash)).size).toBe(5);
  });

  test("a Track A offer cannot claim it: told, and not paid again", async () => {
    const { purse, ledger, account, nanoSignature, nanoTxn } = await startPurse();
    const { hash } = await nanoSignature();
    await purse.report(hash, refused());
    await expect(nanoTxn()).rejects.toMatchObject({ code: "payment_unresolved", facts: { hash } });
    expect(ledger.sendsOf(account)).toHaveLength(1);
    expect(purse.spentTodayRaw()).toBe(PRICE);
  });

  test("nor one that never left: its block sends another amount", async () => {
    const { purse, ledger, nanoSignature, nanoTxn } = await startPurse();
    ledger.faults.push("unsent");
    await expect(nanoSignature()).rejects.toMatchObject({ code: "payment_unresolved" });
    await expect(nanoTxn()).rejects.toMatchObject({ code: "payment_unresolved" });
    expect(purse.unspent()).toMatchObject([{ presented: 0 }]);
  });

  test("a send that is confirmed is presented even while the node is out of order", async () => {
    const { purse, ledger, nanoSignature } = await startPurse();
    const { hash } = await nanoSignature();
    await purse.report(hash, refused());
    ledger.isOffline = true;
    await expect(nanoSignature()).resolves.toMatchObject({ hash });
  });
});

describe("Track A", () => {
  test("the same block, as long as it has not landed", async () => {
    const { purse, ledger, nanoTxn } = await startPurse();
    const first = await nanoTxn();
    for (const reason of ["malformed_payload", "stale_frontier", "broadcast_failed", "insufficient_amount"]) {
      await purse.report(first.hash, refused(reason));
      await expect(nanoTxn()).resolves.toEqual(first);
    }
    expect(ledger.processCalls).toEqual([]);
  });

  test("landed: only a Track B offer claims it, with one raw to spare", async () => {
    const { purse, ledger, account, nanoTxn, nanoSignature } = await startPurse();
    const first = await nanoTxn();
    ledger.land(blockOf(first));
    await purse.report(first.hash, refused("block_already_landed"));
    await expect(nanoTxn()).rejects.toMatchObject({
      code: "payment_unresolved",
      facts: { hash: first.hash, amountRaw: (PRICE + 1n).toString() },
    });
    const claim = await nanoSignature();
    expect(claim).toMatchObject({ hash: first.hash, track: "nanoSignature", payload: { blockHash: first.hash } });
    expect(ledger.sendsOf(account)).toHaveLength(1);
    await purse.report(first.hash, served);
    expect(purse.unspent()).toEqual([]);
  });

  test("not landed, and the seller now wants Track B: the block it holds already is broadcast and claimed", async () => {
    const { purse, ledger, account, nanoTxn, nanoSignature } = await startPurse();
    const first = await nanoTxn();
    await purse.report(first.hash, refused("facilitator_unavailable"));
    const claim = await nanoSignature();
    expect(claim.hash).toBe(first.hash);
    expect(ledger.sendsOf(account).map(hashBlock)).toEqual([first.hash]);
    expect(purse.spentTodayRaw()).toBe(PRICE);
  });

  test("void, because another confirmed block follows its previous: the money is free, and a new block pays", async () => {
    const { purse, ledger, account, nanoTxn, signElsewhere } = await startPurse();
    const first = await nanoTxn();
    await purse.report(first.hash, refused("stale_frontier"));
    const elsewhere = signElsewhere({ previous: ledger.headOf(account), balanceRaw: xno("8") });
    ledger.land(elsewhere);
    const second = await nanoTxn();
    expect(blockOf(second)).toMatchObject({ previous: hashBlock(elsewhere), balanceRaw: xno("8") - PRICE - 1n });
    expect(purse.spentTodayRaw()).toBe(PRICE);
    expect(purse.unspent().map(({ hash }) => hash)).toEqual([second.hash]);
  });

  test("an unconfirmed rival decides nothing: waited for, then unresolved", async () => {
    const { purse, ledger, account, time, nanoTxn, signElsewhere } = await startPurse();
    const first = await nanoTxn();
    ledger.confirmsAtOnce = false;
    const elsewhere = signElsewhere({ previous: ledger.headOf(account), balanceRaw: xno("8") });
    ledger.land(elsewhere);
    await purse.report(first.hash, refused("stale_frontier"));
    const early = watch(nanoTxn());
    await time.advance(10_000);
    expect(early.outcome()).toMatchObject({ code: "payment_unresolved" });
    expect(purse.spentTodayRaw()).toBe(PRICE);
    const later = watch(nanoTxn());
    await time.settle();
    ledger.confirm(hashBlock(elsewhere));
    await time.advance(500);
    expect(later.outcome()).toMatchObject({ payload: { block: { previous: hashBlock(elsewhere) } } });
  });

  test("not handed out again while another block on its previous is being settled", async () => {
    const { purse, ledger, time, nanoTxn } = await startPurse();
    const first = await nanoTxn();
    await purse.report(first.hash, refused("facilitator_unavailable"));
    const other = await nanoTxn({ payTo: OTHER_PAY_TO });
    const again = watch(nanoTxn());
    await time.advance(1_000);
    expect(again.outcome()).toBeUndefined();
    ledger.land(blockOf(other));
    await purse.report(other.hash, served);
    await time.settle();
    expect(again.outcome()).toMatchObject({ payload: { block: { previous: other.hash } } });
    expect(purse.spentTodayRaw()).toBe(2n * PRICE);
  });

  test("whether it has landed must be known: with the node out of order nothing is presented", async () => {
    const { purse, ledger, nanoTxn } = await startPurse();
    const first = await nanoTxn();
    ledger.isOffline = true;
    await purse.report(first.hash, refused("ledger_unavailable"));
    await expect(nanoTxn()).rejects.toMatchObject({ code: "ledger_unavailable" });
  });

  test("an amount that moved within the track's mark is another purchase", async () => {
    const { purse, nanoTxn } = await startPurse();
    const first = await nanoTxn({ amountRaw: 1000n });
    await purse.report(first.hash, refused());
    const second = await nanoTxn({ amountRaw: 1001n });
    expect(second.hash).not.toBe(first.hash);
  });
});

test("what is unspent is listed with what the seller said, and can be written off", async () => {
  const { purse, time, nanoSignature, nanoTxn, offer } = await startPurse();
  const { hash } = await purse.payOffer(offer(), { resource: "https://seller.example/a" });
  const sinceMs = time.clock();
  const listed = { hash, amountRaw: PRICE, track: "nanoSignature", resource: "https://seller.example/a", sinceMs };
  expect(purse.unspent()).toMatchObject([{ ...listed, presented: 1, isInFlight: true, lastReason: undefined }]);
  await time.advance(1_000);
  await purse.report(hash, refused(`no\u001b[31m${"!".repeat(500)}`));
  expect(purse.unspent()).toMatchObject([{ ...listed, presented: 1, isInFlight: false }]);
  expect(purse.unspent()[0]?.lastReason).toMatch(/^no\u{fffd}\[31m!{100,120}$/u);

  await expect(purse.writeOff(hash.toUpperCase())).resolves.toBe(true);
  await expect(purse.writeOff(hash)).resolves.toBe(false);
  expect(purse.unspent()).toEqual([]);
  expect(purse.spentTodayRaw()).toBe(PRICE);
  const next = await purse.payOffer(offer(), { resource: "https://seller.example/a" });
  expect(next.hash).not.toBe(hash);
  await purse.report(hash, refused("late"));
  expect(purse.unspent()).toHaveLength(1);
  await Promise.all([nanoSignature({ amountRaw: 30n }), nanoTxn({ amountRaw: 41n })]);
  expect(purse.unspent()).toHaveLength(3);
});

test("a block that the node can never be asked about again can be written off, and no longer blocks the chain", async () => {
  const { purse, ledger, account, time, nanoSignature } = await startPurse();
  ledger.faults.push(...Array.from({ length: 25 }, () => "lostBefore" as const));
  const call = watch(nanoSignature());
  await time.advance(11_000);
  expect(call.outcome()).toMatchObject({ code: "payment_unresolved" });
  const [lost] = purse.unspent();
  ledger.faults.length = 0;
  await purse.writeOff(lost?.hash ?? "");
  const { hash } = await nanoSignature({ payTo: OTHER_PAY_TO });
  expect(ledger.sendsOf(account).map(hashBlock)).toEqual([hash]);
});
