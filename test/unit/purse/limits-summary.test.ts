import { expect, test } from "vitest";
import { parseAddress, xno } from "../../../src/nano/index.js";
import { createLimits, type LimitRecord } from "../../../src/purse/limits/index.js";
import { START_MS } from "../../support/manual-time.js";
import { OTHER_PAY_TO, PAY_TO, PRICE, startPurse } from "../../support/purse-world.js";

const TODAY = Math.floor(START_MS / 86_400_000);
const [A, B] = [parseAddress(PAY_TO), parseAddress(OTHER_PAY_TO)];

const none = { limitRaw: undefined, limit: undefined, leftRaw: undefined, left: undefined };

test("what was spent today and in total, by host and receiver, and what each limit leaves", () => {
  const records: LimitRecord[] = [
    { day: TODAY, amountRaw: xno("0.02"), host: "a.example", payTo: A },
    { day: TODAY - 1, amountRaw: xno("0.5"), host: "b.example", payTo: A },
    { day: TODAY, amountRaw: xno("0.03"), host: undefined, payTo: B },
  ];
  const limits = createLimits(
    {
      perPaymentRaw: xno("0.1"),
      perDayRaw: xno("1"),
      totalRaw: xno("2"),
      perHost: { named: new Map([["c.example", xno("0.3")]]), otherRaw: xno("0.04") },
      perPayTo: { named: new Map([[A, xno("0.01")]]), otherRaw: undefined },
    },
    () => START_MS,
    records,
  );
  const amount = (decimal: string) => ({ spentRaw: xno(decimal), spent: `${decimal} XNO` });
  const limit = (decimal: string, left: string) => ({
    limitRaw: xno(decimal),
    limit: `${decimal} XNO`,
    leftRaw: xno(left),
    left: `${left} XNO`,
  });
  expect(limits.spent()).toEqual({
    day: "2027-01-15",
    perPayment: { limitRaw: xno("0.1"), limit: "0.1 XNO" },
    today: { ...amount("0.05"), ...limit("1", "0.95") },
    total: { ...amount("0.55"), ...limit("2", "1.45") },
    byHost: [
      { host: "b.example", today: { ...amount("0"), ...limit("0.04", "0.04") }, total: { ...amount("0.5"), ...none } },
      {
        host: undefined,
        today: { ...amount("0.03"), ...limit("0.04", "0.01") },
        total: { ...amount("0.03"), ...none },
      },
      {
        host: "a.example",
        today: { ...amount("0.02"), ...limit("0.04", "0.02") },
        total: { ...amount("0.02"), ...none },
      },
      { host: "c.example", today: { ...amount("0"), ...limit("0.3", "0.3") }, total: { ...amount("0"), ...none } },
    ],
    byPayTo: [
      { payTo: PAY_TO, today: { ...amount("0.02"), ...limit("0.01", "0") }, total: { ...amount("0.52"), ...none } },
      { payTo: OTHER_PAY_TO, today: { ...amount("0.03"), ...none }, total: { ...amount("0.03"), ...none } },
    ],
  });
});

test("without a payment there is nothing, and hosts whose payments were given back are not listed", () => {
  const limits = createLimits({ perPaymentRaw: 9n, perDayRaw: 9n }, () => START_MS);
  limits.giveBack(limits.reserve({ priceRaw: 9n, host: "a.example", payTo: A }));
  expect(limits.spent()).toMatchObject({
    today: { spentRaw: 0n, leftRaw: 9n },
    total: { spentRaw: 0n, ...none },
    byHost: [],
    byPayTo: [],
  });
});

test("the purse tells it, prices without the raw that marks Track A", async () => {
  const { purse, offer, nanoTxn } = await startPurse({ maxPerHost: "0.5 XNO" });
  await purse.payOffer(offer(), { resource: "https://A.example:8443/x" });
  await nanoTxn({ payTo: OTHER_PAY_TO });
  expect(purse.spent()).toMatchObject({
    today: { spentRaw: 2n * PRICE, left: "0.98 XNO" },
    byHost: [{ host: "a.example:8443", today: { spent: "0.01 XNO", left: "0.49 XNO" } }, { host: undefined }],
    byPayTo: [{ payTo: PAY_TO }, { payTo: OTHER_PAY_TO, total: { spentRaw: PRICE } }],
  });
});
