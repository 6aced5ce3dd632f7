import { describe, expect, test } from "vitest";
import { encodeBlockJson } from "../../../src/nano/index.js";
import { parsePayment } from "../../../src/protocol/index.js";
import { edited, nanoSignaturePayment, nanoTxnPayment, type PaymentJson } from "../../support/payments.js";

const trackA = nanoTxnPayment();
const trackB = nanoSignaturePayment();
const REQUEST = { allowLease: false };

function parse(payment: PaymentJson): ReturnType<typeof parsePayment> {
  return parsePayment(payment.paymentPayload, payment.paymentRequirements, REQUEST);
}

/** As it comes over the wire, where `__proto__` is a key like any other. */
function parseText(paymentPayload: string): ReturnType<typeof parsePayment> {
  return parsePayment(JSON.parse(paymentPayload), trackA.paymentRequirements, REQUEST);
}

function nested(levels: number, open: string, close: string): unknown {
  return JSON.parse(`${open.repeat(levels)}1${close.repeat(levels)}`);
}

const LEVELS = 10_000;
const HUGE: [string, unknown][] = [
  ["10,000 arrays in each other", nested(LEVELS, "[", "]")],
  ["10,000 objects in each other", nested(LEVELS, '{"block":', "}")],
  ["an array of a million zeros", new Array(1_000_000).fill(0)],
  [
    "an object of 100,000 keys",
    Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [`k${index}`, index])),
  ],
  ["a million letters", "a".repeat(1_000_000)],
  ["a million digits", "9".repeat(1_000_000)],
];
const PLACES = [
  "paymentPayload.accepted",
  "paymentPayload.accepted.extra",
  "paymentPayload.accepted.amount",
  "paymentPayload.accepted.payTo",
  "paymentPayload.payload",
  "paymentPayload.payload.block",
  "paymentPayload.payload.block.account",
  "paymentPayload.payload.block.balance",
  "paymentPayload.payload.block.link",
  "paymentPayload.payload.block.signature",
  "paymentRequirements.extra",
];

describe.each(HUGE)("%s", (_what, value) => {
  test.each(PLACES)("at %s is refused, or ignored where anything is", (place) => {
    const result = parse(edited(trackA, place, value));
    const isOpen = place.endsWith("extra") && typeof value === "object" && !Array.isArray(value);
    expect(result.ok).toBe(isOpen);
    if (!result.ok) {
      expect(result.reason).toBe("malformed_payload");
      expect(result.message.length).toBeLessThan(200);
    }
  });

  test("under keys that nobody asked for changes nothing", () => {
    const block = { ...Object(trackA.paymentPayload.payload["block"]), surplus: value };
    const crowded = edited(trackA, "paymentPayload.payload", { surplus: value, block });
    expect(parse(crowded)).toEqual(parse(trackA));
  });

  test("as the whole payload, or as the requirements", () => {
    for (const result of [
      parsePayment(value, trackA.paymentRequirements, REQUEST),
      parsePayment(trackA.paymentPayload, value, REQUEST),
    ]) {
      expect(result).toMatchObject({ ok: false, reason: "malformed_payload" });
    }
  });
});

describe("keys that mean something to JavaScript", () => {
  const text = JSON.stringify(trackA.paymentPayload);
  const blockText = JSON.stringify(trackA.paymentPayload.payload["block"]);

  test.each([
    '"__proto__":{"block":null,"x402Version":1,"lease":"x"},',
    '"constructor":null,',
    '"constructor":{"prototype":null},',
    '"constructor":{"prototype":{"isPrototypeOf":1}},',
    '"toString":1,"valueOf":1,"hasOwnProperty":0,"then":1,',
    '"__defineGetter__":0,"__lookupGetter__":0,"prototype":0,',
  ])("%s in front of the own keys changes nothing", (keys) => {
    const inEnvelope = text.replace("{", `{${keys}`);
    const inPayload = text.replace('"payload":{', `"payload":{${keys}`);
    const inBlock = text.replace('"block":{', `"block":{${keys}`);
    for (const crowded of [inEnvelope, inPayload, inBlock]) {
      expect(crowded.length).toBeGreaterThan(text.length);
      const result = parseText(crowded);
      expect(result).toEqual(parse(trackA));
      if (result.ok && result.payment.track === "nanoTxn") {
        expect(JSON.stringify(encodeBlockJson(result.payment.payload.block))).toBe(blockText);
      }
    }
    expect({}).not.toHaveProperty("lease");
  });

  test("a nonce that only a prototype has is none", () => {
    const extra = JSON.parse('{"__proto__":{"nonce":5,"validBefore":"soon"},"constructor":null}');
    const result = parse(edited(trackB, "paymentPayload.accepted.extra", extra));
    expect(result.ok).toBe(true);
    if (!result.ok) return;
    expect(Object.getPrototypeOf(result.payment.accepted.extra)).toBe(Object.prototype);
    expect(result.payment.accepted.extra.nonce).toBeUndefined();
    expect(result.payment.accepted.extra.validBefore).toBeUndefined();
  });

  test("a block that is only in a prototype is no block", () => {
    const payload = JSON.parse(`{"__proto__":{"block":${blockText}}}`);
    expect(parse(edited(trackA, "paymentPayload.payload", payload))).toMatchObject({ ok: false });
  });
});

describe("a key that comes twice in the JSON", () => {
  const text = JSON.stringify(trackA.paymentPayload);

  test("has its last value, once and for all readers", () => {
    const honestLast = text.replace('"block":{', '"block":{"balance":"0","link":"00",');
    expect(parseText(honestLast)).toEqual(parse(trackA));
    const otherLast = text.replace(/("balance":"[0-9]+")/, '$1,"balance":"0"');
    const result = parseText(otherLast);
    expect(result.ok && result.payment.track === "nanoTxn" && result.payment.payload.block.balanceRaw).toBe(0n);
  });

  test("a second block beside a blockHash is still both", () => {
    expect(parseText(text.replace('"payload":{', '"payload":{"blockHash":"","block":1,'))).toMatchObject({
      ok: false,
      reason: "malformed_payload",
    });
  });
});

describe("what is no payment at all", () => {
  test.each([undefined, null, 0, 5, true, "", "{}", [], [[]], {}, () => undefined, Symbol("x"), 5n, new Date(0)])(
    "%s",
    (value) => {
      for (const result of [
        parsePayment(value, trackA.paymentRequirements, REQUEST),
        parsePayment(trackA.paymentPayload, value, REQUEST),
        parsePayment(value, value, REQUEST),
      ]) {
        expect(result).toMatchObject({ ok: false, reason: "malformed_payload" });
      }
    },
  );

  test("the message names the place and never the value", () => {
    const secret = "a1b2c3-not-to-be-repeated";
    for (const place of PLACES) {
      const result = parse(edited(trackA, place, secret));
      expect(JSON.stringify(result)).not.toContain(secret);
    }
  });
});
