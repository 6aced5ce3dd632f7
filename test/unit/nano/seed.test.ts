import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { bytesToHex, deriveSecretKey, hexToBytes, parseSecret } from "../../../src/nano/index.js";

const SEED = new Uint8Array(32);

describe("deriveSecretKey", () => {
  test("the published first keys of the all-zero seed", () => {
    expect(bytesToHex(deriveSecretKey(SEED, 0))).toBe(
      "9f0e444c69f77a49bd0be89db92c38fe713e0963165cca12faf5712d7657120f",
    );
    expect(bytesToHex(deriveSecretKey(SEED, 1))).toBe(
      "b73b723bf7bd042b66ad3332718ba98de7312f95ed3d05a130c9204552a7afff",
    );
  });

  test("takes every index of 32 bits", () => {
    expect(deriveSecretKey(SEED, 2 ** 32 - 1)).toHaveLength(32);
  });

  test.each([-1, 2 ** 32, 2 ** 53, 0.5, Number.NaN, Number.POSITIVE_INFINITY])("refuses index %s", (index) => {
    expect(() => deriveSecretKey(SEED, index)).toThrow(expect.objectContaining({ code: "invalid_configuration" }));
  });

  test.each([0, 16, 31, 33, 64])("refuses a seed of %i bytes", (length) => {
    expect(() => deriveSecretKey(new Uint8Array(length), 0)).toThrow(
      expect.objectContaining({ code: "invalid_secret_key", facts: { bytes: length } }),
    );
  });
});

describe("parseSecret", () => {
  const digits = "00a1b2c3d4e5f60718293a4b5c6d7e8f".repeat(2);

  test("reads 64 digits of any case", () => {
    expect(parseSecret(digits)).toEqual(hexToBytes(digits, 32));
    expect(parseSecret(digits.toUpperCase())).toEqual(hexToBytes(digits, 32));
  });

  const wrong = [
    "",
    digits.slice(1),
    `${digits}0`,
    `0x${digits}`,
    `${digits}\n`,
    ` ${digits}`,
    digits.replace("a1", "g1"),
    digits.repeat(2),
    "correct horse battery staple correct horse battery staple cor",
  ];

  test.each(wrong.map((text) => [text]))("refuses %j and does not repeat it", (text) => {
    try {
      parseSecret(text);
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({ code: "invalid_secret_key", facts: { length: text.length } });
      const shown = inspect(error, { depth: 10, showHidden: true });
      expect(shown).not.toContain("a1b2c3d4");
      expect(shown).not.toContain("0718293a");
      expect(shown).not.toContain("horse");
    }
  });
});
