import { describe, expect, test } from "vitest";
import { isReducedScalar, isTrustworthyPublicKey } from "../../../src/nano/curve-checks.js";
import { derivePublicKey } from "../../../src/nano/index.js";
import { encodeY, L, smallOrderPoints, toLittleEndian } from "../../support/edwards.js";
import { createRandom, loadBothSodiums } from "../../support/nano.js";

const P = 2n ** 255n - 19n;

describe("S < L", () => {
  test.each([
    ["0", 0n, true],
    ["1", 1n, true],
    ["2^252", 2n ** 252n, true],
    ["L - 1", L - 1n, true],
    ["L - 2^128", L - 2n ** 128n, true],
    ["L", L, false],
    ["L + 1", L + 1n, false],
    ["L + 2^200", L + 2n ** 200n, false],
    ["2^253", 2n ** 253n, false],
    ["2^255", 2n ** 255n, false],
    ["2^256 - 1", 2n ** 256n - 1n, false],
  ])("%s", (_name, scalar, expected) => {
    expect(isReducedScalar(toLittleEndian(scalar))).toBe(expected);
  });
});

describe("account keys", () => {
  test("y = p to 2^255 - 1 are not canonical, with either sign; p - 2 is", () => {
    for (let y = P; y < 2n ** 255n; y += 1n) {
      expect([encodeY(y, 0n), encodeY(y, 1n)].filter(isTrustworthyPublicKey)).toEqual([]);
    }
    expect([encodeY(P - 2n, 0n), encodeY(P - 2n, 1n)].every(isTrustworthyPublicKey)).toBe(true);
  });

  test("the eight small orders, with either sign, and none of their neighbours", () => {
    for (const { y } of smallOrderPoints()) {
      expect([encodeY(y, 0n), encodeY(y, 1n)].filter(isTrustworthyPublicKey)).toEqual([]);
    }
    const neighbours = [2n, P - 2n, ...smallOrderPoints().flatMap(({ y }) => [y + 2n, y ^ (1n << 128n)])];
    const canonical = neighbours.filter((y) => y > 1n && y < P - 1n);
    expect(canonical.length).toBeGreaterThan(8);
    expect(canonical.every((y) => isTrustworthyPublicKey(encodeY(y, 0n)))).toBe(true);
  });

  test("derived keys", async () => {
    await loadBothSodiums();
    const random = createRandom(3);
    for (let count = 0; count < 200; count += 1) {
      expect(isTrustworthyPublicKey(derivePublicKey(random.bytes(32)))).toBe(true);
    }
  });

  test.each([0, 31, 33, 64])("%i bytes are no key", (length) => {
    expect(isTrustworthyPublicKey(new Uint8Array(length).fill(9))).toBe(false);
  });

  test("a Buffer is looked at, not changed: its slice would share memory", () => {
    const key = Buffer.alloc(32, 0xff);
    key[0] = 5;
    isTrustworthyPublicKey(key);
    expect(key[31]).toBe(0xff);
  });
});
