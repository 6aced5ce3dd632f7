import { expect, test } from "vitest";
import { parseAddress, xno } from "../../../src/nano/index.js";
import { createLimits, type Spending } from "../../../src/purse/limits/index.js";
import { START_MS } from "../../support/manual-time.js";
import { blockOf, OTHER_PAY_TO, PAY_TO, PRICE, refused, startPurse } from "../../support/purse-world.js";

const DAY_MS = 86_400_000;
const [A, B] = [parseAddress(PAY_TO), parseAddress(OTHER_PAY_TO)];
const wide = { perPaymentRaw: 100n, perDayRaw: 1000n };
const code = (name: string) => expect.objectContaining({ code: name });
const at = (host: string | undefined, priceRaw: bigint, payTo = A): Spending => ({ host, priceRaw, payTo });

test("one amount for each host and UTC day, and one for all whose host is not known", () => {
  let nowMs = START_MS;
  const limits = createLimits({ ...wide, perHost: { named: new Map(), otherRaw: 10n } }, () => nowMs);
  for (const host of ["a.example", "a.example:8443", "b.example", undefined]) {
    limits.reserve(at(host, 9n));
    expect(() => limits.reserve(at(host, 2n, B))).toThrow(code("limit_per_host"));
    limits.reserve(at(host, 1n, B));
    expect(() => limits.reserve(at(host, 1n))).toThrow(code("limit_per_host"));
  }
  nowMs += DAY_MS;
  limits.reserve(at("a.example", 10n));
});

test("amounts by host: the others have the star's, or none", () => {
  const named = new Map([["a.example", 5n]]);
  const starred = createLimits({ ...wide, perHost: { named, otherRaw: 7n } }, () => START_MS);
  expect(() => starred.reserve(at("a.example", 6n))).toThrow(code("limit_per_host"));
  for (const host of ["b.example", undefined]) {
    expect(() => starred.reserve(at(host, 8n))).toThrow(code("limit_per_host"));
    starred.reserve(at(host, 7n));
  }
  const bare = createLimits({ ...wide, perHost: { named, otherRaw: undefined } }, () => START_MS);
  expect(() => bare.reserve(at("a.example", 6n))).toThrow(code("limit_per_host"));
  for (const host of ["b.example", undefined]) bare.reserve(at(host, 100n));
});

test("amounts by receiver, wherever it is bought", () => {
  let nowMs = START_MS;
  const perPayTo = { named: new Map([[B, 20n]]), otherRaw: 10n };
  const limits = createLimits({ ...wide, perPayTo }, () => nowMs);
  limits.reserve(at("a.example", 6n));
  expect(() => limits.reserve(at("b.example", 5n))).toThrow(code("limit_per_pay_to"));
  limits.reserve(at("b.example", 4n));
  limits.reserve(at("b.example", 20n, B));
  expect(() => limits.reserve(at("c.example", 1n, B))).toThrow(code("limit_per_pay_to"));
  nowMs += DAY_MS;
  limits.reserve(at("a.example", 10n));
});

test("a total over all days", () => {
  let nowMs = START_MS;
  const limits = createLimits({ ...wide, totalRaw: 10n }, () => nowMs);
  const first = limits.reserve(at("a.example", 6n));
  nowMs += 40 * DAY_MS;
  expect(() => limits.reserve(at("b.example", 5n, B))).toThrow(code("limit_total"));
  limits.reserve(at("b.example", 4n, B));
  nowMs -= 80 * DAY_MS;
  expect(() => limits.reserve(at("a.example", 1n))).toThrow(code("limit_total"));
  limits.giveBack(first);
  limits.reserve(at("a.example", 6n));
});

test("what is given back is free under every limit, on the day after too, and no day that follows gets it", () => {
  let nowMs = Math.ceil(START_MS / DAY_MS) * DAY_MS - 1;
  const perHost = { named: new Map(), otherRaw: 10n };
  const perPayTo = { named: new Map(), otherRaw: 10n };
  const limits = createLimits({ perPaymentRaw: 10n, perDayRaw: 10n, perHost, perPayTo, totalRaw: 20n }, () => nowMs);
  const evening = limits.reserve(at("a.example", 10n));
  nowMs += 1;
  limits.reserve(at("a.example", 10n));
  limits.giveBack(evening);
  limits.giveBack(evening);
  for (const spending of [at("a.example", 1n), at("b.example", 1n, B)]) {
    expect(() => limits.reserve(spending)).toThrow(code("limit_per_day"));
  }
  nowMs -= 1;
  limits.reserve(at("a.example", 10n));
  expect(() => limits.reserve(at("a.example", 1n))).toThrow(code("limit_total"));
});

test("a refused amount counts nowhere, and the widest limit that is exhausted is named", () => {
  const perHost = { named: new Map([["a.example", 3n]]), otherRaw: undefined };
  const perPayTo = { named: new Map([[A, 4n]]), otherRaw: undefined };
  const limits = createLimits({ perPaymentRaw: 9n, perDayRaw: 5n, totalRaw: 6n, perHost, perPayTo }, () => START_MS);
  const codes = [10n, 9n, 6n, 5n, 4n].map((priceRaw) => {
    try {
      limits.reserve(at("a.example", priceRaw));
      return undefined;
    } catch (error) {
      return (error as { code: string }).code;
    }
  });
  expect(codes).toEqual(["limit_per_payment", "limit_total", "limit_per_day", "limit_per_pay_to", "limit_per_host"]);
  expect(limits.spent()).toMatchObject({ today: { spentRaw: 0n }, byPayTo: [{ total: { spentRaw: 0n } }] });
  limits.reserve(at("a.example", 3n));
});

test("a refusal says the amount, the limit, what was spent, and where", async () => {
  const { purse, offer } = await startPurse({
    maxPerHost: { "Seller.Example": "0.015 XNO" },
    maxPerPayTo: { [OTHER_PAY_TO]: "0.012 XNO" },
    maxTotal: "0.05 XNO",
  });
  const buy = (path: string, payTo = PAY_TO, amountRaw = PRICE) =>
    purse.payOffer(offer({ payTo, amountRaw }), { resource: `https://${path}` });
  await buy("seller.example/1");
  await expect(buy("SELLER.example/2")).rejects.toMatchObject({
    code: "limit_per_host",
    facts: {
      amount: "0.01 XNO",
      amountRaw: PRICE.toString(),
      limit: "0.015 XNO",
      limitRaw: xno("0.015").toString(),
      spent: "0.01 XNO",
      spentRaw: PRICE.toString(),
      host: "seller.example",
      payTo: PAY_TO,
    },
  });
  await buy("b.example/1", OTHER_PAY_TO);
  await expect(buy("c.example/1", OTHER_PAY_TO)).rejects.toMatchObject({
    code: "limit_per_pay_to",
    facts: { limit: "0.012 XNO", spent: "0.01 XNO", host: "c.example", payTo: OTHER_PAY_TO },
  });
  await expect(buy("c.example/1", PAY_TO, xno("0.04"))).rejects.toMatchObject({
    code: "limit_total",
    facts: { amount: "0.04 XNO", limit: "0.05 XNO", spent: "0.02 XNO" },
  });
  await expect(purse.payOffer(offer({ amountRaw: xno("0.2") }))).rejects.toMatchObject({
    code: "limit_per_payment",
    facts: { amount: "0.2 XNO", limit: "0.1 XNO", host: "unknown" },
  });
});

test("of 60 payments at once to three hosts each host gets what its limit covers", async () => {
  const { ledger, account, purse, offer } = await startPurse({
    maxPerHost: { "a.example": 5n * PRICE, "*": 3n * PRICE },
  });
  const calls = Array.from({ length: 60 }, (_, index) =>
    purse.payOffer(offer(), { resource: `https://${"abc"[index % 3] ?? ""}.example/${String(index)}` }),
  );
  const results = await Promise.allSettled(calls);
  const refusals = results.flatMap((result) => (result.status === "rejected" ? [result.reason.code] : []));
  expect(refusals).toEqual(Array.from({ length: 60 - 11 }, () => "limit_per_host"));
  expect(ledger.sendsOf(account)).toHaveLength(11);
});

test("void is free under every limit; what is written off stays counted", async () => {
  const { purse, time, nanoTxn, nanoSignature, signElsewhere, ledger } = await startPurse({
    maxPerHost: PRICE,
    maxPerPayTo: PRICE,
    maxTotal: 2n * PRICE,
  });
  const { hash, previous } = await nanoTxn().then((proof) => ({ ...proof, previous: blockOf(proof).previous }));
  await purse.report(hash, refused("invalid_work"));
  expect(purse.spent()).toMatchObject({ today: { spentRaw: PRICE }, byHost: [{ host: undefined }], byPayTo: [{}] });
  ledger.land(signElsewhere({ previous, balanceRaw: xno("9") }));
  await time.settle();
  const second = await nanoSignature();
  expect(second.hash).not.toBe(hash);
  await purse.report(second.hash, refused());
  expect(await purse.writeOff(second.hash)).toBe(true);
  expect(purse.spent()).toMatchObject({ today: { spentRaw: PRICE }, total: { spentRaw: PRICE, leftRaw: PRICE } });
  await expect(nanoSignature()).rejects.toMatchObject({ code: "limit_per_pay_to" });
});
