import { blake2b, bytesToBigint, concatBytes } from "../../src/nano/index.js";
import type { PointArithmetic } from "../../src/nano/point-arithmetic.js";

/**
 * The curve of Ed25519 in plain bigint arithmetic, written from RFC 8032 and independent of any library: slow, complete
 * for every point, and lax. It refuses nothing, so tests can build forgeries and show that a lax verifier takes them.
 */
const P = 2n ** 255n - 19n;
export const L = 2n ** 252n + 27742317777372353535851937790883648493n;
const D = mod(-121665n * inverse(121666n));
const SQRT_MINUS_ONE = power(2n, (P - 1n) / 4n);

export interface Point {
  readonly x: bigint;
  readonly y: bigint;
}

interface Extended extends Point {
  readonly z: bigint;
  readonly t: bigint;
}

export const IDENTITY: Point = { x: 0n, y: 1n };
export const BASE: Point = { x: recoverX(mod(4n * inverse(5n)), 0n) ?? 0n, y: mod(4n * inverse(5n)) };

export function addPoints(left: Point, right: Point): Point {
  return toAffine(add(extend(left), extend(right)));
}

export function negate(point: Point): Point {
  return { x: mod(-point.x), y: point.y };
}

export function multiply(scalar: bigint, point: Point): Point {
  let sum = extend(IDENTITY);
  let doubled = extend(point);
  for (let rest = scalar; rest > 0n; rest >>= 1n) {
    if (rest & 1n) sum = add(sum, doubled);
    doubled = add(doubled, doubled);
  }
  return toAffine(sum);
}

/** The eight points whose order divides 8. */
export function smallOrderPoints(): Point[] {
  for (let y = 2n; ; y += 1n) {
    const x = recoverX(y, 0n);
    if (x === undefined) continue;
    const generator = multiply(L, { x, y });
    if (!isSame(multiply(4n, generator), IDENTITY)) {
      return Array.from({ length: 8 }, (_, factor) => multiply(BigInt(factor), generator));
    }
  }
}

export function orderOf(point: Point): bigint {
  return [1n, 2n, 4n, 8n].find((order) => isSame(multiply(order, point), IDENTITY)) ?? L;
}

export function encodePoint({ x, y }: Point): Uint8Array {
  return encodeY(y, x & 1n);
}

/** Any y below 2^255 and any sign bit, canonical or not. */
export function encodeY(y: bigint, sign: bigint): Uint8Array {
  return toLittleEndian(y | (sign << 255n));
}

/** Reads non-canonical encodings too, as the node does; undefined where there is no such point. */
export function decodePoint(bytes: Uint8Array): Point | undefined {
  const number = fromLittleEndian(bytes);
  const y = mod(number & (2n ** 255n - 1n));
  const x = recoverX(y, number >> 255n);
  return x === undefined ? undefined : { x, y };
}

export function challengeOf(commitment: Uint8Array, publicKey: Uint8Array, message: Uint8Array): bigint {
  return fromLittleEndian(blake2b(concatBytes(commitment, publicKey, message), 64)) % L;
}

/** Accepts when encode(S·B − k·A) = R, and checks neither S nor the key: what the plain equation allows. */
export function laxVerify(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean {
  const digest = blake2b(concatBytes(signature.subarray(0, 32), publicKey, message), 64);
  const recomputed = laxArithmetic.recomputeCommitment(digest, signature.subarray(32), publicKey);
  return recomputed !== undefined && Buffer.from(signature.subarray(0, 32)).equals(recomputed);
}

/** A back end that refuses no point: what is refused with it is refused by our own checks, not by libsodium. */
export const laxArithmetic: PointArithmetic = {
  recomputeCommitment(digest, answer, publicKey) {
    const key = decodePoint(publicKey);
    if (key === undefined) return undefined;
    const challenge = fromLittleEndian(digest) % L;
    return encodePoint(addPoints(multiply(fromLittleEndian(answer), BASE), negate(multiply(challenge, key))));
  },
};

export function fromLittleEndian(bytes: Uint8Array): bigint {
  return bytesToBigint(Uint8Array.from(bytes).reverse());
}

export function toLittleEndian(value: bigint): Uint8Array {
  return Uint8Array.from({ length: 32 }, (_, index) => Number((value >> BigInt(8 * index)) & 255n));
}

function isSame(left: Point, right: Point): boolean {
  return left.x === right.x && left.y === right.y;
}

function extend({ x, y }: Point): Extended {
  return { x, y, z: 1n, t: mod(x * y) };
}

function toAffine({ x, y, z }: Extended): Point {
  const inverted = inverse(z);
  return { x: mod(x * inverted), y: mod(y * inverted) };
}

/** RFC 8032, 5.1.4: complete, also for doubling and for small orders. */
function add(left: Extended, right: Extended): Extended {
  const a = mod((left.y - left.x) * (right.y - right.x));
  const b = mod((left.y + left.x) * (right.y + right.x));
  const c = mod(2n * left.t * right.t * D);
  const d = mod(2n * left.z * right.z);
  const [e, f, g, h] = [b - a, d - c, d + c, b + a];
  return { x: mod(e * f), y: mod(g * h), z: mod(f * g), t: mod(e * h) };
}

function recoverX(y: bigint, sign: bigint): bigint | undefined {
  const square = mod((y * y - 1n) * inverse(D * y * y + 1n));
  let x = power(square, (P + 3n) / 8n);
  if (mod(x * x) !== square) x = mod(x * SQRT_MINUS_ONE);
  if (mod(x * x) !== square) return undefined;
  return (x & 1n) === sign ? x : mod(-x);
}

function mod(value: bigint): bigint {
  const rest = value % P;
  return rest < 0n ? rest + P : rest;
}

function inverse(value: bigint): bigint {
  return power(value, P - 2n);
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  let square = mod(base);
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = mod(result * square);
    square = mod(square * square);
  }
  return result;
}
