import { x402Client } from "@x402/core/client";
import type { PaymentPayload, PaymentRequired } from "@x402/core/types";
import {
  declarePaymentIdentifierExtension,
  extractPaymentIdentifier,
  generatePaymentId,
  isPaymentIdentifierRequired,
  isValidPaymentId,
  PAYMENT_IDENTIFIER as THEIR_KEY,
  validatePaymentIdentifier,
} from "@x402/extensions/payment-identifier";
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { PAYMENT_IDENTIFIER, paymentIdentifierClientExtension } from "x402-nano/client";
import { declarePaymentIdentifier } from "x402-nano/server";
import { canonicalJson } from "../../../src/adapters/x402/payment-identifier/canonical-json.js";
import { readNaming } from "../../../src/adapters/x402/payment-identifier/fingerprint.js";
import { readIdentifier } from "../../../src/adapters/x402/payment-identifier/identifier.js";
import { encodeHeader } from "../../../src/protocol/index.js";
import { mutationsOf } from "../../support/json-mutations.js";

const ID = "pay_7d5d747be160e280504c099d984bcfe0";
const withInfo = (info: unknown) => ({ extensions: { "payment-identifier": { info } } });
const envelope = (info: unknown) => ({ x402Version: 2, accepted: {}, payload: {}, ...withInfo(info) });

describe("the declaration is @x402/extensions' own", () => {
  it.each([undefined, false, true])("required: %s", (required) => {
    expect(PAYMENT_IDENTIFIER).toBe(THEIR_KEY);
    expect(declarePaymentIdentifier({ required })).toEqual({
      [THEIR_KEY]: declarePaymentIdentifierExtension(required),
    });
  });

  it("without options", () => {
    expect(declarePaymentIdentifier()).toEqual({ [THEIR_KEY]: declarePaymentIdentifierExtension() });
  });

  it("is a fresh object each time: the stock client's helper writes into it", () => {
    expect(declarePaymentIdentifier()[PAYMENT_IDENTIFIER].info).not.toBe(
      declarePaymentIdentifier()[PAYMENT_IDENTIFIER].info,
    );
  });
});

describe("identifiers are read as @x402/extensions reads them", () => {
  const idLike = fc.oneof(
    fc.string({ maxLength: 140 }),
    fc.string({ unit: fc.constantFrom(..."abzAZ09_-"), minLength: 14, maxLength: 18 }),
    fc.string({ unit: fc.constantFrom(..."abzAZ09_-"), minLength: 126, maxLength: 130 }),
    fc.string({ unit: fc.constantFrom(..."ab_-é \n."), minLength: 16, maxLength: 20 }),
  );

  test("any text", () => {
    fc.assert(
      fc.property(idLike, (id) => {
        const read = readIdentifier(withInfo({ required: false, id }));
        expect(read).toEqual(isValidPaymentId(id) ? { kind: "present", id } : { kind: "malformed" });
      }),
      { numRuns: 1000 },
    );
  });

  test("any payload: theirs finds a valid one exactly where ours does", () => {
    fc.assert(
      fc.property(fc.gen(), (gen) => {
        const changed = gen(() => mutationsOf(envelope({ required: false, id: ID }) as never));
        const read = readIdentifier(changed);
        const theirs = extractPaymentIdentifier(changed as unknown as PaymentPayload);
        expect(read.kind === "present" ? read.id : null).toBe(theirs);
      }),
      { numRuns: 500 },
    );
  });

  it.each([true, false])("required: %s", (required) => {
    const read = readIdentifier(withInfo({ required }));
    expect(read).toEqual({ kind: "absent", isDeclared: true, isRequired: required });
    expect(isPaymentIdentifierRequired({ info: { required } })).toBe(required);
  });

  it.each([undefined, null, 1, "x", [], {}, { extensions: null }, { extensions: [] }, withInfo(null), withInfo("x")])(
    "%j names nothing",
    (holder) => {
      expect(readIdentifier(holder)).toEqual({ kind: "absent", isDeclared: false, isRequired: false });
    },
  );

  it("does not look into prototypes", () => {
    const inherited: unknown = Object.create({ id: ID, required: true });
    expect(readIdentifier(withInfo(inherited))).toMatchObject({ isRequired: false, kind: "absent" });
  });
});

describe("PAYMENT-SIGNATURE", () => {
  it("gives the name, and one text for the payment whatever the order of keys and the form of the base64", () => {
    const { x402Version, payload, extensions } = envelope({ id: ID, required: false });
    const one = encodeHeader({ x402Version, accepted: { b: 1, a: "?>~" }, payload, extensions });
    const two = encodeHeader({ extensions, payload, accepted: { a: "?>~", b: 1 }, x402Version });
    const urlSafe = two.replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
    expect(readNaming(one, false)).toMatchObject({ kind: "named", id: ID });
    expect(two).not.toBe(one);
    expect(readNaming(two, false)).toEqual(readNaming(one, false));
    expect(readNaming(urlSafe, false)).toEqual(readNaming(one, false));
  });

  it.each([
    ["none", undefined],
    ["an empty one", ""],
    ["junk", "%%%"],
    ["no object", encodeHeader([1])],
    ["version 1", encodeHeader({ ...envelope({ id: ID }), x402Version: 1 })],
    ["no version", encodeHeader(withInfo({ id: ID }))],
    ["a payload nested beyond any payment", encodeHeader({ ...envelope({ id: ID }), deep: nest(80) })],
    ["brackets that would overflow a stack", `${btoa(`{"x402Version":2,"a":${"[".repeat(6000)}${"]".repeat(6000)}}`)}`],
    ["more than a header holds", encodeHeader({ ...envelope({ id: ID }), long: "x".repeat(20_000) })],
  ])("%s is left to the host, where a name is required too", (_what, header) => {
    expect(readNaming(header, true).kind).not.toBe("named");
    expect(readNaming(header, false)).toEqual({ kind: "none" });
  });

  it("a payment without a name is refused where one is required, by the route or by the echo", () => {
    const required = { kind: "refused", problem: "payment_identifier_required" };
    expect(readNaming(encodeHeader(envelope({ required: false })), true)).toEqual(required);
    expect(readNaming(encodeHeader({ x402Version: 2 }), true)).toEqual(required);
    expect(readNaming(encodeHeader(envelope({ required: true })), false)).toEqual(required);
    expect(readNaming(encodeHeader(envelope({ required: false })), false)).toEqual({ kind: "none" });
    expect(readNaming(encodeHeader(envelope({ required: "true" })), false)).toEqual({ kind: "none" });
  });

  it("never throws", () => {
    const bytes = fc.uint8Array({ maxLength: 200 }).map((all) => Buffer.from(all).toString("base64"));
    const json = fc.json({ maxDepth: 8 }).map((text) => Buffer.from(text).toString("base64"));
    fc.assert(
      fc.property(fc.oneof(fc.string(), bytes, json), fc.boolean(), (header, isRequired) => {
        expect(["none", "refused", "named"]).toContain(readNaming(header, isRequired).kind);
      }),
      { numRuns: 2000 },
    );
  });
});

describe("the canonical text", () => {
  const json = fc.jsonValue({ maxDepth: 5 });

  it("is the same for the same value and another for another", () => {
    fc.assert(
      fc.property(json, json, (left, right) => {
        const isSame = JSON.stringify(sorted(left)) === JSON.stringify(sorted(right));
        expect(canonicalJson(left) === canonicalJson(right)).toBe(isSame);
        expect(canonicalJson(JSON.parse(JSON.stringify(left)))).toBe(canonicalJson(left));
      }),
      { numRuns: 1000 },
    );
  });

  it.each([
    [{ a: 1, b: undefined }, '{"a":1}'],
    [[undefined, null, true], "[null,null,true]"],
    [{ "b\n": [], a: {} }, '{"a":{},"b\\n":[]}'],
    [JSON.parse('{"__proto__":1}'), '{"__proto__":1}'],
    [Number.POSITIVE_INFINITY, "Infinity"],
    ["\ud800", '"\\ud800"'],
  ])("%j", (value, text) => {
    expect(canonicalJson(value)).toBe(text);
  });

  it("ends at 64 levels", () => {
    expect(canonicalJson(nest(63))).toBeDefined();
    expect(canonicalJson(nest(64))).toBeUndefined();
  });
});

describe("the client's extension", () => {
  const accepted = { scheme: "exact", network: "nano:mainnet" as const, asset: "XNO", amount: "1", payTo: "nano_1" };
  const required = (extensions?: Record<string, unknown>): PaymentRequired => ({
    x402Version: 2,
    resource: { url: "https://shop.example/a" },
    accepts: [{ ...accepted, maxTimeoutSeconds: 60, extra: {} }],
    ...(extensions === undefined ? {} : { extensions }),
  });
  /** A stock client with a scheme that "pays" with the given texts, one after the other. */
  const clientOf = (options: Parameters<typeof paymentIdentifierClientExtension>[0], ...payments: string[]) =>
    new x402Client()
      .setSpendControls(false)
      .register("nano:mainnet", {
        scheme: "exact",
        createPaymentPayload: async () => ({ x402Version: 2, payload: { proof: payments.shift() } }),
      })
      .registerExtension(paymentIdentifierClientExtension(options));
  const idOf = (payload: PaymentPayload) => extractPaymentIdentifier(payload);

  it("names the payment where the seller declares it, and echoes the declaration as it came", async () => {
    const declared = { [THEIR_KEY]: declarePaymentIdentifierExtension(true), other: { info: { a: 1 } } };
    const offer = required(declared);
    const untouched = structuredClone(offer);
    const payload = await clientOf({}, "a").createPaymentPayload(offer);
    const id = idOf(payload);
    expect(id).toMatch(/^pay_[0-9a-f]{32}$/);
    expect(id).toHaveLength(generatePaymentId().length);
    expect(payload.extensions).toEqual({
      other: { info: { a: 1 } },
      [THEIR_KEY]: { ...declarePaymentIdentifierExtension(), info: { required: true, id } },
    });
    expect(validatePaymentIdentifier(payload.extensions?.[THEIR_KEY])).toEqual({ valid: true });
    expect(offer).toEqual(untouched);
  });

  it("names nothing where it is not declared", async () => {
    expect((await clientOf({}, "a").createPaymentPayload(required())).extensions).toBeUndefined();
    const other = { other: { info: {} } };
    expect((await clientOf({}, "a").createPaymentPayload(required(other))).extensions).toEqual(other);
  });

  it("gives the same payment the same name, another payment another, and nobody else can make either", async () => {
    const offer = required(declarePaymentIdentifier());
    const secret = new Uint8Array(32).fill(9);
    const client = clientOf({ secret }, "a", "b", "a");
    const ids = [await client.createPaymentPayload(offer), await client.createPaymentPayload(offer)].map(idOf);
    expect(ids[0]).not.toBe(ids[1]);
    expect(idOf(await client.createPaymentPayload(offer))).toBe(ids[0]);
    expect(idOf(await clientOf({ secret }, "a").createPaymentPayload(offer))).toBe(ids[0]);
    const [first] = offer.accepts;
    const fresh = { ...offer, accepts: [{ ...accepted, ...first, maxTimeoutSeconds: 60, extra: { nonce: "2" } }] };
    expect(idOf(await clientOf({ secret }, "a").createPaymentPayload(fresh))).not.toBe(ids[0]);
    const strangers = await Promise.all(
      [{}, {}, { secret: new Uint8Array(32) }].map((options) => clientOf(options, "a").createPaymentPayload(offer)),
    );
    expect(new Set([ids[0], ...strangers.map(idOf)]).size).toBe(4);
  });

  it("takes its random secret from where it is told", async () => {
    const offer = required(declarePaymentIdentifier());
    const randomBytes = (length: number) => new Uint8Array(length).fill(9);
    const secret = new Uint8Array(32).fill(9);
    expect(idOf(await clientOf({ randomBytes }, "a").createPaymentPayload(offer))).toBe(
      idOf(await clientOf({ secret }, "a").createPaymentPayload(offer)),
    );
  });

  it("leaves a name alone that is there already", async () => {
    const named = { [THEIR_KEY]: { info: { required: false, id: ID } } };
    expect(idOf(await clientOf({}, "a").createPaymentPayload(required(named)))).toBe(ID);
  });

  it("leaves payments of version 1 alone", async () => {
    const extension = paymentIdentifierClientExtension();
    const payload = { x402Version: 1, payload: {} } as unknown as PaymentPayload;
    expect(await extension.enrichPaymentPayload?.(payload, required(declarePaymentIdentifier()))).toBe(payload);
  });

  it("names what nests too deeply at random", async () => {
    const deep = { ...accepted, maxTimeoutSeconds: 60, extra: { deep: nest(80) } };
    const offer = { ...required(declarePaymentIdentifier()), accepts: [deep] };
    const client = clientOf({}, "a", "a");
    const ids = [idOf(await client.createPaymentPayload(offer)), idOf(await client.createPaymentPayload(offer))];
    expect(new Set(ids).size).toBe(2);
  });

  it("refuses a secret that is too short", () => {
    expect(() => paymentIdentifierClientExtension({ secret: new Uint8Array(31) })).toThrow(/secret/);
  });
});

function nest(levels: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < levels; level += 1) value = level % 2 === 0 ? [value] : { a: value };
  return value;
}

/** An oracle of its own for "the same value": keys in order, then the engine's own text. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const keys = Object.keys(value).sort();
  return keys.map((key) => [`k:${key}`, sorted((value as Record<string, unknown>)[key])]).concat([["object"]]);
}
