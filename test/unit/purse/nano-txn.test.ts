import { expect, test } from "vitest";
import { hashBlock, isBlockSignatureValid, parseAddress, xno } from "../../../src/nano/index.js";
import { blockOf, OTHER_PAY_TO, PAY_TO, PRICE, refused, served, startPurse, watch } from "../../support/purse-world.js";

test("a signed nine-key block with work for exactly the amount, which the purse does not broadcast", async () => {
  const { ledger, account, nanoTxn } = await startPurse({ workThresholds: { send: 7n, receive: 3n } });
  const frontier = ledger.headOf(account);
  const proof = await nanoTxn();
  const json = proof.payload["block"];
  expect(Object.keys(json ?? {}).sort()).toEqual(
    "account balance link link_as_account previous representative signature type work".split(" "),
  );
  const block = blockOf(proof);
  expect(block).toMatchObject({
    account,
    previous: frontier,
    balanceRaw: xno("10") - PRICE - 1n,
    link: parseAddress(PAY_TO),
    work: "00000000000000ff",
  });
  expect(isBlockSignatureValid(block)).toBe(true);
  expect(hashBlock(block)).toBe(proof.hash);
  expect(ledger.workCalls).toEqual([{ root: frontier, threshold: 7n }]);
  expect(ledger.processCalls).toEqual([]);
});

test("an unconfirmed frontier is waited for", async () => {
  const { ledger, account, time, nanoSignature, nanoTxn } = await startPurse();
  ledger.confirmsAtOnce = false;
  const before = watch(nanoSignature({ amountRaw: 100n }));
  const call = watch(nanoTxn());
  await time.advance(3_000);
  expect(call.outcome()).toBeUndefined();
  const head = ledger.headOf(account);
  ledger.confirm(head);
  await time.settle();
  expect(before.outcome()).toBeDefined();
  expect(call.outcome()).toMatchObject({ payload: { block: { previous: head } } });
});

test("an unconfirmed frontier is not built on", async () => {
  const { purse, ledger, time, nanoSignature, nanoTxn } = await startPurse();
  ledger.confirmsAtOnce = false;
  void nanoSignature({ amountRaw: 100n });
  const call = watch(nanoTxn());
  await time.advance(10_000);
  expect(call.outcome()).toMatchObject({ code: "payment_unresolved" });
  expect(purse.spentTodayRaw()).toBe(100n);
});

test("a block in flight holds the chain until the ledger has it", async () => {
  const { ledger, time, nanoSignature, nanoTxn } = await startPurse();
  const first = await nanoTxn();
  const second = watch(nanoSignature({ payTo: OTHER_PAY_TO, maxTimeoutSeconds: 120 }));
  await time.advance(5_000);
  expect(second.outcome()).toBeUndefined();
  ledger.land(blockOf(first));
  await time.settle();
  expect(second.outcome()).toMatchObject({ track: "nanoSignature" });
  expect(ledger.sendsOf(blockOf(first).account).map(({ previous }) => previous)[1]).toBe(first.hash);
});

test("served, and not on the ledger: the purse hands the block in itself, and builds on it", async () => {
  const { purse, ledger, account, nanoSignature, nanoTxn } = await startPurse();
  const first = await nanoTxn();
  await purse.report(first.hash, served);
  expect(ledger.processCalls).toEqual([]);
  const second = await nanoSignature({ payTo: OTHER_PAY_TO });
  expect(ledger.processCalls.map(({ hash }) => hash)).toEqual([first.hash, second.hash]);
  expect(ledger.sendsOf(account).map(hashBlock)).toEqual([first.hash, second.hash]);
  expect(purse.spentTodayRaw()).toBe(2n * PRICE);
});

test("the same block for two URLs is one payment, and counts once", async () => {
  const { purse, ledger, account, nanoTxn, offer } = await startPurse();
  const pay = (url: string) => purse.payOffer(offer({ track: "nanoTxn" }), { resource: url });
  const first = await pay("https://seller.example/a");
  await purse.report(first.hash, refused("facilitator_unavailable"));
  const second = await pay("https://seller.example/b");
  expect(second).toEqual(first);
  expect(purse.unspent()).toMatchObject([{ hash: first.hash, resource: "https://seller.example/b" }]);
  expect(purse.spentTodayRaw()).toBe(PRICE);
  ledger.land(blockOf(second));
  await purse.report(second.hash, served);
  const third = await nanoTxn();
  expect(blockOf(third).previous).toBe(ledger.headOf(account));
  expect(purse.spentTodayRaw()).toBe(2n * PRICE);
});

test("two Track A payments at once follow each other", async () => {
  const { purse, ledger, account, time, nanoTxn } = await startPurse();
  const calls = [watch(nanoTxn()), watch(nanoTxn({ payTo: OTHER_PAY_TO }))];
  await time.settle();
  const [first, second] = calls.map(({ outcome }) => outcome());
  expect(second).toBeUndefined();
  if (first === undefined || first instanceof Error) throw new TypeError("not paid");
  ledger.land(blockOf(first));
  await purse.report(first.hash, served);
  await time.settle();
  expect(calls[1]?.outcome()).toMatchObject({ payload: { block: { previous: first.hash } } });
  expect(ledger.sendsOf(account)).toHaveLength(1);
});

test("after its time in flight the same previous is built on, so that only one of the two can land", async () => {
  const { purse, ledger, account, time, nanoSignature, nanoTxn } = await startPurse();
  const first = await nanoTxn();
  const second = watch(nanoSignature({ payTo: OTHER_PAY_TO, maxTimeoutSeconds: 120 }));
  await time.advance(29_999);
  expect(second.outcome()).toBeUndefined();
  await time.advance(1);
  expect(second.outcome()).toMatchObject({ track: "nanoSignature" });
  const [send, ...others] = ledger.sendsOf(account);
  expect(others).toEqual([]);
  expect(send?.previous).toBe(blockOf(first).previous);
  expect(() => ledger.land(blockOf(first))).toThrow("Fork");
  expect(purse.spentTodayRaw()).toBe(PRICE);
});

test("a refusal ends the hold at once", async () => {
  const { purse, ledger, account, time, nanoSignature, nanoTxn } = await startPurse();
  const first = await nanoTxn();
  const second = watch(nanoSignature({ payTo: OTHER_PAY_TO }));
  await time.settle();
  await purse.report(first.hash, refused("invalid_work"));
  await time.settle();
  expect(second.outcome()).toMatchObject({ track: "nanoSignature" });
  expect(ledger.sendsOf(account)).toHaveLength(1);
});

test("a hostile seller broadcasts after all, and wins: the other payment is made anew, its own is claimable", async () => {
  const { purse, ledger, account, nanoSignature, nanoTxn } = await startPurse();
  const kept = await nanoTxn();
  await purse.report(kept.hash, refused("broadcast_failed"));
  ledger.whileWorking = () => ledger.overrule(blockOf(kept));
  await nanoSignature({ payTo: OTHER_PAY_TO });
  const sends = ledger.sendsOf(account);
  expect(sends.map(({ link }) => link)).toEqual([parseAddress(PAY_TO), parseAddress(OTHER_PAY_TO)]);
  expect(purse.spentTodayRaw()).toBe(2n * PRICE);

  const claim = await nanoSignature();
  expect(claim.hash).toBe(kept.hash);
  expect(ledger.sendsOf(account)).toHaveLength(2);
});

test("rolled back after it had landed: what stood on it is void as well, and both are made anew", async () => {
  const { purse, ledger, account, time, nanoSignature, nanoTxn } = await startPurse();
  const kept = await nanoTxn();
  await purse.report(kept.hash, refused("broadcast_failed"));
  ledger.confirmsAtOnce = false;
  const pay = async (amountRaw: bigint) => {
    const call = watch(nanoSignature({ payTo: OTHER_PAY_TO, amountRaw }));
    await time.advance(10_000);
    const proof = call.outcome();
    if (proof === undefined || proof instanceof Error) throw new TypeError("not paid");
    await purse.report(proof.hash, refused("unconfirmed_block"));
    return proof;
  };
  const [second, third] = [await pay(200n), await pay(300n)];
  ledger.overrule(blockOf(kept));
  ledger.confirmsAtOnce = true;

  const again = await nanoSignature({ payTo: OTHER_PAY_TO, amountRaw: 300n });
  expect(again.hash).not.toBe(third.hash);
  expect(purse.unspent().map(({ hash }) => hash)).not.toContain(second.hash);
  expect(purse.spentTodayRaw()).toBe(PRICE + 300n);
  expect(ledger.sendsOf(account).map(hashBlock)).toEqual([kept.hash, again.hash]);
});
