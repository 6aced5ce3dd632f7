import { equalBytes, hexToBytes } from "./bytes.js";

/** L = 2^252 + 27742317777372353535851937790883648493, the order of the base point, little-endian. */
const GROUP_ORDER = hexToBytes("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010", 32);
/** p = 2^255 − 19, little-endian: a canonical y is below it. */
const FIELD_PRIME = hexToBytes("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", 32);
/** y of the points of order 1, 2, 4 and 8, the sign of x cleared; the all-zero one is Nano's burn account. */
const SMALL_ORDER_Y = [
  "0000000000000000000000000000000000000000000000000000000000000000",
  "0100000000000000000000000000000000000000000000000000000000000000",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
].map((hex) => hexToBytes(hex, 32));

/** S < L. */
export function isReducedScalar(scalar: Uint8Array): boolean {
  return isBelow(scalar, GROUP_ORDER);
}

/**
 * A canonical encoding, and not of small order; libsodium itself checks that the point is on the curve. With y
 * canonical the one encoding left that is not is x = 0 with its sign set, and both points with x = 0 are of small order.
 */
export function isTrustworthyPublicKey(publicKey: Uint8Array): boolean {
  if (publicKey.length !== 32) return false;
  const y = new Uint8Array(publicKey);
  y[31] = (y[31] ?? 0) & 127;
  return isBelow(y, FIELD_PRIME) && !SMALL_ORDER_Y.some((small) => equalBytes(small, y));
}

/** Little-endian comparison; the values are public, so an early exit tells nothing. */
function isBelow(value: Uint8Array, bound: Uint8Array): boolean {
  for (let index = bound.length - 1; index >= 0; index -= 1) {
    const difference = (value[index] ?? 0) - (bound[index] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}
