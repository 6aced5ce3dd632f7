import { describe, expect, test } from "vitest";
import { checkTerms, parsePayment } from "../../../src/protocol/index.js";
import {
  aPayer,
  edited,
  NONCE,
  NOW_SECONDS,
  nanoSignaturePayment,
  nanoTxnPayment,
  type PaymentJson,
  PRICE_RAW,
} from "../../support/payments.js";

/**
 * A Track B payment over x402 v1, as Faremeter rebuilds it: its own first entry, Track A's, stands both as the
 * requirements and as what the client accepted, and the challenge is in the payload. Each condition is turned off alone.
 */
const trackA = nanoTxnPayment().paymentRequirements;
const trackB = nanoSignaturePayment();
const challenge = { nonce: NONCE, validBefore: NOW_SECONDS + 60 };
const rebuilt: PaymentJson = {
  paymentPayload: {
    x402Version: 2,
    accepted: trackA,
    payload: { ...trackB.paymentPayload.payload, ...challenge },
  },
  paymentRequirements: structuredClone(trackA),
};

function judge(payment: PaymentJson) {
  const result = parsePayment(payment.paymentPayload, payment.paymentRequirements, { allowLease: false });
  return checkTerms(result.ok ? result.payment : expect.unreachable(result.message));
}

const mismatch = { ok: false, reason: "requirements_mismatch", message: expect.stringContaining("amount") };

function editedAll(payment: PaymentJson, changes: Readonly<Record<string, unknown>>): PaymentJson {
  return Object.entries(changes).reduce((changed, [path, value]) => edited(changed, path, value), payment);
}

test("the host's own entry is no word of the client: Track B pays Track B's amount", () => {
  expect(judge(rebuilt)).toEqual({ ok: true, amountRaw: PRICE_RAW });
});

describe("without", () => {
  test.each<[string, Readonly<Record<string, unknown>>]>([
    ["a nonce in the payload", { "paymentPayload.payload.nonce": undefined }],
    ["a time in the payload", { "paymentPayload.payload.validBefore": undefined }],
    [
      "either in the payload",
      { "paymentPayload.payload.nonce": undefined, "paymentPayload.payload.validBefore": undefined },
    ],
    [
      "them in the payload, but in accepted.extra",
      {
        "paymentPayload.payload.nonce": undefined,
        "paymentPayload.payload.validBefore": undefined,
        "paymentPayload.accepted.extra.nonce": NONCE,
      },
    ],
    ["Track A's method in what was accepted", { "paymentPayload.accepted.extra.assetTransferMethod": undefined }],
    ["it, because Track B's stands there", { "paymentPayload.accepted.extra.assetTransferMethod": "nanoSignature" }],
    ["any extra in what was accepted", { "paymentPayload.accepted.extra": undefined }],
    ["the very amount: one raw less than Track B's", { "paymentPayload.accepted.amount": String(PRICE_RAW - 1n) }],
    ["the very amount: one raw more than Track A's", { "paymentPayload.accepted.amount": String(PRICE_RAW + 2n) }],
    ["the very amount: next to nothing", { "paymentPayload.accepted.amount": "1" }],
    [
      "Track A's method in the requirements, which name Track B",
      {
        "paymentRequirements.extra.assetTransferMethod": "nanoSignature",
        "paymentRequirements.amount": String(PRICE_RAW),
      },
    ],
    [
      "Track A's method in the requirements, which name none",
      { "paymentRequirements.extra.assetTransferMethod": undefined, "paymentRequirements.amount": String(PRICE_RAW) },
    ],
    [
      "Track A's method on both sides",
      {
        "paymentRequirements.extra.assetTransferMethod": undefined,
        "paymentRequirements.amount": String(PRICE_RAW),
        "paymentPayload.accepted.extra.assetTransferMethod": undefined,
      },
    ],
  ])("%s: requirements_mismatch", (_what, changes) => {
    expect(judge(editedAll(rebuilt, changes))).toEqual(mismatch);
  });

  test.each([
    ["scheme", "upto"],
    ["network", "nano:testnet"],
    ["asset", "NANO"],
    ["payTo", aPayer(9).address],
  ])("agreement in %s: requirements_mismatch, it covers the amount alone", (field, value) => {
    const message = `They differ in ${field}.`;
    const refusal = { ok: false, reason: "requirements_mismatch", message: expect.stringContaining(message) };
    expect(judge(edited(rebuilt, `paymentPayload.accepted.${field}`, value))).toEqual(refusal);
  });

  test("Track B's payload: a Track A block never passes under an amount that is not its own", () => {
    const { payload } = nanoTxnPayment().paymentPayload;
    const crossed = editedAll(trackB, { "paymentPayload.payload": { ...payload, ...challenge } });
    expect(judge(crossed)).toEqual(mismatch);
    const cheaper = editedAll(rebuilt, {
      "paymentPayload.payload": { ...payload, ...challenge },
      "paymentPayload.accepted.amount": String(PRICE_RAW),
    });
    expect(judge(cheaper)).toEqual(mismatch);
  });
});

test("what the client did accept needs none of it: Track B's own amount passes with or without", () => {
  const { extra, amount } = trackB.paymentRequirements;
  const own = editedAll(rebuilt, { "paymentPayload.accepted.extra": extra, "paymentPayload.accepted.amount": amount });
  expect(judge(own)).toEqual({ ok: true, amountRaw: PRICE_RAW });
  const bare = { "paymentPayload.payload.nonce": undefined, "paymentPayload.payload.validBefore": undefined };
  expect(judge(editedAll(own, bare))).toEqual({ ok: true, amountRaw: PRICE_RAW });
});

test("a foreign Track A entry, whose amount does not end in 1, is the same for both tracks", () => {
  const foreign = { "paymentRequirements.amount": "1007", "paymentPayload.accepted.amount": "1007" };
  expect(judge(editedAll(rebuilt, foreign))).toEqual({ ok: true, amountRaw: 1007n });
  expect(judge(editedAll(rebuilt, { ...foreign, "paymentPayload.accepted.amount": "1006" }))).toEqual(mismatch);
});
