import { expect, test } from "vitest";
import { hashBlock, parseAddress, xno } from "../../../src/nano/index.js";
import { PAY_TO, PRICE, startPurse, watch } from "../../support/purse-world.js";

test("an unopened account is opened with what came in, then pays", async () => {
  const { purse, ledger, account, nanoSignature } = await startPurse({ balanceRaw: 0n });
  ledger.addReceivable(account, xno("2"));
  await nanoSignature();
  expect(ledger.processCalls.map(({ subtype }) => subtype)).toEqual(["open", "send"]);
  expect(ledger.workCalls).toEqual([
    { root: account, threshold: 1n },
    { root: ledger.processCalls[0]?.hash, threshold: 2n },
  ]);
  expect(ledger.sendsOf(account)[0]?.balanceRaw).toBe(xno("2") - PRICE);
  await expect(purse.balance()).resolves.toEqual({ balanceRaw: xno("2") - PRICE, receivableRaw: 0n });
});

test("a balance that is too small takes in the largest sends, and no more than needed", async () => {
  const { purse, ledger, account, nanoSignature } = await startPurse({ balanceRaw: 10n });
  for (const amountRaw of [1n, xno("0.006"), 2n, xno("0.005"), xno("0.007")]) ledger.addReceivable(account, amountRaw);
  await nanoSignature();
  expect(ledger.processCalls.map(({ subtype }) => subtype)).toEqual(["receive", "receive", "send"]);
  await expect(purse.balance()).resolves.toEqual({
    balanceRaw: 10n + xno("0.013") - PRICE,
    receivableRaw: xno("0.005") + 3n,
  });
});

test("what came in is confirmed before it is spent", async () => {
  const { ledger, account, time, nanoSignature } = await startPurse({ balanceRaw: 0n });
  ledger.addReceivable(account, xno("2"));
  ledger.confirmsAtOnce = false;
  const call = watch(nanoSignature());
  await time.advance(4_000);
  expect(ledger.processCalls.map(({ subtype }) => subtype)).toEqual(["open"]);
  ledger.confirmsAtOnce = true;
  ledger.confirm(ledger.headOf(account));
  await time.settle();
  expect(call.outcome()).toMatchObject({ track: "nanoSignature" });
});

test("too little altogether: told exactly, and nothing is counted", async () => {
  const { purse, ledger, account, nanoSignature } = await startPurse({ balanceRaw: 0n });
  await expect(nanoSignature()).rejects.toMatchObject({ code: "insufficient_funds", facts: { balanceRaw: "0" } });
  ledger.addReceivable(account, xno("0.004"));
  await expect(nanoSignature()).rejects.toMatchObject({
    code: "insufficient_funds",
    facts: { required: "0.01 XNO", requiredRaw: PRICE.toString(), balance: "0.004 XNO" },
  });
  expect(purse.spentTodayRaw()).toBe(0n);
  expect(purse.unspent()).toEqual([]);
});

test("receive takes in everything", async () => {
  const { purse, ledger, account } = await startPurse({ balanceRaw: 0n });
  await expect(purse.receive()).resolves.toEqual({ count: 0, amountRaw: 0n });
  for (const amountRaw of [5n, 7n, 6n]) ledger.addReceivable(account, amountRaw);
  await expect(purse.balance()).resolves.toEqual({ balanceRaw: 0n, receivableRaw: 18n });
  await expect(purse.receive()).resolves.toEqual({ count: 3, amountRaw: 18n });
  await expect(purse.balance()).resolves.toEqual({ balanceRaw: 18n, receivableRaw: 0n });
});

test("what another program took in meanwhile is left to it", async () => {
  const { purse, ledger, account, signElsewhere } = await startPurse({ balanceRaw: 100n });
  for (const amountRaw of [5n, 7n]) ledger.addReceivable(account, amountRaw);
  const elsewhere = signElsewhere({ previous: ledger.headOf(account), balanceRaw: 40n });
  ledger.whileWorking = () => ledger.land(elsewhere);
  await expect(purse.receive()).resolves.toEqual({ count: 1, amountRaw: 5n });
  await expect(purse.balance()).resolves.toMatchObject({ balanceRaw: 45n });
});

test("a receive that the node refuses is no payment, and blocks none", async () => {
  const { purse, ledger, account, nanoSignature } = await startPurse();
  ledger.addReceivable(account, 5n);
  ledger.faults.push({ refuse: "Unreceivable" });
  await expect(purse.receive()).rejects.toMatchObject({ code: "block_refused", facts: { why: "Unreceivable" } });
  const { hash } = await nanoSignature();
  expect(ledger.sendsOf(account).map(hashBlock)).toEqual([hash]);
});

test("the representative: the account's own choice, the option's, or the account itself for a first block", async () => {
  const kept = await startPurse();
  await kept.nanoSignature();
  expect(kept.ledger.sendsOf(kept.account)[0]?.representative).toBe(kept.account);

  const chosen = await startPurse({ representative: PAY_TO });
  await chosen.nanoSignature();
  expect(chosen.ledger.sendsOf(chosen.account)[0]?.representative).toBe(parseAddress(PAY_TO));

  const opened = await startPurse({ balanceRaw: 0n });
  opened.ledger.addReceivable(opened.account, 5n);
  await opened.purse.receive();
  const info = await opened.ledger.accountInfo(opened.account);
  expect(info?.representative).toBe(opened.account);
});

test("a receive whose answer was lost is decided before anything is built beside it", async () => {
  const { purse, ledger, account, time, nanoSignature } = await startPurse({ balanceRaw: 0n });
  ledger.addReceivable(account, xno("2"));
  ledger.faults.push(...Array.from({ length: 25 }, () => "lostBefore" as const));
  const receiving = watch(purse.receive());
  await time.advance(11_000);
  expect(receiving.outcome()).toMatchObject({ code: "payment_unresolved" });
  ledger.faults.length = 0;
  await nanoSignature();
  expect(new Set(ledger.processCalls.slice(0, -1).map(({ hash }) => hash)).size).toBe(1);
  expect(ledger.processCalls.at(-1)?.subtype).toBe("send");
});
