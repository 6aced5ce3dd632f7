import { NanoError } from "../errors/index.js";

const HEX_DIGITS = "0123456789abcdef";
const HEX_PAIRS = Array.from(
  { length: 256 },
  (_, byte) => (HEX_DIGITS[byte >> 4] ?? "") + (HEX_DIGITS[byte & 15] ?? ""),
);
const HEX_TEXT = /^(?:[0-9a-fA-F]{2})*$/;

/** Lower-case hexadecimal, as payloads and signed messages carry it (SPEC 2). */
export function bytesToHex(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += HEX_PAIRS[byte] ?? "";
  return text;
}

/** Reads hexadecimal of any case. Throws `invalid_hex` when it is not exactly `length` bytes. */
export function hexToBytes(hex: string, length: number): Uint8Array {
  if (hex.length !== length * 2 || !HEX_TEXT.test(hex)) {
    throw new NanoError("invalid_hex", { expectedDigits: length * 2, seenLength: hex.length });
  }
  const bytes = new Uint8Array(length);
  for (let index = 0; index < length; index += 1) {
    bytes[index] = Number.parseInt(hex.slice(index * 2, index * 2 + 2), 16);
  }
  return bytes;
}

export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((total, part) => total + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}

/** Equality without an early exit: some callers compare authentication codes. */
export function equalBytes(left: Uint8Array, right: Uint8Array): boolean {
  if (left.length !== right.length) return false;
  let difference = 0;
  for (let index = 0; index < left.length; index += 1) difference |= (left[index] ?? 0) ^ (right[index] ?? 0);
  return difference === 0;
}

/** Unsigned big-endian, `length` bytes. The caller has checked the range. */
export function bigintToBytes(value: bigint, length: number): Uint8Array {
  return hexToBytes(value.toString(16).padStart(length * 2, "0"), length);
}

export function bytesToBigint(bytes: Uint8Array): bigint {
  return bytes.length === 0 ? 0n : BigInt(`0x${bytesToHex(bytes)}`);
}

export function reverseBytes(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from(bytes).reverse();
}
