import { NanoError } from "../errors/index.js";

const HEX_DIGITS = "0123456789abcdef";
const HEX_PAIRS = Array.from(
  { length: 256 },
  (_, byte) => (HEX_DIGITS[byte >> 4] ?? "") + (HEX_DIGITS[byte & 15] ?? ""),
);
/** Value of an ASCII digit by its code; 16 and above is no digit, as is every code outside the table. */
const NO_DIGIT = 16;
const DIGIT_VALUES = Uint8Array.from({ length: 128 }, (_, code) => {
  const value = HEX_DIGITS.indexOf(String.fromCharCode(code).toLowerCase());
  return value === -1 ? NO_DIGIT : value;
});

/** Lower-case hexadecimal, as payloads and signed messages carry it (SPEC 2). */
export function bytesToHex(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += HEX_PAIRS[byte] ?? "";
  return text;
}

/** Reads hexadecimal of any case. Throws `invalid_hex` when it is not exactly `length` bytes. */
export function hexToBytes(hex: string, length: number): Uint8Array {
  if (hex.length !== length * 2) throw notHex(hex, length);
  const bytes = new Uint8Array(length);
  for (let index = 0; index < length; index += 1) {
    const high = digitAt(hex, index * 2);
    const low = digitAt(hex, index * 2 + 1);
    if ((high | low) >= NO_DIGIT) throw notHex(hex, length);
    bytes[index] = (high << 4) | low;
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

/** Unsigned big-endian, `length` bytes. Throws `invalid_hex` for a negative value or one that needs more. */
export function bigintToBytes(value: bigint, length: number): Uint8Array {
  return hexToBytes(value.toString(16).padStart(length * 2, "0"), length);
}

/** Unsigned big-endian; no bytes are 0. */
export function bytesToBigint(bytes: Uint8Array): bigint {
  return bytes.length === 0 ? 0n : BigInt(`0x${bytesToHex(bytes)}`);
}

/** A copy, also of a Buffer, whose `slice` would share its memory. */
export function reverseBytes(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes).reverse();
}

function digitAt(hex: string, index: number): number {
  return DIGIT_VALUES[hex.charCodeAt(index)] ?? NO_DIGIT;
}

/** The text itself stays out: it may be a secret key. */
function notHex(hex: string, length: number): NanoError<"invalid_hex"> {
  return new NanoError("invalid_hex", { expectedDigits: length * 2, seenLength: hex.length });
}
