import { beforeAll, expect, test } from "vitest";
import {
  bytesToHex,
  cryptoReady,
  derivePublicKey,
  encodeNomsPayload,
  hashNomsMessage,
  signMessage,
  signNoms,
  verifyNoms,
} from "../../../src/nano/index.js";
import { createRandom } from "../../support/nano.js";

const HEADER = "184e616e6f204f66662d636861696e204d6573736167653a0a";
const random = createRandom(7);
const secretKey = random.bytes(32);

beforeAll(cryptoReady);

test("the header is 25 bytes, the length counts bytes and not characters", () => {
  expect(HEADER).toHaveLength(50);
  expect(bytesToHex(encodeNomsPayload(""))).toBe(`${HEADER}00000000`);
  expect(bytesToHex(encodeNomsPayload("é🥦"))).toBe(`${HEADER}00000006c3a9f09fa5a6`);
});

test("a length above 65,535 uses the upper bytes, big-endian", () => {
  const payload = encodeNomsPayload("a".repeat(0x012345));
  expect(bytesToHex(payload.subarray(25, 29))).toBe("00012345");
  expect(payload).toHaveLength(29 + 0x012345);
});

test.each([
  ["composed and decomposed é", "\u00e9", "e\u0301"],
  ["a byte order mark", "a", "\ufeffa"],
  ["a newline behind", "a", "a\n"],
  ["line endings", "a\nb", "a\r\nb"],
  ["a zero byte behind", "a", "a\0"],
])("%s: different messages", (_what, one, other) => {
  expect(encodeNomsPayload(one)).not.toEqual(encodeNomsPayload(other));
  const publicKey = derivePublicKey(secretKey);
  expect(verifyNoms(signNoms(one, secretKey), one, publicKey)).toBe(true);
  expect(verifyNoms(signNoms(one, secretKey), other, publicKey)).toBe(false);
});

test("the signature is over the digest, so a message can never be taken for a block hash", () => {
  const publicKey = derivePublicKey(secretKey);
  const message = "0".repeat(64);
  expect(signNoms(message, secretKey)).toEqual(signMessage(hashNomsMessage(message), secretKey));
  expect(verifyNoms(signMessage(new TextEncoder().encode(message), secretKey), message, publicKey)).toBe(false);
  expect(verifyNoms(signMessage(new Uint8Array(32), secretKey), message, publicKey)).toBe(false);
});
