import { describe, expect, test } from "vitest";
import {
  refuse,
  releaseAnswerSchema,
  settleFailure,
  settleResponseSchema,
  settleSuccess,
  storedSuccessSchema,
  transactionOf,
  verifyFailure,
  verifyResponseSchema,
  verifySuccess,
} from "../../../src/protocol/index.js";
import { aPayer, someHash } from "../../support/payments.js";

const { account: payer, address } = aPayer(0);
const hash = someHash(0xabcdef);
const TRANSACTION = "0000000000000000000000000000000000000000000000000000000000ABCDEF";
const PENDING = refuse("settlement_pending");
const OLD = refuse("payment_too_old", "The limit is 3600 s.");

test("a transaction is the hash as explorers print it", () => {
  expect(transactionOf(hash)).toBe(TRANSACTION);
});

describe("verify answers", () => {
  test("success names the payer and carries the lease in extra, which alone survives the stock client", () => {
    expect(verifySuccess(payer, "token")).toEqual({ isValid: true, payer: address, extra: { lease: "token" } });
  });

  test("a foreign facilitator's verdict is read without a lease, and a lease that is no text is no verdict", () => {
    expect(verifyResponseSchema.parse(verifySuccess(payer, "token")).extra?.lease).toBe("token");
    for (const extra of [undefined, null, {}, { chain: 1 }]) {
      expect(verifyResponseSchema.parse({ isValid: true, extra }).extra?.lease).toBeUndefined();
    }
    expect(verifyResponseSchema.safeParse({ isValid: true, extra: { lease: 7 } }).success).toBe(false);
    expect(verifyResponseSchema.safeParse({ isValid: "yes" }).success).toBe(false);
  });

  test("failure has the word, the sentence, the word in UPPER_CASE, and the payer once it is known", () => {
    const expected = {
      isValid: false,
      invalidReason: "payment_too_old",
      invalidMessage: "The payment is too old to be redeemed here. The limit is 3600 s.",
      error: "PAYMENT_TOO_OLD",
    };
    expect(verifyFailure(OLD)).toEqual(expected);
    expect(verifyFailure(OLD)).not.toHaveProperty("payer");
    expect(verifyFailure(OLD, payer)).toEqual({ ...expected, payer: address });
    expect(verifyFailure(PENDING).error).toBe("CONFIRMATION_TIMEOUT");
  });
});

describe("settle answers", () => {
  const success = { success: true, transaction: TRANSACTION, network: "nano:mainnet", payer: address };

  test("success: Track B has the hash under txHash as well, Track A has not", () => {
    expect(settleSuccess(hash, payer, "nanoTxn")).toEqual(success);
    expect(settleSuccess(hash, payer, "nanoTxn")).not.toHaveProperty("txHash");
    expect(settleSuccess(hash, payer, "nanoSignature")).toEqual({ ...success, txHash: TRANSACTION });
  });

  test("failure: the transaction is always a string, empty where no block is meant", () => {
    const expected = {
      success: false,
      transaction: "",
      network: "nano:mainnet",
      errorReason: "payment_too_old",
      errorMessage: "The payment is too old to be redeemed here. The limit is 3600 s.",
      error: "PAYMENT_TOO_OLD",
    };
    expect(settleFailure(OLD)).toEqual(expected);
    expect(settleFailure(OLD)).not.toHaveProperty("payer");
    expect(settleFailure(OLD, { payer, hash })).toEqual({ ...expected, payer: address, transaction: TRANSACTION });
  });

  test("pending names the block and speaks the other text's word", () => {
    const answer = settleFailure(PENDING, { hash });
    expect(answer).toMatchObject({ success: false, transaction: TRANSACTION, error: "CONFIRMATION_TIMEOUT" });
  });

  test("no settle answer ever holds a lease: it reaches the client", () => {
    const answers = [
      settleSuccess(hash, payer, "nanoTxn"),
      settleSuccess(hash, payer, "nanoSignature"),
      settleFailure(PENDING, { payer, hash }),
    ];
    for (const answer of answers) expect(JSON.stringify(answer)).not.toContain("lease");
  });

  test.each(["nanoTxn", "nanoSignature"] as const)("a stored %s success is read back as it was", (track) => {
    const answer = settleSuccess(hash, payer, track);
    expect(storedSuccessSchema.parse(JSON.parse(JSON.stringify(answer)))).toEqual(answer);
  });

  test.each([
    ["a failure", settleFailure(PENDING, { payer, hash })],
    ["another network", { ...success, network: "nano:testnet" }],
    ["no transaction", { ...success, transaction: undefined }],
    ["no object", "success"],
  ])("%s is not read as a stored success", (_what, stored) => {
    expect(storedSuccessSchema.safeParse(stored).success).toBe(false);
  });
});

describe("what a buyer reads from somebody's PAYMENT-RESPONSE", () => {
  test.each([
    ["our own", settleSuccess(hash, payer, "nanoSignature")],
    ["the least", { success: true }],
    ["null for what is left out", { success: true, transaction: "", network: null, payer: null, errorReason: null }],
    ["no transaction yet", { success: true, transaction: null }],
    ["more than we know", { success: true, transaction: "AB", extensions: { receipt: 1 }, payer: address }],
  ])("%s: a success is not lost on its form", (_what, response) => {
    expect(settleResponseSchema.parse(response)).toMatchObject({ success: true });
  });

  test("a failure keeps its reason, known or not", () => {
    const response = { success: false, transaction: "", errorReason: "unheard_of" };
    expect(settleResponseSchema.parse(response)).toEqual(response);
  });

  test.each([
    ["no success", { transaction: "AB" }],
    ["success as text", { success: "true" }],
    ["success as a number", { success: 1 }],
    ["an array", [{ success: true }]],
    ["nothing", null],
  ])("%s is not read as one", (_what, response) => {
    expect(settleResponseSchema.safeParse(response).success).toBe(false);
  });
});

test("a release answer says released or not", () => {
  expect(releaseAnswerSchema.parse({ released: true })).toEqual({ released: true });
  expect(releaseAnswerSchema.safeParse({ released: "true" }).success).toBe(false);
  expect(releaseAnswerSchema.safeParse({}).success).toBe(false);
});
