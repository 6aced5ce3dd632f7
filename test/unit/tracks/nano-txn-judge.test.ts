import { describe, expect, test } from "vitest";
import { MAX_RAW } from "../../../src/nano/index.js";
import { judgeNanoTxn, type NanoTxnFacts } from "../../../src/tracks/nano-txn/index.js";
import { aPayer, BALANCE_RAW, PRICE_RAW, signedSend, someHash } from "../../support/payments.js";
import { accountBefore, landed } from "./scenarios.js";

const AMOUNT_RAW = PRICE_RAW + 1n;
const block = signedSend({ payer: aPayer(0), balanceRaw: BALANCE_RAW - AMOUNT_RAW });
const account = accountBefore(block);

function judge(facts: Partial<NanoTxnFacts>, amountRaw = AMOUNT_RAW) {
  return judgeNanoTxn(block, amountRaw, { landed: undefined, account, ...facts });
}

test("a block on the confirmed frontier that sends the exact amount passes", () => {
  expect(judge({})).toBeUndefined();
});

test("row 8: once it is on the ledger it proves nothing about who presents it, confirmed or not", () => {
  expect(judge({ landed: landed(block) })?.reason).toBe("block_already_landed");
  expect(judge({ landed: { ...landed(block), confirmed: false } })?.reason).toBe("block_already_landed");
});

describe("row 9: the frontier", () => {
  test("an account without a block", () => {
    expect(judge({ account: undefined })?.reason).toBe("account_not_found");
  });

  test("another frontier, above or beside", () => {
    const moved = { ...account, frontier: someHash(99), confirmedFrontier: someHash(99) };
    const refusal = judge({ account: moved, successorConfirmed: true });
    expect(refusal).toMatchObject({ reason: "stale_frontier", message: expect.not.stringContaining("not confirmed") });
    expect(judge({ account: moved })).toEqual(refusal);
  });

  test("where the block that follows previous is not confirmed, the message says so", () => {
    const moved = { ...account, frontier: someHash(99) };
    expect(judge({ account: moved, successorConfirmed: false })).toMatchObject({
      reason: "stale_frontier",
      message: expect.stringContaining("The block that follows previous is not confirmed yet."),
    });
  });

  test("a frontier that is not the confirmed one, and an account with nothing confirmed", () => {
    for (const confirmedFrontier of [someHash(6), undefined]) {
      expect(judge({ account: { ...account, confirmedFrontier } })?.reason).toBe("frontier_unconfirmed");
    }
  });

  test("only the frontier decides: a confirmed balance that lags behind is not looked at", () => {
    expect(judge({ account: { ...account, confirmedBalanceRaw: 0n } })).toBeUndefined();
  });
});

describe("row 10: the amount, exactly", () => {
  test.each([
    ["one raw too little", AMOUNT_RAW + 1n, "too little"],
    ["one raw too much", AMOUNT_RAW - 1n, "too much"],
    ["the price of Track B", PRICE_RAW, "too much"],
    ["nothing like it", MAX_RAW, "too little"],
  ])("%s", (_what, requiredRaw, direction) => {
    expect(judge({}, requiredRaw)).toEqual({
      ok: false,
      reason: "insufficient_amount",
      message: expect.stringContaining(
        `Required exactly ${requiredRaw} raw, the block sends ${AMOUNT_RAW} raw, which is ${direction}`,
      ),
    });
  });

  test("a block that sends nothing, or receives", () => {
    for (const balanceRaw of [block.balanceRaw, block.balanceRaw - 1n, 0n]) {
      const refusal = judge({ account: { ...account, balanceRaw } });
      expect(refusal).toMatchObject({ reason: "insufficient_amount", message: expect.stringContaining("too little") });
    }
  });

  test("an account may be emptied by one payment", () => {
    const last = signedSend({ payer: aPayer(0), balanceRaw: 0n });
    const facts = { landed: undefined, account: { ...account, balanceRaw: AMOUNT_RAW } };
    expect(judgeNanoTxn(last, AMOUNT_RAW, facts)).toBeUndefined();
  });
});
