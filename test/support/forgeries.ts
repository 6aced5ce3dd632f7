import { blake2b, concatBytes, derivePublicKey, signMessage } from "../../src/nano/index.js";
import {
  addPoints,
  BASE,
  challengeOf,
  decodePoint,
  encodePoint,
  fromLittleEndian,
  L,
  multiply,
  orderOf,
  type Point,
  toLittleEndian,
} from "./edwards.js";
import type { Random } from "./nano.js";

export interface Signed {
  readonly signature: Uint8Array;
  readonly message: Uint8Array;
  readonly publicKey: Uint8Array;
}

export function signRandom(random: Random): Signed {
  const secretKey = random.bytes(32);
  const message = random.bytes(32);
  return { signature: signMessage(message, secretKey), message, publicKey: derivePublicKey(secretKey) };
}

/** The secret scalar by RFC 8032 with Blake2b-512, and the key computed from it without a library. */
export function expandedScalar(secretKey: Uint8Array): { scalar: bigint; publicKey: Uint8Array } {
  const expanded = fromLittleEndian(blake2b(secretKey, 64).subarray(0, 32));
  const scalar = (expanded & ((1n << 254n) - 8n)) | (1n << 254n);
  return { scalar, publicKey: encodePoint(multiply(scalar, BASE)) };
}

/**
 * A signature that nobody's secret was needed for. With n·A = 0 the term k·A vanishes whenever n divides k, so
 * R = S·B satisfies S·B − k·A = R; on average n tries find such an S.
 */
export function forgeForSmallOrderKey(publicKey: Uint8Array, random: Random): Signed {
  const key = decodePoint(publicKey);
  if (key === undefined) throw new Error("not a point");
  const order = orderOf(key);
  const message = random.bytes(32);
  for (;;) {
    const answer = fromLittleEndian(random.bytes(32)) % L;
    const commitment = encodePoint(multiply(answer, BASE));
    if (challengeOf(commitment, publicKey, message) % order === 0n) {
      return { signature: concatBytes(commitment, toLittleEndian(answer)), message, publicKey };
    }
  }
}

/** An honest key plus a point of small order, which vanishes from the equation in the same way. */
export function forgeForMixedOrderKey(torsion: Point, random: Random): Signed {
  const { scalar, publicKey: honest } = expandedScalar(random.bytes(32));
  const honestPoint = decodePoint(honest);
  if (honestPoint === undefined) throw new Error("not a point");
  const publicKey = encodePoint(addPoints(honestPoint, torsion));
  const message = random.bytes(32);
  for (;;) {
    const nonce = fromLittleEndian(random.bytes(32)) % L;
    const commitment = encodePoint(multiply(nonce, BASE));
    const challenge = challengeOf(commitment, publicKey, message);
    if (challenge % orderOf(torsion) === 0n) {
      const answer = (nonce + challenge * scalar) % L;
      return { signature: concatBytes(commitment, toLittleEndian(answer)), message, publicKey };
    }
  }
}
