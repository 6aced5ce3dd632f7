import { describe, expect, test } from "vitest";
import {
  addressOf,
  bytesToHex,
  concatBytes,
  hashNomsMessage,
  hexToBytes,
  keyBytes,
  publicKeyOf,
  signMessage,
  signNoms,
} from "../../../src/nano/index.js";
import { createChallengeAuthority } from "../../../src/protocol/index.js";
import { checkChallenge, checkNanoSignature } from "../../../src/tracks/nano-signature/index.js";
import { fromLittleEndian, L, laxVerify, toLittleEndian } from "../../support/edwards.js";
import { flipBit } from "../../support/nano.js";
import {
  aPayer,
  edited,
  NONCE,
  NOW_SECONDS,
  nanoSignaturePayment,
  nanoTxnPayment,
  type PaymentJson,
  PRICE_RAW,
  SELLER,
  someHash,
} from "../../support/payments.js";
import { forgeFor, parseSignature, SIGNATURE_CONTEXT } from "./scenarios.js";

const payer = aPayer(0);
const hash = someHash(0xabcdef);
const VALID_BEFORE = NOW_SECONDS + 60;
const payment = nanoSignaturePayment({ hash });
const message = `${hash}:${NONCE}:${VALID_BEFORE}`;
const signature = signNoms(message, payer.secretKey);
const authority = createChallengeAuthority("the secret of the resource server");

type Context = Partial<typeof SIGNATURE_CONTEXT>;

function check(json: PaymentJson, context: Context = {}) {
  return checkNanoSignature(parseSignature(json), { ...SIGNATURE_CONTEXT, ...context });
}

function reasonOf(json: PaymentJson, context: Context = {}): string {
  const result = check(json, context);
  return result.ok ? "ok" : result.reason;
}

const withSignature = (bytes: Uint8Array): PaymentJson =>
  edited(payment, "paymentPayload.payload.signature", bytesToHex(bytes));

/** A payment whose challenge was issued by `authority`. */
function issued(validBefore = VALID_BEFORE, amountRaw = PRICE_RAW, payTo = SELLER.account): PaymentJson {
  const nonce = authority.issueNonce({ payTo, amountRaw, validBefore });
  return nanoSignaturePayment({ hash, nonce, validBefore });
}

test("an honest payment passes with its amount, hash and payer", () => {
  expect(check(payment)).toEqual({ ok: true, amountRaw: PRICE_RAW, hash, payer: payer.account });
  expect(check(issued(), { authority })).toEqual(check(payment));
});

describe("row 3: the challenge", () => {
  test.each(["nonce", "validBefore"])("that names no %s", (field) => {
    expect(reasonOf(edited(payment, `paymentPayload.accepted.extra.${field}`, undefined))).toBe("challenge_invalid");
  });

  test.each([
    [NOW_SECONDS - 6, "payment_expired", "payment_expired"],
    [NOW_SECONDS - 5, "ok", "ok"],
    [NOW_SECONDS + 360, "ok", "ok"],
    [NOW_SECONDS + 361, "challenge_invalid", "ok"],
    [NOW_SECONDS + 86_400, "challenge_invalid", "ok"],
  ])("%s is %s without the secret and %s with it", (validBefore, without, withSecret) => {
    expect(reasonOf(issued(validBefore))).toBe(without);
    expect(reasonOf(issued(validBefore), { authority })).toBe(withSecret);
  });

  test.each([
    ["another amount", issued(VALID_BEFORE, PRICE_RAW + 1n)],
    ["another seller", issued(VALID_BEFORE, PRICE_RAW, aPayer(3).account)],
    ["nobody", payment],
  ])("issued for %s: refused by whoever holds the secret, unseen by others", (_whom, json) => {
    expect(reasonOf(json, { authority })).toBe("challenge_invalid");
    expect(reasonOf(json)).toBe("ok");
  });

  test("issued for another time: the signer cannot move it", () => {
    const nonce = authority.issueNonce({ payTo: SELLER.account, amountRaw: PRICE_RAW, validBefore: VALID_BEFORE });
    const moved = nanoSignaturePayment({ hash, nonce, validBefore: VALID_BEFORE + 1 });
    expect(reasonOf(moved, { authority })).toBe("challenge_invalid");
  });

  test("a settle that holds the lease skips the time, not the authenticity", () => {
    const late = { judgeExpiry: false, authority };
    expect(reasonOf(issued(NOW_SECONDS - 1000), late)).toBe("ok");
    expect(reasonOf(nanoSignaturePayment({ hash, validBefore: NOW_SECONDS - 1000 }), late)).toBe("challenge_invalid");
    expect(reasonOf(issued(NOW_SECONDS + 86_400), { judgeExpiry: false })).toBe("ok");
  });

  test("a fresh nonce in the requirements, which a server rebuilds, does not matter", () => {
    expect(reasonOf(edited(issued(), "paymentRequirements.extra.nonce", "c3".repeat(32)), { authority })).toBe("ok");
    expect(reasonOf(edited(issued(), "paymentRequirements.extra.validBefore", 1), { authority })).toBe("ok");
  });

  test("under Faremeter's first entry the challenge is the one for Track B's amount", () => {
    const { paymentRequirements } = nanoTxnPayment();
    expect(reasonOf({ ...issued(), paymentRequirements }, { authority })).toBe("ok");
  });

  test("over x402 v1 nonce and time come in the payload, and win", () => {
    const nonce = authority.issueNonce({ payTo: SELLER.account, amountRaw: PRICE_RAW, validBefore: VALID_BEFORE });
    const { paymentPayload, paymentRequirements } = nanoSignaturePayment({ hash, nonce });
    const carried = (own: object, extra: object): PaymentJson => ({
      paymentRequirements,
      paymentPayload: {
        ...paymentPayload,
        accepted: { ...paymentPayload.accepted, extra: { ...extra } },
        payload: { ...paymentPayload.payload, ...own },
      },
    });
    const spoken = { nonce, validBefore: VALID_BEFORE };
    expect(reasonOf(carried(spoken, {}), { authority })).toBe("ok");
    expect(reasonOf(carried(spoken, { nonce: NONCE, validBefore: 1 }), { authority })).toBe("ok");
    expect(reasonOf(carried({ nonce: NONCE }, spoken), { authority })).toBe("challenge_invalid");
    expect(reasonOf(carried({ validBefore: 1 }, spoken), { authority })).toBe("payment_expired");
  });

  test("the resource server asks the same question alone", () => {
    const ask = (json: PaymentJson) => {
      const verdict = checkChallenge(parseSignature(json), PRICE_RAW, { ...SIGNATURE_CONTEXT, authority });
      return verdict.ok ? undefined : verdict.reason;
    };
    expect(ask(issued())).toBeUndefined();
    expect(ask(payment)).toBe("challenge_invalid");
    expect(ask(issued(NOW_SECONDS - 6))).toBe("payment_expired");
  });
});

describe("row 4: the message signature", () => {
  test("is over <blockHash>:<nonce>:<validBefore>, in lower case and plain decimal", () => {
    expect(bytesToHex(signature)).toBe(payment.paymentPayload.payload["signature"]);
    const upper = edited(payment, "paymentPayload.payload.blockHash", hash.toUpperCase());
    expect(reasonOf(edited(upper, "paymentPayload.accepted.extra.nonce", NONCE.toUpperCase()))).toBe("ok");
  });

  test.each([
    `${hash.toUpperCase()}:${NONCE}:${VALID_BEFORE}`,
    `${hash}:${NONCE.toUpperCase()}:${VALID_BEFORE}`,
    `${hash}:${NONCE}:${VALID_BEFORE}\n`,
    `${hash}:${NONCE}:0${VALID_BEFORE}`,
    `${hash}:${NONCE}`,
    `${hash}${NONCE}${VALID_BEFORE}`,
    `${someHash(1)}:${NONCE}:${VALID_BEFORE}`,
    "",
  ])("over %j it is none", (text) => {
    expect(reasonOf(withSignature(signNoms(text, payer.secretKey)))).toBe("invalid_signature");
  });

  test("without the NOMS frame it is none, nor is the block's own", () => {
    expect(reasonOf(withSignature(signMessage(new TextEncoder().encode(message), payer.secretKey)))).toBe(
      "invalid_signature",
    );
    expect(reasonOf(withSignature(signMessage(keyBytes(hash), payer.secretKey)))).toBe("invalid_signature");
  });

  test("every one of its 512 bits counts", () => {
    const flipped = Array.from({ length: 512 }, (_, bit) => reasonOf(withSignature(flipBit(signature, bit))));
    expect(new Set(flipped)).toEqual(new Set(["invalid_signature"]));
  });

  test("somebody else's, or presented by somebody else", () => {
    expect(reasonOf(withSignature(signNoms(message, aPayer(2).secretKey)))).toBe("invalid_signature");
    expect(reasonOf(edited(payment, "paymentPayload.payload.account", aPayer(2).address))).toBe("invalid_signature");
  });

  test("S + L is refused", () => {
    const malleated = concatBytes(
      signature.subarray(0, 32),
      toLittleEndian(fromLittleEndian(signature.subarray(32)) + L),
    );
    expect(laxVerify(malleated, hashNomsMessage(message), keyBytes(payer.account))).toBe(true);
    expect(reasonOf(withSignature(malleated))).toBe("invalid_signature");
  });

  test("a forgery for the burn account is refused", () => {
    const key = hexToBytes("00".repeat(32), 32);
    const digest = hashNomsMessage(message);
    const forged = forgeFor(key, digest);
    expect(laxVerify(forged, digest, key)).toBe(true);
    const burn = edited(withSignature(forged), "paymentPayload.payload.account", addressOf(publicKeyOf(key)));
    expect(reasonOf(burn)).toBe("invalid_signature");
  });
});
