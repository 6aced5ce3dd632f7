import { describe, expect, test } from "vitest";
import { xno } from "../../../src/nano/index.js";
import type { PaymentToApprove } from "../../../src/purse/limits/index.js";
import { START_MS } from "../../support/manual-time.js";
import { OTHER_PAY_TO, PAY_TO, PRICE, refused, served, startPurse, watch } from "../../support/purse-world.js";

interface Question {
  readonly payment: PaymentToApprove;
  answer(value: unknown): void;
  fail(error: Error): void;
}

/** A person who answers when the test does; `unknown` on purpose, a callback in JavaScript may answer anything. */
function startPerson() {
  const questions: Question[] = [];
  const approve = (payment: PaymentToApprove): Promise<boolean> =>
    new Promise<never>((resolve: (value: never) => void, reject) => {
      questions.push({
        payment,
        answer: (value) => {
          resolve(value as never);
        },
        fail: reject,
      });
    });
  return { questions, approve };
}

const RESOURCE = "https://Seller.example:8443/weather";

test("the question says what is bought, where, for how much and what was spent today", async () => {
  const payments: PaymentToApprove[] = [];
  const approve = (payment: PaymentToApprove) => payments.push(payment) > 0;
  const { purse, ledger, offer, nanoTxn } = await startPurse({ approve });
  await purse.payOffer(offer({ maxTimeoutSeconds: 20 }), { resource: RESOURCE });
  await nanoTxn({ payTo: OTHER_PAY_TO });
  expect(payments).toEqual([
    {
      host: "seller.example:8443",
      resource: RESOURCE,
      payTo: PAY_TO,
      amountRaw: PRICE,
      amount: "0.01 XNO",
      track: "nanoSignature",
      spentTodayRaw: 0n,
      untilMs: START_MS + 20_000,
    },
    {
      host: undefined,
      resource: undefined,
      payTo: OTHER_PAY_TO,
      amountRaw: PRICE + 1n,
      amount: "0.010000000000000000000000000001 XNO",
      track: "nanoTxn",
      spentTodayRaw: PRICE,
      untilMs: START_MS + 60_000,
    },
  ]);
  expect(ledger.processCalls).toHaveLength(1);
});

test.each([
  { name: "a price at the threshold is not asked for", amountRaw: PRICE, track: "nanoSignature", asked: 0 },
  { name: "nor one raw more on Track A", amountRaw: PRICE + 1n, track: "nanoTxn", asked: 0 },
  { name: "a price above it is", amountRaw: PRICE + 10n, track: "nanoSignature", asked: 1 },
] as const)("$name", async ({ amountRaw, track, asked }) => {
  let questions = 0;
  const { nanoSignature, nanoTxn } = await startPurse({
    approveAbove: PRICE,
    approve: () => {
      questions += 1;
      return true;
    },
  });
  await (track === "nanoTxn" ? nanoTxn({ amountRaw }) : nanoSignature({ amountRaw }));
  expect(questions).toBe(asked);
});

describe("without a yes in time nothing is signed, and the money is free again", () => {
  test.each<{ name: string; end: (question: Question) => void; why: string }>([
    { name: "no", end: ({ answer }) => answer(false), why: "the answer was no" },
    { name: "nothing", end: ({ answer }) => answer(undefined), why: "the answer was no" },
    { name: "a word", end: ({ answer }) => answer("yes"), why: "the answer was no" },
    { name: "an error", end: ({ fail }) => fail(new TypeError("no screen")), why: "the question failed" },
  ])("$name", async ({ end, why }) => {
    const { questions, approve } = startPerson();
    const { purse, ledger, time, nanoSignature } = await startPurse({ approve, maxPerDay: PRICE });
    const call = watch(nanoSignature());
    await time.settle();
    expect(purse.spentTodayRaw()).toBe(PRICE);
    await expect(nanoSignature({ payTo: OTHER_PAY_TO })).rejects.toMatchObject({ code: "limit_per_day" });
    const [question] = questions;
    if (question === undefined) throw new TypeError("not asked");
    end(question);
    await time.settle();
    expect(call.outcome()).toMatchObject({
      code: "approval_refused",
      facts: { why, amount: "0.01 XNO", amountRaw: PRICE.toString(), host: "unknown", payTo: PAY_TO },
    });
    expect([purse.spentTodayRaw(), purse.unspent(), ledger.processCalls]).toEqual([0n, [], []]);
  });

  test("the error of the callback is the cause, thrown at once or later", async () => {
    const error = new TypeError("no screen");
    const throwing = await startPurse({
      approve: () => {
        throw error;
      },
    });
    await expect(throwing.nanoSignature()).rejects.toMatchObject({ code: "approval_refused", cause: error });
    const rejecting = await startPurse({ approve: () => Promise.reject(error) });
    await expect(rejecting.nanoSignature()).rejects.toMatchObject({ code: "approval_refused", cause: error });
  });

  test("no answer while the offer is good; a yes that comes later does nothing", async () => {
    const { questions, approve } = startPerson();
    const { purse, ledger, time, nanoSignature } = await startPurse({ approve });
    const call = watch(nanoSignature({ maxTimeoutSeconds: 20 }));
    await time.advance(19_999);
    expect(call.outcome()).toBeUndefined();
    await time.advance(1);
    expect(call.outcome()).toMatchObject({
      code: "approval_refused",
      facts: { why: "no answer came while the offer was good" },
    });
    questions[0]?.answer(true);
    await time.settle();
    expect([purse.spentTodayRaw(), purse.unspent(), ledger.processCalls]).toEqual([0n, [], []]);
  });

  test("the purse is closed meanwhile", async () => {
    const { questions, approve } = startPerson();
    const { purse, time, nanoSignature } = await startPurse({ approve });
    const call = watch(nanoSignature());
    await time.settle();
    await purse.close();
    await time.settle();
    expect(call.outcome()).toMatchObject({ code: "purse_closed" });
    questions[0]?.answer(true);
    await time.settle();
    expect(purse.spentTodayRaw()).toBe(0n);
  });
});

test("a yes pays, in time or on the day after, and counts on the day it was asked for", async () => {
  const { questions, approve } = startPerson();
  const { purse, time, nanoSignature } = await startPurse({ approve, maxPerDay: PRICE });
  await time.advance(86_400_000 - (START_MS % 86_400_000) - 1000);
  const call = watch(nanoSignature());
  await time.advance(2_000);
  expect(questions[0]?.payment.spentTodayRaw).toBe(0n);
  questions[0]?.answer(true);
  await time.settle();
  expect(call.outcome()).toMatchObject({ track: "nanoSignature" });
  expect([purse.spentTodayRaw(), purse.spent().total.spentRaw]).toEqual([0n, PRICE]);
});

test("of a hundred calls whose answers are slow exactly as many are asked for, and paid, as the limit covers", async () => {
  const { questions, approve } = startPerson();
  const { purse, ledger, account, offer, time } = await startPurse({ approve, maxPerDay: 30n * PRICE });
  const calls = Array.from({ length: 100 }, (_, index) =>
    watch(purse.payOffer(offer({ maxTimeoutSeconds: 600 }), { resource: `https://seller.example/${String(index)}` })),
  );
  await time.settle();
  expect(questions).toHaveLength(30);
  expect(questions.every(({ payment }) => payment.spentTodayRaw <= 30n * PRICE)).toBe(true);
  await time.advance(1_000);
  questions.forEach(({ answer }, index) => {
    answer(index % 3 !== 0);
  });
  await time.settle();
  await time.advance(5_000);
  const codes = calls.flatMap(({ outcome }) => {
    const ended = outcome();
    return ended instanceof Error ? [(ended as Error & { code: string }).code] : [];
  });
  expect(codes.filter((code) => code === "limit_per_day")).toHaveLength(70);
  expect(codes.filter((code) => code === "approval_refused")).toHaveLength(10);
  expect(ledger.sendsOf(account)).toHaveLength(20);
  expect(purse.spentTodayRaw()).toBe(20n * PRICE);
});

test("nobody is asked again for a payment that is presented again; a new one for the same thing is asked for", async () => {
  let questions = 0;
  const approve = () => {
    questions += 1;
    return true;
  };
  const { purse, nanoSignature, nanoTxn } = await startPurse({ approve });
  const first = await nanoSignature();
  await purse.report(first.hash, refused("facilitator_unavailable"));
  expect((await nanoSignature()).hash).toBe(first.hash);
  await purse.report(first.hash, refused());
  await expect(nanoTxn()).rejects.toMatchObject({ code: "payment_unresolved" });
  expect(questions).toBe(1);
  await nanoSignature();
  await purse.report(first.hash, served);
  await nanoSignature();
  expect(questions).toBe(2);
});

test("nobody is asked when the block is rebuilt on another head, for the same call", async () => {
  let questions = 0;
  const { ledger, account, signElsewhere, nanoSignature } = await startPurse({
    approve: () => {
      questions += 1;
      return true;
    },
  });
  const rival = signElsewhere({ previous: ledger.headOf(account), balanceRaw: xno("9") });
  ledger.whileWorking = () => {
    ledger.land(rival);
  };
  await nanoSignature();
  expect(ledger.processCalls).toHaveLength(2);
  expect(questions).toBe(1);
});

test("a call that waits for the first one's outcome is asked for only when it has to pay itself", async () => {
  const { questions, approve } = startPerson();
  const { purse, time, nanoSignature } = await startPurse({ approve });
  const first = watch(nanoSignature());
  const second = watch(nanoSignature());
  await time.settle();
  expect(questions).toHaveLength(1);
  questions[0]?.answer(true);
  await time.settle();
  expect([first.outcome(), second.outcome()]).toMatchObject([{ track: "nanoSignature" }, undefined]);
  const [payment] = purse.unspent();
  await purse.report(payment?.hash ?? "", refused());
  await time.settle();
  expect(second.outcome()).toMatchObject({ hash: payment?.hash });
  expect(questions).toHaveLength(1);
});

test("money held since yesterday is not taken off what was spent today", async () => {
  const { questions, approve } = startPerson();
  const { purse, time, nanoSignature } = await startPurse({ approve, inFlightSeconds: 3_600 });
  await time.advance(86_400_000 - (START_MS % 86_400_000) - 1000);
  const first = watch(nanoSignature());
  await time.settle();
  questions[0]?.answer(true);
  await time.settle();
  expect(first.outcome()).toMatchObject({ track: "nanoSignature" });
  watch(nanoSignature());
  await time.advance(2_000);
  await purse.report(purse.unspent()[0]?.hash ?? "", served);
  await time.settle();
  expect(questions.map(({ payment }) => payment.spentTodayRaw)).toEqual([0n, 0n]);
  await purse.close();
});
