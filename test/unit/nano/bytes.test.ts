import { describe, expect, test } from "vitest";
import { reverseBytes } from "../../../src/nano/bytes.js";
import {
  bigintToBytes,
  blockHashOf,
  bytesToBigint,
  bytesToHex,
  concatBytes,
  equalBytes,
  hexToBytes,
  isBlockHash,
  isPublicKey,
  parseBlockHash,
  publicKeyOf,
  ZERO_HASH,
} from "../../../src/nano/index.js";

const invalidHex = expect.objectContaining({ code: "invalid_hex" });

describe("hexadecimal", () => {
  test("every byte, both ways", () => {
    const all = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    expect(bytesToHex(all)).toBe(Buffer.from(all).toString("hex"));
    expect(hexToBytes(bytesToHex(all), 256)).toEqual(all);
    expect(hexToBytes(bytesToHex(all).toUpperCase(), 256)).toEqual(all);
    expect([bytesToHex(new Uint8Array(0)), hexToBytes("", 0)]).toEqual(["", new Uint8Array(0)]);
  });

  test("every character near ASCII and a sample of the others, as first and as second digit", () => {
    for (let code = 0; code < 65536; code += code < 1024 || code >= 0xff00 ? 1 : 31) {
      const character = String.fromCharCode(code);
      const isDigit = "0123456789abcdefABCDEF".includes(character);
      for (const text of [`${character}0`, `0${character}`]) {
        if (isDigit) expect(hexToBytes(text, 1)).toEqual(Uint8Array.from(Buffer.from(text, "hex")));
        else if (accepts(text)) expect.unreachable(`U+${code.toString(16)}`);
      }
    }
  });

  test.each([
    ["too short", "00", 2],
    ["too long", "0000", 1],
    ["odd", "000", 1],
    ["a prefix", "0x", 1],
    ["a space", " 0", 1],
    ["a sign", "-1", 1],
  ])("refuses %s", (_why, text, length) => {
    expect(() => hexToBytes(text, length)).toThrow(invalidHex);
  });

  test("the error says how long, never what: it may be a secret", () => {
    const secret = `${"5e".repeat(31)}zz`;
    expect(() => hexToBytes(secret, 32)).toThrow(
      expect.objectContaining({ facts: { expectedDigits: 64, seenLength: 64 } }),
    );
    expect(() => hexToBytes(secret, 32)).not.toThrow(/5e5e/);
  });
});

function accepts(text: string): boolean {
  try {
    hexToBytes(text, 1);
    return true;
  } catch {
    return false;
  }
}

describe("numbers", () => {
  test("big-endian, padded in front", () => {
    expect(bigintToBytes(0x0102n, 4)).toEqual(Uint8Array.of(0, 0, 1, 2));
    expect(bytesToBigint(Uint8Array.of(0, 0, 1, 2))).toBe(0x0102n);
    expect(bytesToBigint(new Uint8Array(0))).toBe(0n);
    expect(bigintToBytes(0n, 2)).toEqual(new Uint8Array(2));
    expect(bigintToBytes(2n ** 128n - 1n, 16)).toEqual(new Uint8Array(16).fill(255));
  });

  test("throws for what does not fit", () => {
    expect(() => bigintToBytes(2n ** 128n, 16)).toThrow(invalidHex);
    expect(() => bigintToBytes(-1n, 16)).toThrow(invalidHex);
    expect(() => bigintToBytes(-(2n ** 127n), 16)).toThrow(invalidHex);
  });
});

describe("bytes", () => {
  test("concatBytes", () => {
    expect(concatBytes()).toEqual(new Uint8Array(0));
    expect(concatBytes(Uint8Array.of(1), new Uint8Array(0), Uint8Array.of(2, 3))).toEqual(Uint8Array.of(1, 2, 3));
  });

  test("equalBytes sees every bit and the length", () => {
    const bytes = Uint8Array.of(1, 2, 3);
    expect(equalBytes(bytes, Uint8Array.of(1, 2, 3))).toBe(true);
    expect(equalBytes(new Uint8Array(0), new Uint8Array(0))).toBe(true);
    for (let bit = 0; bit < 24; bit += 1) {
      const other = Uint8Array.from(bytes, (byte, index) => (index === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
      expect(equalBytes(bytes, other)).toBe(false);
    }
    expect(equalBytes(bytes, Uint8Array.of(1, 2))).toBe(false);
    expect(equalBytes(bytes, Uint8Array.of(1, 2, 3, 0))).toBe(false);
  });

  test("reverseBytes leaves its argument alone, also a Buffer", () => {
    const buffer = Buffer.from([1, 2, 3]);
    expect(Array.from(reverseBytes(buffer))).toEqual([3, 2, 1]);
    expect(Array.from(buffer)).toEqual([1, 2, 3]);
  });
});

describe("brands", () => {
  const lower = "ab".repeat(32);

  test("a hash of any case becomes lower case", () => {
    expect(parseBlockHash("AB".repeat(32))).toBe(lower);
    expect(parseBlockHash("aB".repeat(32))).toBe(lower);
    expect(blockHashOf(new Uint8Array(32).fill(0xab))).toBe(lower);
    expect(publicKeyOf(new Uint8Array(32).fill(0xab))).toBe(lower);
    expect(ZERO_HASH).toBe("0".repeat(64));
  });

  test.each(["", "ab", `${lower}a`, lower.slice(1), `${lower}\n`, `0x${lower.slice(2)}`, lower.replace("a", "g")])(
    "refuses %j",
    (text) => {
      expect(() => parseBlockHash(text)).toThrow(invalidHex);
      expect([isBlockHash(text), isPublicKey(text)]).toEqual([false, false]);
    },
  );

  test("only lower case is the trusted form", () => {
    expect([isBlockHash(lower), isPublicKey(lower)]).toEqual([true, true]);
    expect([isBlockHash(lower.toUpperCase()), isPublicKey(lower.toUpperCase())]).toEqual([false, false]);
  });

  test.each([0, 31, 33])("%i bytes are no key and no hash", (length) => {
    expect(() => publicKeyOf(new Uint8Array(length))).toThrow(invalidHex);
    expect(() => blockHashOf(new Uint8Array(length))).toThrow(invalidHex);
  });
});
