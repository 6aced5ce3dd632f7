import { expect, test } from "vitest";
import { decodeBase32, encodeBase32 } from "../../../src/nano/base32.js";
import { createRandom } from "../../support/nano.js";

/** The encoding by its definition: one big number, written in base 32. */
function encodeAsNumber(bytes: Uint8Array, letters: number): string {
  let rest = BigInt(`0x${Buffer.from(bytes).toString("hex")}`);
  let text = "";
  for (let count = 0; count < letters; count += 1) {
    text = "13456789abcdefghijkmnopqrstuwxyz".charAt(Number(rest % 32n)) + text;
    rest /= 32n;
  }
  expect(rest).toBe(0n);
  return text;
}

test("a key: 52 letters, the first of which holds one bit behind four zeros", () => {
  const random = createRandom(32);
  for (let count = 0; count < 2000; count += 1) {
    const key = random.bytes(32);
    const text = encodeBase32(key, 52);
    expect(text).toBe(encodeAsNumber(key, 52));
    expect(text[0]).toBe((key[0] ?? 0) >= 128 ? "3" : "1");
    expect(decodeBase32(text, 32)).toEqual(key);
  }
});

test("a checksum: 8 letters, no bit left over", () => {
  const random = createRandom(5);
  for (let count = 0; count < 2000; count += 1) {
    const checksum = random.bytes(5);
    const text = encodeBase32(checksum, 8);
    expect(text).toBe(encodeAsNumber(checksum, 8));
    expect(decodeBase32(text, 5)).toEqual(checksum);
  }
});

test.each([0x00, 0xff])("32 bytes of %i", (byte) => {
  const key = new Uint8Array(32).fill(byte);
  const text = encodeBase32(key, 52);
  expect(text).toBe(byte === 0 ? "1".repeat(52) : `3${"z".repeat(51)}`);
  expect(decodeBase32(text, 32)).toEqual(key);
});
