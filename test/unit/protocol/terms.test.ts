import { describe, expect, test } from "vitest";
import {
  checkExpiry,
  checkTerms,
  type Payment,
  parsePayment,
  type Reason,
  spokenChallenge,
  trackOfOffer,
} from "../../../src/protocol/index.js";
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

function parsed(payment: PaymentJson): Payment {
  const result = parsePayment(payment.paymentPayload, payment.paymentRequirements, { allowLease: false });
  return result.ok ? result.payment : expect.unreachable(result.message);
}

/** The same change on the requirements and on what the client echoes. */
function offeredAs(payment: PaymentJson, field: string, value: unknown): PaymentJson {
  return edited(edited(payment, `paymentRequirements.${field}`, value), `paymentPayload.accepted.${field}`, value);
}

function reasonOf(payment: PaymentJson): Reason | "ok" {
  const result = checkTerms(parsed(payment));
  return result.ok ? "ok" : result.reason;
}

const payments = [
  ["Track A", nanoTxnPayment()],
  ["Track B", nanoSignaturePayment()],
] as const;

describe.each(payments)("row 2 on %s", (_track, payment) => {
  test("agrees with an unchanged entry", () => {
    expect(reasonOf(payment)).toBe("ok");
  });

  test.each(["upto", "EXACT", "exact ", ""])("scheme %j", (scheme) => {
    expect(reasonOf(offeredAs(payment, "scheme", scheme))).toBe("unsupported_scheme");
  });

  test.each([
    "nano:testnet",
    "nano:beta",
    "nano:devnet",
    "nano:local",
    "xno:mainnet",
    "nanocurrency:mainnet",
    "nano:*",
    "nano",
    "NANO:MAINNET",
    "eip155:8453",
    "",
  ])("network %j", (network) => {
    expect(reasonOf(offeredAs(payment, "network", network))).toBe("invalid_network");
  });

  test.each(["NANO", "xno", "raw", "USDC", ""])("asset %j", (asset) => {
    expect(reasonOf(offeredAs(payment, "asset", asset))).toBe("invalid_asset");
  });

  test.each([
    ["scheme", "upto"],
    ["network", "nano:testnet"],
    ["asset", "NANO"],
    ["payTo", aPayer(9).address],
    ["amount", String(PRICE_RAW - 1n)],
    ["amount", String(PRICE_RAW + 2n)],
    ["amount", "1"],
  ])("the client accepted another %s: %s", (field, value) => {
    const result = checkTerms(parsed(edited(payment, `paymentPayload.accepted.${field}`, value)));
    const message = expect.stringContaining(field);
    expect(result).toEqual({ ok: false, reason: "requirements_mismatch", message });
  });

  test("the same receiver with the old prefix is the same receiver", () => {
    const payTo = payment.paymentRequirements.payTo.replace("nano_", "xrb_");
    expect(reasonOf(edited(payment, "paymentPayload.accepted.payTo", payTo))).toBe("ok");
    expect(reasonOf(edited(payment, "paymentRequirements.payTo", payTo))).toBe("ok");
  });

  test("what the client says of extra and time does not matter here", () => {
    expect(reasonOf(edited(payment, "paymentPayload.accepted.maxTimeoutSeconds", 1))).toBe("ok");
    expect(reasonOf(edited(payment, "paymentPayload.accepted.extra.assetTransferMethod", undefined))).toBe("ok");
  });
});

describe("row 2 finds the amount of the payment's own track", () => {
  const [trackA, trackB] = [nanoTxnPayment(), nanoSignaturePayment()];
  const swapped = (payment: PaymentJson, entry: PaymentJson): PaymentJson => ({
    ...payment,
    paymentRequirements: entry.paymentRequirements,
  });
  const amountOf = (payment: PaymentJson): bigint | Reason => {
    const result = checkTerms(parsed(payment));
    return result.ok ? result.amountRaw : result.reason;
  };

  test("under its own entry, under the other track's (Faremeter), and under one without a method", () => {
    expect(amountOf(trackA)).toBe(PRICE_RAW + 1n);
    expect(amountOf(trackB)).toBe(PRICE_RAW);
    expect(amountOf(swapped(trackA, trackB))).toBe(PRICE_RAW + 1n);
    expect(amountOf(swapped(trackB, trackA))).toBe(PRICE_RAW);
    const unmarked = edited(trackB, "paymentRequirements.extra", {});
    expect(amountOf(unmarked)).toBe(PRICE_RAW);
    expect(amountOf(swapped(trackA, unmarked))).toBe("requirements_mismatch");
  });

  test("the client must have accepted that amount, not the entry's", () => {
    const echoed = { ...trackA.paymentPayload, accepted: trackB.paymentRequirements };
    expect(amountOf({ paymentPayload: echoed, paymentRequirements: trackB.paymentRequirements })).toBe(
      "requirements_mismatch",
    );
  });

  test("a Track A entry of one raw leaves nothing to pay on Track B", () => {
    const oneRaw = edited(swapped(trackB, trackA), "paymentRequirements.amount", "1");
    expect(amountOf(edited(oneRaw, "paymentPayload.accepted.amount", "1"))).toBe("requirements_mismatch");
  });

  test("a foreign seller of Track A alone is served the amount it asks", () => {
    expect(amountOf(offeredAs(trackA, "amount", "1000"))).toBe(1000n);
    expect(amountOf(offeredAs(trackA, "amount", "7"))).toBe(7n);
  });
});

describe("row 3: the time", () => {
  const when = { nowSeconds: NOW_SECONDS, maxTimeoutSeconds: 60, authenticated: false };
  const reason = (validBefore: number, authenticated = false): Reason | "ok" =>
    checkExpiry(validBefore, { ...when, authenticated })?.reason ?? "ok";

  test("five seconds of grace, and not one more", () => {
    expect(reason(NOW_SECONDS)).toBe("ok");
    expect(reason(NOW_SECONDS - 5)).toBe("ok");
    expect(reason(NOW_SECONDS - 6)).toBe("payment_expired");
    expect(reason(NOW_SECONDS - 5, true)).toBe("ok");
    expect(reason(NOW_SECONDS - 6, true)).toBe("payment_expired");
    expect(reason(0)).toBe("payment_expired");
  });

  test("maxTimeoutSeconds and 300 s ahead, and not one second more", () => {
    expect(reason(NOW_SECONDS + 360)).toBe("ok");
    expect(reason(NOW_SECONDS + 361)).toBe("challenge_invalid");
    expect(reason(Number.MAX_SAFE_INTEGER)).toBe("challenge_invalid");
  });

  test("an authenticated challenge has no upper bound, whatever the clocks say", () => {
    expect(reason(NOW_SECONDS + 361, true)).toBe("ok");
    expect(reason(Number.MAX_SAFE_INTEGER, true)).toBe("ok");
  });

  test("the bound follows the seller's own time", () => {
    const longer = { ...when, maxTimeoutSeconds: 1000 };
    expect(checkExpiry(NOW_SECONDS + 1300, longer)).toBeUndefined();
    expect(checkExpiry(NOW_SECONDS + 1301, longer)?.reason).toBe("challenge_invalid");
  });
});

describe("the challenge that a payment speaks of", () => {
  const payment = nanoSignaturePayment();
  const other = { nonce: "B1".repeat(32), validBefore: 5 };
  const withPayload = (fields: object): PaymentJson => ({
    ...payment,
    paymentPayload: { ...payment.paymentPayload, payload: { ...payment.paymentPayload.payload, ...fields } },
  });
  const inExtra = { nonce: NONCE, validBefore: NOW_SECONDS + 60 };

  test.each<[string, PaymentJson, { nonce: string | undefined; validBefore: number | undefined }]>([
    ["is the accepted entry's", payment, inExtra],
    ["is the payload's own where it has one (x402 v1)", withPayload(other), { ...other, nonce: "b1".repeat(32) }],
    ["takes the nonce alone", withPayload({ nonce: other.nonce }), { ...inExtra, nonce: "b1".repeat(32) }],
    ["takes the time alone, zero too", withPayload({ validBefore: 0 }), { ...inExtra, validBefore: 0 }],
    ["can be none", edited(payment, "paymentPayload.accepted.extra", {}), { nonce: undefined, validBefore: undefined }],
    [
      "is never the requirements', which the server rebuilds with a new nonce",
      edited(payment, "paymentRequirements.extra.nonce", "c2".repeat(32)),
      inExtra,
    ],
  ])("%s", (_what, spoken, expected) => {
    expect(spokenChallenge(parsed(spoken))).toEqual(expected);
  });
});

test.each([
  [{ assetTransferMethod: "nanoTxn" }, "nanoTxn"],
  [{ assetTransferMethod: "nanoTxn", nonce: NONCE }, "nanoTxn"],
  [{ assetTransferMethod: "nanoSignature" }, "nanoSignature"],
  [{ nonce: NONCE }, "nanoSignature"],
  [{ validBefore: 5 }, "nanoTxn"],
  [{}, "nanoTxn"],
])("an offer with extra %j asks for %s", (extra, track) => {
  const { requirements } = parsed(edited(nanoTxnPayment(), "paymentRequirements.extra", extra));
  expect(trackOfOffer(requirements)).toBe(track);
});
