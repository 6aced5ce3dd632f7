/** Nano's own alphabet: no 0, 2, l or v. */
const ALPHABET = "13456789abcdefghijkmnopqrstuwxyz";
const VALUES = Uint8Array.from({ length: 128 }, (_, code) => Math.max(0, ALPHABET.indexOf(String.fromCharCode(code))));

/**
 * Groups of five bits, big-endian. The zero bits that fill up `letters · 5` stand in front, not at the end as in
 * RFC 4648: four of them for a key, none for a checksum.
 */
export function encodeBase32(bytes: Uint8Array, letters: number): string {
  let text = "";
  let buffer = 0;
  let bits = letters * 5 - bytes.length * 8;
  for (const byte of bytes) {
    buffer = (buffer << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += ALPHABET[(buffer >> bits) & 31] ?? "";
      buffer &= (1 << bits) - 1;
    }
  }
  return text;
}

/** The caller's pattern admits only letters of the alphabet and a first letter whose padding bits are zero. */
export function decodeBase32(text: string, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let buffer = 0;
  let bits = length * 8 - text.length * 5;
  let next = 0;
  for (let index = 0; index < text.length; index += 1) {
    buffer = ((buffer << 5) | (VALUES[text.charCodeAt(index)] ?? 0)) & 0xffff;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes[next] = (buffer >> bits) & 255;
      next += 1;
    }
  }
  return bytes;
}
