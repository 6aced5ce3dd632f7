import { describe, expect, test } from "vitest";
import { hashBlock, parseAddress, xno } from "../../../src/nano/index.js";
import { createLimits, type Spending } from "../../../src/purse/limits/index.js";
import { START_MS } from "../../support/manual-time.js";
import { blockOf, OTHER_PAY_TO, PAY_TO, PRICE, refused, startPurse, watch } from "../../support/purse-world.js";

const DAY_MS = 86_400_000;
const SELLER = parseAddress(PAY_TO);
const pay = (priceRaw: bigint, more: Partial<Spending> = {}): Spending => ({
  priceRaw,
  payTo: SELLER,
  host: "seller.example",
  ...more,
});

describe("the counters", () => {
  test("each payment and each UTC day has its limit", () => {
    let nowMs = START_MS;
    const limits = createLimits({ perPaymentRaw: 6n, perDayRaw: 10n }, () => nowMs);
    expect(() => limits.reserve(pay(7n))).toThrow(expect.objectContaining({ code: "limit_per_payment" }));
    limits.reserve(pay(6n));
    expect(() => limits.reserve(pay(5n))).toThrow(expect.objectContaining({ code: "limit_per_day" }));
    limits.reserve(pay(4n));
    expect(limits.spentTodayRaw()).toBe(10n);
    nowMs = Math.ceil((nowMs + 1) / DAY_MS) * DAY_MS - 1;
    expect(() => limits.reserve(pay(1n))).toThrow(expect.objectContaining({ code: "limit_per_day" }));
    nowMs += 1;
    expect(limits.spentTodayRaw()).toBe(0n);
    limits.reserve(pay(6n));
  });

  test("a caller's cap only makes a limit stricter", () => {
    const limits = createLimits({ perPaymentRaw: 6n, perDayRaw: 100n }, () => START_MS);
    expect(() => limits.reserve(pay(5n, { capRaw: 4n }))).toThrow(
      expect.objectContaining({ code: "limit_per_payment" }),
    );
    expect(() => limits.reserve(pay(7n, { capRaw: 50n }))).toThrow(
      expect.objectContaining({ code: "limit_per_payment" }),
    );
    limits.reserve(pay(6n, { capRaw: 50n }));
    limits.reserve(pay(4n, { capRaw: 4n }));
  });

  test("what is given back is free again once, on the day it was taken", () => {
    let nowMs = START_MS;
    const limits = createLimits({ perPaymentRaw: 10n, perDayRaw: 10n }, () => nowMs);
    const first = limits.reserve(pay(6n));
    limits.reserve(pay(4n));
    limits.giveBack(first);
    limits.giveBack(first);
    expect(limits.spentTodayRaw()).toBe(4n);
    nowMs += DAY_MS;
    const tomorrow = limits.reserve(pay(3n));
    nowMs -= DAY_MS;
    limits.giveBack(tomorrow);
    expect(limits.spentTodayRaw()).toBe(4n);
  });

  test("a clock that is set back finds what was spent before", () => {
    let nowMs = START_MS;
    const limits = createLimits({ perPaymentRaw: 10n, perDayRaw: 10n }, () => nowMs);
    limits.reserve(pay(9n));
    nowMs += DAY_MS;
    limits.reserve(pay(1n));
    nowMs -= DAY_MS;
    expect(limits.spentTodayRaw()).toBe(9n);
  });
});

test("the defaults are 0.1 XNO for a payment and 1 XNO for a day", async () => {
  const { ledger, purse, nanoSignature } = await startPurse();
  await expect(nanoSignature({ amountRaw: xno("0.1") + 10n })).rejects.toMatchObject({
    code: "limit_per_payment",
    facts: {
      amount: "0.10000000000000000000000000001 XNO",
      amountRaw: (xno("0.1") + 10n).toString(),
      limit: "0.1 XNO",
      limitRaw: xno("0.1").toString(),
    },
  });
  for (let count = 1n; count <= 10n; count += 1n) await nanoSignature({ amountRaw: xno("0.1") - count * 10n });
  await expect(nanoSignature({ amountRaw: 1000n })).rejects.toMatchObject({
    code: "limit_per_day",
    facts: { limit: "1 XNO", amountRaw: "1000", spentRaw: (xno("1") - 550n).toString() },
  });
  expect(ledger.processCalls).toHaveLength(10);
  await nanoSignature({ amountRaw: 550n });
  expect(purse.spentTodayRaw()).toBe(xno("1"));
});

test("limits are set in XNO or raw", async () => {
  const { nanoSignature } = await startPurse({ maxPerPayment: "0.002 XNO", maxPerDay: 3n * xno("0.001") });
  await expect(nanoSignature({ amountRaw: xno("0.003") })).rejects.toMatchObject({ code: "limit_per_payment" });
  await nanoSignature({ amountRaw: xno("0.002") });
  await expect(nanoSignature({ amountRaw: xno("0.0015") })).rejects.toMatchObject({ code: "limit_per_day" });
});

test("of 200 different payments at once exactly as many are made as the day's limit covers", async () => {
  const { ledger, account, purse, offer } = await startPurse({ maxPerDay: 120n * PRICE, maxPerPayment: PRICE });
  const calls = Array.from({ length: 200 }, (_, index) =>
    purse.payOffer(offer(), { resource: `https://seller.example/${String(index)}` }),
  );
  const results = await Promise.allSettled(calls);
  const refusals = results.flatMap((result) => (result.status === "rejected" ? [result.reason.code] : []));
  expect(refusals).toEqual(Array.from({ length: 80 }, () => "limit_per_day"));
  expect(ledger.sendsOf(account)).toHaveLength(120);
  expect(purse.spentTodayRaw()).toBe(120n * PRICE);
});

test("of 12 calls for the same thing at once as many are paid as the limit covers, one after the other", async () => {
  const { ledger, account, purse, time, nanoSignature } = await startPurse({ maxPerDay: 5n * PRICE });
  const calls = Array.from({ length: 12 }, () => watch(nanoSignature()));
  for (let round = 0; round < 12; round += 1) {
    await time.settle();
    for (const { hash } of purse.unspent()) await purse.report(hash, { isServed: true });
  }
  const outcomes = calls.map(({ outcome }) => outcome());
  const proofs = outcomes.filter((outcome) => outcome !== undefined && !(outcome instanceof Error));
  expect(proofs).toHaveLength(5);
  expect(outcomes.filter((outcome) => outcome instanceof Error)).toEqual(
    Array.from({ length: 7 }, () => expect.objectContaining({ code: "limit_per_day" })),
  );
  expect(ledger.sendsOf(account)).toHaveLength(5);
});

test("presenting again needs no new money, though the limit is exhausted", async () => {
  const { purse, nanoSignature } = await startPurse({ maxPerDay: PRICE });
  const first = await nanoSignature();
  await purse.report(first.hash, refused("facilitator_unavailable"));
  const again = await nanoSignature();
  expect(again.hash).toBe(first.hash);
  expect(purse.spentTodayRaw()).toBe(PRICE);
});

test("presenting again takes nothing from what others may spend meanwhile", async () => {
  const { purse, nanoSignature } = await startPurse({ maxPerDay: 2n * PRICE });
  const first = await nanoSignature();
  await purse.report(first.hash, refused("facilitator_unavailable"));
  const [again, other] = await Promise.all([nanoSignature(), nanoSignature({ payTo: OTHER_PAY_TO })]);
  expect(again.hash).toBe(first.hash);
  expect(other.hash).not.toBe(first.hash);
});

test("a call that finds the limit exhausted by a payment in flight waits whether that one will do", async () => {
  const { time, nanoSignature } = await startPurse({ maxPerDay: PRICE });
  const first = await nanoSignature();
  const retry = watch(nanoSignature());
  await time.settle();
  expect(retry.outcome()).toBeUndefined();
  await time.advance(30_000);
  expect(retry.outcome()).toMatchObject({ hash: first.hash });
});

test("such a call hears of the limit when the payment in flight was served", async () => {
  const { purse, time, nanoSignature } = await startPurse({ maxPerDay: PRICE });
  const first = await nanoSignature();
  const second = watch(nanoSignature());
  await purse.report(first.hash, { isServed: true });
  await time.settle();
  expect(second.outcome()).toMatchObject({ code: "limit_per_day" });
});

test("such a call hears of the limit when its offer runs out meanwhile", async () => {
  const { time, nanoSignature } = await startPurse({ maxPerDay: PRICE });
  await nanoSignature();
  const second = watch(nanoSignature({ maxTimeoutSeconds: 5 }));
  await time.advance(5_000);
  expect(second.outcome()).toMatchObject({ code: "limit_per_day" });
});

test("a confirmed block frees what was reserved for the others on its previous", async () => {
  const { ledger, account, purse, time, nanoTxn, nanoSignature } = await startPurse({ maxPerDay: PRICE + 500n });
  const abandoned = await nanoTxn();
  await purse.report(abandoned.hash, refused("invalid_work"));
  expect(purse.spentTodayRaw()).toBe(PRICE);
  const other = await nanoSignature({ amountRaw: 500n, payTo: OTHER_PAY_TO });
  await time.settle();
  expect(purse.spentTodayRaw()).toBe(500n);
  expect(purse.unspent().map(({ hash }) => hash)).toEqual([other.hash]);
  expect(ledger.sendsOf(account).map(hashBlock)).toEqual([other.hash]);
  expect(blockOf(abandoned).previous).toBe(ledger.sendsOf(account)[0]?.previous);
});

test("money stays reserved while the block may land, whatever the seller says", async () => {
  const { purse, nanoTxn } = await startPurse();
  const { hash } = await nanoTxn();
  for (const reason of ["broadcast_failed", "frontier_changed", "malformed_payload", "stale_frontier", undefined]) {
    await purse.report(hash, refused(reason));
    expect(purse.spentTodayRaw()).toBe(PRICE);
  }
});

test("the raw by which Track A is told apart does not count: a price at the limit can be paid on either track", async () => {
  const { ledger, account, purse, nanoTxn } = await startPurse({ maxPerPayment: PRICE, maxPerDay: PRICE });
  const proof = await nanoTxn();
  ledger.land(blockOf(proof));
  expect(ledger.sendsOf(account)[0]?.balanceRaw).toBe(xno("10") - PRICE - 1n);
  await purse.report(proof.hash, { isServed: true });
  await expect(nanoTxn({ amountRaw: 11n })).rejects.toMatchObject({ code: "limit_per_day" });
});
