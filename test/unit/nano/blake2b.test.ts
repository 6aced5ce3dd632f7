import { beforeAll, describe, expect, test } from "vitest";
import { blake2bNative, blake2bNoble, blake2bWasm, NATIVE_MINIMUM_BYTES } from "../../../src/nano/blake2b.js";
import { blake2b } from "../../../src/nano/index.js";
import type { NativeSodium, WasmSodium } from "../../../src/nano/sodium.js";
import { createRandom, loadBothSodiums } from "../../support/nano.js";

let native: NativeSodium;
let wasm: WasmSodium;

beforeAll(async () => {
  ({ native, wasm } = await loadBothSodiums());
});

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

/** RFC 7693, appendix A, and digests that coreutils' `b2sum` prints. */
const KNOWN = [
  [
    "abc",
    64,
    "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d17d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923",
  ],
  [
    "",
    64,
    "786a02f742015903c6c6fd852552d272912f4740e15847618a86e217f71f5419d25e1031afee585313896444934eb04b903a685b1448b755d56f701afe9be2ce",
  ],
  ["abc", 32, "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319"],
] as const;

describe("known digests", () => {
  test.each(KNOWN)("%j, %i bytes", (text, length, digest) => {
    const message = new TextEncoder().encode(text);
    expect(hexOf(blake2bNative(native, message, length))).toBe(digest);
    expect(hexOf(blake2bWasm(wasm, message, length))).toBe(digest);
    expect(hexOf(blake2bNoble(message, length))).toBe(digest);
    expect(hexOf(blake2b(message, length))).toBe(digest);
  });
});

test("the three implementations agree for every length, on messages around the block size and random ones", () => {
  const random = createRandom(2);
  const messageLengths = [0, 1, 32, 64, 127, 128, 129, 176, 255, 256, 257, 1000];
  for (let length = 1; length <= 64; length += 1) {
    for (const messageLength of [...messageLengths, random.below(500)]) {
      const message = random.bytes(messageLength);
      const expected = hexOf(blake2bNoble(message, length));
      expect(expected).toHaveLength(length * 2);
      expect(hexOf(blake2bWasm(wasm, message, length))).toBe(expected);
      expect(hexOf(blake2b(message, length))).toBe(expected);
      if (length >= NATIVE_MINIMUM_BYTES) expect(hexOf(blake2bNative(native, message, length))).toBe(expected);
    }
  }
});

test("the native build's minimum is what we think it is", () => {
  expect(() => blake2bNative(native, new Uint8Array(1), NATIVE_MINIMUM_BYTES - 1)).toThrow();
  expect(blake2bNative(native, new Uint8Array(1), NATIVE_MINIMUM_BYTES)).toHaveLength(NATIVE_MINIMUM_BYTES);
});

test("a shorter digest is not the beginning of a longer one", () => {
  const message = Uint8Array.of(1, 2, 3);
  expect(hexOf(blake2b(message, 64)).startsWith(hexOf(blake2b(message, 32)))).toBe(false);
});
