import { beforeAll, describe, expect, test } from "vitest";
import {
  concatBytes,
  cryptoReady,
  derivePublicKey,
  SECRET_KEY_BYTES,
  SIGNATURE_BYTES,
  signMessage,
  verifySignature,
} from "../../../src/nano/index.js";
import { fromLittleEndian, L } from "../../support/edwards.js";
import { expandedScalar } from "../../support/forgeries.js";
import { createRandom } from "../../support/nano.js";

const random = createRandom(4);

beforeAll(cryptoReady);

describe("derivePublicKey", () => {
  test("is the expanded secret scalar times the base point, as plain arithmetic computes it", () => {
    for (let count = 0; count < 50; count += 1) {
      const secretKey = random.bytes(32);
      expect(derivePublicKey(secretKey)).toEqual(expandedScalar(secretKey).publicKey);
    }
  });
});

describe("signMessage", () => {
  test("gives the same signature each time, another one for another message, and S < L", () => {
    const secretKey = random.bytes(32);
    const seen = new Set<string>();
    for (let count = 0; count < 300; count += 1) {
      const message = random.bytes(32);
      const signature = signMessage(message, secretKey);
      expect(signMessage(message, secretKey)).toEqual(signature);
      expect(fromLittleEndian(signature.subarray(32)) < L).toBe(true);
      seen.add(Buffer.from(signature.subarray(0, 32)).toString("hex"));
    }
    expect(seen.size).toBe(300);
  });

  test("takes messages of any length", () => {
    const secretKey = random.bytes(SECRET_KEY_BYTES);
    const publicKey = derivePublicKey(secretKey);
    for (const length of [0, 1, 31, 32, 33, 64, 200, 5000]) {
      const message = random.bytes(length);
      const signature = signMessage(message, secretKey);
      expect(signature).toHaveLength(SIGNATURE_BYTES);
      expect(verifySignature(signature, message, publicKey)).toBe(true);
      expect(verifySignature(signature, concatBytes(message, Uint8Array.of(0)), publicKey)).toBe(false);
    }
  });

  test("reads Buffers that are windows on larger memory, and changes nothing", () => {
    const memory = Buffer.from(random.bytes(300));
    const before = memory.toString("hex");
    const [secretKey, message] = [memory.subarray(7, 39), memory.subarray(50, 82)];
    const signature = Buffer.concat([Buffer.alloc(3), signMessage(message, secretKey), Buffer.alloc(3)]).subarray(
      3,
      67,
    );
    expect(signature).toHaveLength(SIGNATURE_BYTES);
    expect(verifySignature(signature, message, Buffer.from(derivePublicKey(secretKey)))).toBe(true);
    expect(memory.toString("hex")).toBe(before);
  });
});

describe("a secret key of another length", () => {
  test.each([0, 31, 33, 64])("%i bytes are refused, and not shown", (length) => {
    const secretKey = new Uint8Array(length).fill(0x5e);
    for (const use of [() => derivePublicKey(secretKey), () => signMessage(new Uint8Array(32), secretKey)]) {
      expect(use).toThrow(expect.objectContaining({ code: "invalid_secret_key", facts: { bytes: length } }));
      expect(use).not.toThrow(/5e5e|94,94/);
    }
  });
});
