import { describe, expect, test } from "vitest";
import { parsePayment } from "../../../src/protocol/index.js";
import { edited, nanoSignaturePayment, nanoTxnPayment, type PaymentJson, SELLER } from "../../support/payments.js";

const trackA = nanoTxnPayment();
const trackB = nanoSignaturePayment();
const BLOCK = "paymentPayload.payload.block";

function parse(payment: PaymentJson): ReturnType<typeof parsePayment> {
  return parsePayment(payment.paymentPayload, payment.paymentRequirements, { allowLease: false });
}

/** Every field, wrong in each way that a type, a range or a checksum can be wrong; `place` is where the message points. */
const NOT_HEX_64 = [
  undefined,
  null,
  5,
  "",
  "a".repeat(63),
  "a".repeat(65),
  `${"a".repeat(63)}g`,
  `0x${"a".repeat(62)}`,
];
const NOT_HEX_128 = [undefined, null, 7, {}, "", "a".repeat(127), "a".repeat(129), `${"a".repeat(127)}-`];
const BROKEN_CHECKSUM = SELLER.address.replace(/.$/, (last) => (last === "1" ? "3" : "1"));
const NOT_AN_ADDRESS = [
  ...[undefined, null, 5, {}, [SELLER.address], "", "0x00", SELLER.account, BROKEN_CHECKSUM],
  ...[SELLER.address.toUpperCase(), `${SELLER.address} `, ` ${SELLER.address}`, SELLER.address.slice(0, -1)],
  ...[`nano:mainnet:${SELLER.address}`, SELLER.address.replace("_", "-"), SELLER.address.replace("nano", "ban")],
];
const NOT_RAW = [
  ...[undefined, null, 5, 5.5, 0, true, {}, ["1"], ""],
  ...["01", "-5", "+5", "1.5", "1.0", "1e3", "0x10", " 1", "1 ", "1\n", "１", "NaN", "1_000", "1,000"],
  ...["340282366920938463463374607431768211456", "9".repeat(39), "9".repeat(5000)],
];
const NOT_A_TIME = [null, "1749111600", -1, 1.5, 2 ** 53, 1e300, true, {}, [5]];
const NOT_SECONDS = [undefined, null, "60", 0, -1, 1.5, 2 ** 53, {}];

const WRONG: [path: string, place: string, values: readonly unknown[]][] = [
  ["paymentPayload.accepted", "accepted", [undefined, null, "", 5, [], {}]],
  ["paymentPayload.payload", "paymentPayload.payload", [undefined, null, "", 5, [], [{}]]],
  ["paymentRequirements.scheme", "paymentRequirements.scheme", [undefined, null, 5, ["exact"]]],
  ["paymentRequirements.network", "paymentRequirements.network", [undefined, null, 5]],
  ["paymentRequirements.asset", "paymentRequirements.asset", [undefined, null, 5]],
  ["paymentRequirements.amount", "paymentRequirements.amount", [...NOT_RAW, "0"]],
  ["paymentRequirements.payTo", "paymentRequirements.payTo", NOT_AN_ADDRESS],
  ["paymentRequirements.maxTimeoutSeconds", "paymentRequirements.maxTimeoutSeconds", NOT_SECONDS],
  ["paymentRequirements.extra", "paymentRequirements.extra", ["", 5, [], true]],
  ["paymentRequirements.extra.assetTransferMethod", "assetTransferMethod", [null, "", "nanotxn", "eip3009", 5]],
  ["paymentRequirements.extra.nonce", "extra.nonce", NOT_HEX_64.slice(1)],
  ["paymentRequirements.extra.validBefore", "extra.validBefore", NOT_A_TIME],
  ["paymentPayload.accepted.scheme", "accepted.scheme", [undefined, null, 5]],
  ["paymentPayload.accepted.network", "accepted.network", [undefined, null, 5]],
  ["paymentPayload.accepted.asset", "accepted.asset", [undefined, null, 5]],
  ["paymentPayload.accepted.amount", "accepted.amount", [...NOT_RAW, "0"]],
  ["paymentPayload.accepted.payTo", "accepted.payTo", NOT_AN_ADDRESS],
  ["paymentPayload.accepted.extra", "accepted.extra", ["", 5, [], true]],
  ["paymentPayload.accepted.extra.assetTransferMethod", "assetTransferMethod", [null, "", "nanoTxn ", 5]],
  ["paymentPayload.accepted.extra.nonce", "extra.nonce", NOT_HEX_64.slice(1)],
  ["paymentPayload.accepted.extra.validBefore", "extra.validBefore", NOT_A_TIME],
  ["paymentPayload.payload.nonce", "payload.nonce", NOT_HEX_64.slice(1)],
  ["paymentPayload.payload.validBefore", "payload.validBefore", NOT_A_TIME],
];

const WRONG_ON_A: typeof WRONG = [
  [BLOCK, "payload.block", [null, "", 5, [], "{}"]],
  [`${BLOCK}.type`, "block.type", [undefined, null, "send", "State", "state ", 6]],
  [`${BLOCK}.account`, "block.account", NOT_AN_ADDRESS],
  [`${BLOCK}.representative`, "block.representative", NOT_AN_ADDRESS],
  [`${BLOCK}.link_as_account`, "block.link_as_account", NOT_AN_ADDRESS.slice(1)],
  [`${BLOCK}.previous`, "block.previous", NOT_HEX_64],
  [`${BLOCK}.link`, "block.link", [...NOT_HEX_64, SELLER.address]],
  [`${BLOCK}.balance`, "block.balance", NOT_RAW],
  [`${BLOCK}.signature`, "block.signature", NOT_HEX_128],
  [`${BLOCK}.work`, "block.work", [null, 5, {}, ["fc0fe36423277a00"]]],
];

const WRONG_ON_B: typeof WRONG = [
  ["paymentPayload.payload.blockHash", "payload.blockHash", [null, ...NOT_HEX_64.slice(2)]],
  ["paymentPayload.payload.account", "payload.account", NOT_AN_ADDRESS],
  ["paymentPayload.payload.signature", "payload.signature", NOT_HEX_128],
];

describe.each([
  ["Track A", trackA, [...WRONG, ...WRONG_ON_A]],
  ["Track B", trackB, [...WRONG, ...WRONG_ON_B]],
] as const)("on %s every field, one at a time, in every wrong form", (_track, payment, table) => {
  test.each(table)("%s", (path, place, values) => {
    expect(parse(payment).ok).toBe(true);
    const message = expect.stringContaining(place);
    for (const value of values) {
      expect(parse(edited(payment, path, value))).toEqual({ ok: false, reason: "malformed_payload", message });
    }
  });
});
