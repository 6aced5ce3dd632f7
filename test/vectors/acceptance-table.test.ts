import { beforeAll, describe, expect, test } from "vitest";
import { blake2b, concatBytes, decodeAddress } from "../../src/nano/index.js";
import type { PointArithmetic } from "../../src/nano/point-arithmetic.js";
import { verifyWith } from "../../src/nano/verify.js";
import {
  decodePoint,
  encodeY,
  fromLittleEndian,
  L,
  laxArithmetic,
  laxVerify,
  orderOf,
  smallOrderPoints,
  toLittleEndian,
} from "../support/edwards.js";
import { forgeForMixedOrderKey, forgeForSmallOrderKey, type Signed, signRandom } from "../support/forgeries.js";
import { createRandom, flipBit, loadBothArithmetics } from "../support/nano.js";

/**
 * The table of MEASURED, "what each accepts": its rows as tests, on both builds of libsodium. Every forgery is first
 * shown to satisfy the plain equation (`laxVerify`), so that a refusal is the work of a check.
 */
const BURN_ACCOUNT = "nano_1111111111111111111111111111111111111111111111111111hifc8npp";
const P = 2n ** 255n - 19n;
const random = createRandom(0x5ea1);
let signed: Signed[] = [];
let builds: Record<"native" | "wasm", PointArithmetic>;

beforeAll(async () => {
  builds = await loadBothArithmetics();
  signed = Array.from({ length: 1000 }, () => signRandom(random));
});

const first = (): Signed => {
  const [only] = signed;
  if (only === undefined) throw new Error("no signatures");
  return only;
};

describe.each(["native", "wasm"] as const)("the %s build", (name) => {
  const countAccepted = (candidates: readonly Signed[]): number =>
    candidates.filter(({ signature, message, publicKey }) => verifyWith(builds[name], signature, message, publicKey))
      .length;

  test("accepts 1,000 valid signatures", () => {
    expect(signed).toHaveLength(1000);
    expect(countAccepted(signed)).toBe(1000);
  });

  test("refuses one flipped bit in R", () => {
    expect(countAccepted(signed.map((one) => flip(one, "signature", random.below(256))))).toBe(0);
  });

  test("refuses one flipped bit in S, in 1,000 signatures and at each of its 256 places", () => {
    expect(countAccepted(signed.map((one) => flip(one, "signature", 256 + random.below(256))))).toBe(0);
    const everyPlace = Array.from({ length: 256 }, (_, bit) => flip(first(), "signature", 256 + bit));
    expect(countAccepted(everyPlace)).toBe(0);
  });

  test("refuses one flipped bit in the message", () => {
    expect(countAccepted(signed.map((one) => flip(one, "message", random.below(256))))).toBe(0);
  });

  test("refuses one flipped bit in the key", () => {
    expect(countAccepted(signed.map((one) => flip(one, "publicKey", random.below(256))))).toBe(0);
  });

  test("refuses S + L to S + 15L, which the plain equation accepts", () => {
    for (let factor = 1n; factor <= 15n; factor += 1n) {
      const raised = signed.slice(0, 40).map((one) => withAnswer(one, answerOf(one) + factor * L));
      expect(raised.slice(0, 2).every(isLaxlyValid)).toBe(true);
      expect(countAccepted(raised)).toBe(0);
    }
  });

  test("would accept a flipped top bit of S without our check: libsodium masks it", () => {
    const { signature, message, publicKey } = flip(first(), "signature", 511);
    const commitment = signature.subarray(0, 32);
    const digest = blake2b(concatBytes(commitment, publicKey, message), 64);
    expect(builds[name].recomputeCommitment(digest, signature.subarray(32), publicKey)).toEqual(commitment);
    expect(countAccepted([{ signature, message, publicKey }])).toBe(0);
  });

  test("refuses forgeries for the eight points of small order, with either sign bit", () => {
    const points = smallOrderPoints();
    expect(points.map(orderOf).sort()).toEqual([1n, 2n, 4n, 4n, 8n, 8n, 8n, 8n]);
    const keys = points.flatMap(({ y }) => [encodeY(y, 0n), encodeY(y, 1n)]);
    const forgeries = keys.map((key) => forgeForSmallOrderKey(key, random));
    expect(forgeries.every(isLaxlyValid)).toBe(true);
    expect(countAccepted(forgeries)).toBe(0);
  });

  test("refuses forgeries for the burn account, whose key is all zero", () => {
    const burnKey = decodeAddress(BURN_ACCOUNT);
    expect(burnKey).toEqual(new Uint8Array(32));
    const forgery = forgeForSmallOrderKey(burnKey, random);
    expect(isLaxlyValid(forgery)).toBe(true);
    expect(countAccepted([forgery])).toBe(0);
  });

  test("refuses forgeries for small-order keys in the encodings y = p and y = p + 1", () => {
    const keys = [P, P + 1n].flatMap((y) => [encodeY(y, 0n), encodeY(y, 1n)]);
    const forgeries = keys.map((key) => forgeForSmallOrderKey(key, random));
    expect(forgeries.every(isLaxlyValid)).toBe(true);
    expect(countAccepted(forgeries)).toBe(0);
  });

  test("refuses a key of mixed order, for which the plain equation accepts a signature", () => {
    const torsion = smallOrderPoints().filter((point) => orderOf(point) > 1n);
    const signatures = torsion.map((point) => forgeForMixedOrderKey(point, random));
    expect(signatures.every(isLaxlyValid)).toBe(true);
    expect(countAccepted(signatures)).toBe(0);
  });

  test("refuses keys that are not on the curve", () => {
    const offCurve = Array.from({ length: 40 }, () => random.bytes(32)).filter((key) => decodePoint(key) === undefined);
    expect(offCurve.length).toBeGreaterThan(5);
    expect(countAccepted(offCurve.map((publicKey) => ({ ...first(), publicKey })))).toBe(0);
  });

  test("refuses signatures and keys of another length", () => {
    const { signature, message, publicKey } = first();
    for (const length of [0, 1, 32, 63, 65, 96, 128]) {
      const resized = new Uint8Array(length);
      resized.set(signature.subarray(0, length));
      expect(countAccepted([{ signature: resized, message, publicKey }])).toBe(0);
    }
    for (const length of [0, 1, 31, 33, 64]) {
      const resized = new Uint8Array(length);
      resized.set(publicKey.subarray(0, length));
      expect(countAccepted([{ signature, message, publicKey: resized }])).toBe(0);
    }
  });
});

describe("our own checks, in front of a back end that refuses nothing", () => {
  const accepts = ({ signature, message, publicKey }: Signed): boolean =>
    verifyWith(laxArithmetic, signature, message, publicKey);

  test("valid signatures pass", () => {
    expect(signed.slice(0, 5).every(accepts)).toBe(true);
  });

  test("S + L to S + 15L", () => {
    const raised = Array.from({ length: 15 }, (_, index) => {
      return withAnswer(first(), answerOf(first()) + BigInt(index + 1) * L);
    });
    expect(raised.some(accepts)).toBe(false);
  });

  test("a zero byte behind S, which leaves its value as it is", () => {
    const longer = { ...first(), signature: concatBytes(first().signature, Uint8Array.of(0)) };
    expect(isLaxlyValid(longer)).toBe(true);
    expect(accepts(longer)).toBe(false);
  });

  test("small orders, canonical or not", () => {
    const ys = [...smallOrderPoints().map(({ y }) => y), P, P + 1n];
    const forgeries = ys
      .flatMap((y) => [encodeY(y, 0n), encodeY(y, 1n)])
      .map((key) => forgeForSmallOrderKey(key, random));
    expect(forgeries).toHaveLength(20);
    expect(forgeries.some(accepts)).toBe(false);
  });
});

test("our S is always below L", () => {
  expect(signed.every((one) => answerOf(one) < L)).toBe(true);
});

function isLaxlyValid({ signature, message, publicKey }: Signed): boolean {
  return laxVerify(signature, message, publicKey);
}

function flip(one: Signed, field: keyof Signed, bit: number): Signed {
  return { ...one, [field]: flipBit(one[field], bit) };
}

function answerOf({ signature }: Signed): bigint {
  return fromLittleEndian(signature.subarray(32));
}

function withAnswer(one: Signed, answer: bigint): Signed {
  return { ...one, signature: concatBytes(one.signature.subarray(0, 32), toLittleEndian(answer)) };
}
