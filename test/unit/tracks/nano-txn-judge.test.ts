import { describe, expect, test } from "vitest";
import { hashBlock, MAX_RAW } from "../../../src/nano/index.js";
import { judgeNanoTxn, type NanoTxnFacts } from "../../../src/tracks/nano-txn/index.js";
import { aPayer, BALANCE_RAW, PRICE_RAW, signedSend, someHash } from "../../support/payments.js";
import { previousOf } from "./scenarios.js";

const AMOUNT_RAW = PRICE_RAW + 1n;
const block = signedSend({ payer: aPayer(0), balanceRaw: BALANCE_RAW - AMOUNT_RAW });
const previous = previousOf(block);

function judge(facts: Partial<NanoTxnFacts>, amountRaw = AMOUNT_RAW) {
  return judgeNanoTxn(block, amountRaw, { previous, ...facts });
}

test("a block on the confirmed frontier that sends the exact amount passes", () => {
  expect(judge({})).toBeUndefined();
});

test("row 8: once it follows previous it proves nothing about who presents it, confirmed or not", () => {
  for (const successorConfirmed of [undefined, true, false]) {
    const landed = { ...previous, successor: hashBlock(block) };
    expect(judge({ previous: landed, successorConfirmed })?.reason).toBe("block_already_landed");
    expect(judge({ previous: { ...landed, confirmed: false } })?.reason).toBe("block_already_landed");
  }
});

describe("row 9: the frontier", () => {
  test("an account without a block", () => {
    expect(judge({ previous: undefined, hasAccount: false })?.reason).toBe("account_not_found");
    expect(judge({ previous: undefined, hasAccount: true })?.reason).toBe("stale_frontier");
    expect(judge({ previous: undefined })?.reason).toBe("stale_frontier");
  });

  test("a block of somebody else's chain", () => {
    const foreign = { ...previous, account: aPayer(1).account };
    expect(judge({ previous: foreign, hasAccount: true })?.reason).toBe("stale_frontier");
    expect(judge({ previous: foreign, hasAccount: false })?.reason).toBe("account_not_found");
  });

  test("another block follows it", () => {
    const followed = { ...previous, successor: someHash(99) };
    const refusal = judge({ previous: followed, successorConfirmed: true });
    expect(refusal).toMatchObject({ reason: "stale_frontier", message: expect.not.stringContaining("not confirmed") });
    expect(judge({ previous: followed })).toEqual(refusal);
  });

  test("where the block that follows previous is not confirmed, the message says so", () => {
    expect(judge({ previous: { ...previous, successor: someHash(99) }, successorConfirmed: false })).toMatchObject({
      reason: "stale_frontier",
      message: expect.stringContaining("The block that follows previous is not confirmed yet."),
    });
  });

  test("a frontier that is not confirmed", () => {
    expect(judge({ previous: { ...previous, confirmed: false } })?.reason).toBe("frontier_unconfirmed");
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
      const refusal = judge({ previous: { ...previous, balanceRaw } });
      expect(refusal).toMatchObject({ reason: "insufficient_amount", message: expect.stringContaining("too little") });
    }
  });

  test("what previous itself moved is of no account", () => {
    expect(judge({ previous: { ...previous, amountRaw: 1n } })).toBeUndefined();
  });

  test("an account may be emptied by one payment", () => {
    const last = signedSend({ payer: aPayer(0), balanceRaw: 0n });
    expect(judgeNanoTxn(last, AMOUNT_RAW, { previous: { ...previous, balanceRaw: AMOUNT_RAW } })).toBeUndefined();
  });
});
