import { describe, expect, test } from "vitest";
import {
  addressOf,
  concatBytes,
  encodeBlockJson,
  hashBlock,
  hexToBytes,
  keyBytes,
  MAINNET_WORK_THRESHOLDS,
  parseAddress,
  publicKeyOf,
  type SignedBlock,
  signBlock,
  signNoms,
  workValue,
} from "../../../src/nano/index.js";
import { checkNanoTxn, type WorkPolicy } from "../../../src/tracks/nano-txn/index.js";
import { fromLittleEndian, L, laxVerify, toLittleEndian } from "../../support/edwards.js";
import { flipBit, type PrintedBlock, readFixture } from "../../support/nano.js";
import {
  aPayer,
  BALANCE_RAW,
  edited,
  findWork,
  NOW_SECONDS,
  nanoTxnPayment,
  type PaymentJson,
  PRICE_RAW,
  SELLER,
  signedSend,
  someHash,
} from "../../support/payments.js";
import { forgeFor, parseTxn, TXN_CONTEXT } from "./scenarios.js";

const payer = aPayer(0);
const honest = signedSend({ payer, balanceRaw: BALANCE_RAW - PRICE_RAW - 1n });
const payment = nanoTxnPayment({ block: honest });
const BLOCK = "paymentPayload.payload.block";

function check(json: PaymentJson, context: Partial<typeof TXN_CONTEXT> = {}) {
  return checkNanoTxn(parseTxn(json), { ...TXN_CONTEXT, ...context });
}

function reasonOf(json: PaymentJson, context: Partial<typeof TXN_CONTEXT> = {}): string {
  const result = check(json, context);
  return result.ok ? "ok" : result.reason;
}

const withBlock = (block: SignedBlock): PaymentJson => nanoTxnPayment({ block });
const withSignature = (signature: Uint8Array): PaymentJson =>
  edited(payment, `${BLOCK}.signature`, Buffer.from(signature).toString("hex"));

test("an honest payment passes with its amount, hash and payer", () => {
  const expected = { ok: true, amountRaw: PRICE_RAW + 1n, hash: hashBlock(honest), payer: payer.account };
  expect(check(payment)).toEqual(expected);
});

test("a real block of the live network passes, with the live network's threshold", () => {
  const { block }: { block: PrintedBlock } = JSON.parse(readFixture("vectors/mainnet-block.json"));
  const deal = nanoTxnPayment({ payTo: parseAddress(block.link_as_account ?? "") });
  const real = edited(deal, BLOCK, block);
  const sendThreshold = MAINNET_WORK_THRESHOLDS.send;
  expect(check(real, { sendThreshold })).toMatchObject({ ok: true, payer: parseAddress(block.account) });
  expect(reasonOf(payment, { sendThreshold })).toBe("invalid_work");
});

describe("row 3: the time that the client echoes", () => {
  const at = (validBefore: number | undefined): PaymentJson =>
    edited(payment, "paymentPayload.accepted.extra.validBefore", validBefore);

  test.each([
    [NOW_SECONDS - 6, "payment_expired"],
    [NOW_SECONDS - 5, "ok"],
    [NOW_SECONDS + 360, "ok"],
    [NOW_SECONDS + 361, "challenge_invalid"],
    [undefined, "ok"],
  ])("%s: %s", (validBefore, expected) => {
    expect(reasonOf(at(validBefore))).toBe(expected);
  });

  test("a settle that holds the lease is not refused because the handler took long", () => {
    expect(reasonOf(at(NOW_SECONDS - 1000), { judgeExpiry: false })).toBe("ok");
    expect(reasonOf(at(NOW_SECONDS + 1000), { judgeExpiry: false })).toBe("ok");
  });

  test("the requirements' own time is no part of it: the server rebuilds them", () => {
    expect(reasonOf(edited(payment, "paymentRequirements.extra.validBefore", 1))).toBe("ok");
  });

  test("the payload's time wins over the entry's, as on Track B", () => {
    expect(reasonOf(edited(payment, "paymentPayload.payload.validBefore", NOW_SECONDS - 6))).toBe("payment_expired");
    expect(reasonOf(edited(at(1), "paymentPayload.payload.validBefore", NOW_SECONDS))).toBe("ok");
  });
});

describe("row 4: the destination", () => {
  test("another receiver in a well-signed block", () => {
    const other = signedSend({ payer, payTo: aPayer(3).account, balanceRaw: honest.balanceRaw });
    expect(reasonOf(withBlock(other))).toBe("wrong_destination");
  });

  test("link_as_account is never trusted: it cannot help a wrong link, and must not contradict a right one", () => {
    const other = signedSend({ payer, payTo: aPayer(3).account, balanceRaw: honest.balanceRaw });
    const helped = edited(withBlock(other), `${BLOCK}.link_as_account`, SELLER.address);
    expect(reasonOf(helped)).toBe("wrong_destination");
    const contradicting = edited(payment, `${BLOCK}.link_as_account`, aPayer(3).address);
    expect(check(contradicting)).toMatchObject({
      reason: "wrong_destination",
      message: expect.stringContaining("link_as_account contradicts link"),
    });
    expect(reasonOf(edited(payment, `${BLOCK}.link_as_account`, undefined))).toBe("ok");
    expect(reasonOf(edited(payment, `${BLOCK}.link_as_account`, SELLER.address.replace("nano_", "xrb_")))).toBe("ok");
  });
});

describe("row 5: the block signature", () => {
  const signature = hexToBytes(honest.signature, 64);
  const hash = keyBytes(hashBlock(honest));

  test("every one of its 512 bits counts", () => {
    const flipped = Array.from({ length: 512 }, (_, bit) => reasonOf(withSignature(flipBit(signature, bit))));
    expect(new Set(flipped)).toEqual(new Set(["invalid_signature"]));
  });

  test.each([
    ["account", aPayer(2).address],
    ["previous", someHash(8)],
    ["representative", aPayer(2).address],
    ["balance", (honest.balanceRaw + 1n).toString()],
  ])("%s is under it", (field, value) => {
    expect(reasonOf(edited(payment, `${BLOCK}.${field}`, value))).toBe("invalid_signature");
  });

  test("S + L, which the node takes, is refused", () => {
    const answer = fromLittleEndian(signature.subarray(32));
    const malleated = concatBytes(signature.subarray(0, 32), toLittleEndian(answer + L));
    expect(laxVerify(malleated, hash, keyBytes(payer.account))).toBe(true);
    expect(reasonOf(withSignature(malleated))).toBe("invalid_signature");
  });

  test("a message signature over the hash is no block signature", () => {
    expect(reasonOf(withSignature(signNoms(hashBlock(honest), payer.secretKey)))).toBe("invalid_signature");
  });

  /** y = 0, Nano's burn account, and y = 1: keys of order 4 and 1, whose signatures anybody can make. */
  test.each(["00".repeat(32), `01${"00".repeat(31)}`])("a forgery for the small-order key %s is refused", (hex) => {
    const key = hexToBytes(hex, 32);
    const block = { ...honest, account: publicKeyOf(key) };
    const message = keyBytes(hashBlock(block));
    const forged = forgeFor(key, message);
    expect(laxVerify(forged, message, key)).toBe(true);
    const json = edited(payment, `${BLOCK}.account`, addressOf(block.account));
    expect(reasonOf(edited(json, `${BLOCK}.signature`, Buffer.from(forged).toString("hex")))).toBe("invalid_signature");
  });
});

describe("row 6: the work", () => {
  const strong = findWork(honest.previous);
  const weak = strong.replace(/.$/, (last) => (last === "0" ? "1" : "0"));
  const rows: [WorkPolicy, string, unknown, string][] = [
    ["validate", "that meets the threshold", strong, "ok"],
    ["validate", "below it", weak, "invalid_work"],
    ["validate", "absent", undefined, "invalid_work"],
    ["validate", "empty", "", "invalid_work"],
    ["validate", "malformed", "xyz", "invalid_work"],
    ["format", "that meets the threshold", strong, "ok"],
    ["format", "below it", weak, "ok"],
    ["format", "absent", undefined, "invalid_work"],
    ["format", "empty", "", "invalid_work"],
    ["format", "malformed", strong.slice(1), "invalid_work"],
    ["attach", "that meets the threshold", strong, "ok"],
    ["attach", "below it", weak, "invalid_work"],
    ["attach", "absent", undefined, "ok"],
    ["attach", "empty", "", "ok"],
    ["attach", "malformed", `${strong}0`, "invalid_work"],
  ];

  test.each(rows)("under %s, work %s", (workPolicy, _what, work, expected) => {
    const result = check(edited(payment, `${BLOCK}.work`, work), { workPolicy });
    expect(result.ok ? "ok" : result.reason).toBe(expected);
    expect(result).toMatchObject({ payer: payer.account });
  });

  test("the threshold itself is enough, one more is not", () => {
    const value = workValue(hexToBytes(strong, 8), keyBytes(honest.previous));
    expect(reasonOf(payment, { sendThreshold: value })).toBe("ok");
    expect(reasonOf(payment, { sendThreshold: value + 1n })).toBe("invalid_work");
  });

  test("work for another root does not count", () => {
    const unsigned = { ...honest, previous: someHash(8) };
    const block = { ...signBlock(unsigned, payer.secretKey), work: strong };
    expect(reasonOf(withBlock(block))).toBe("invalid_work");
    expect(reasonOf(withBlock({ ...block, work: findWork(someHash(8)) }))).toBe("ok");
  });

  test("is not in the hash: attached later it is the same block", () => {
    const bare = check(edited(payment, `${BLOCK}.work`, ""), { workPolicy: "attach" });
    expect(bare).toEqual(check(payment));
  });
});

test("the check reads a payment and changes nothing in it", () => {
  const parsed = parseTxn(payment);
  const before = structuredClone(parsed);
  checkNanoTxn(parsed, TXN_CONTEXT);
  expect(parsed).toEqual(before);
  expect(encodeBlockJson(parsed.payload.block)).toEqual(payment.paymentPayload.payload["block"]);
});
