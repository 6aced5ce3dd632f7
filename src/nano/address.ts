import { NanoError } from "../errors/index.js";
import { blake2b } from "./blake2b.js";
import { equalBytes, reverseBytes } from "./bytes.js";

const ALPHABET = "13456789abcdefghijkmnopqrstuwxyz";
const VALUES = new Map(Array.from(ALPHABET, (letter, value) => [letter, value]));
const ADDRESS = /^(?:nano|xrb)_(?<body>[13][13456789abcdefghijkmnopqrstuwxyz]{59})$/;
/** `nano:mainnet:nano%5F…`; the other spellings are read, this one is written (SPEC 2). */
const CAIP10 = /^nano:mainnet:(?<prefix>nano|xrb)(?:%5F|%5f|_)(?<body>[0-9a-z]{60})$/;
const KEY_LETTERS = 52;
const CHECKSUM_BYTES = 5;

/** Address (`nano_` or `xrb_`) → the 32 bytes of the public key. Throws `invalid_address`. */
export function decodeAddress(address: string): Uint8Array {
  const body = ADDRESS.exec(address)?.groups?.["body"];
  if (body === undefined) throw new NanoError("invalid_address", { why: "form" });
  const publicKey = decodeBase32(body.slice(0, KEY_LETTERS), 32);
  const checksum = decodeBase32(body.slice(KEY_LETTERS), CHECKSUM_BYTES);
  if (!equalBytes(checksum, checksumOf(publicKey))) throw new NanoError("invalid_address", { why: "checksum" });
  return publicKey;
}

export function isAddress(text: string): boolean {
  try {
    decodeAddress(text);
    return true;
  } catch {
    return false;
  }
}

/** The 32 bytes of a public key → `nano_` address. */
export function encodeAddress(publicKey: Uint8Array): string {
  if (publicKey.length !== 32) throw new NanoError("invalid_address", { why: "key length" });
  return `nano_${encodeBase32(publicKey, KEY_LETTERS)}${encodeBase32(checksumOf(publicKey), 8)}`;
}

/** CAIP-10 account id → public key. Reads `nano%5F`, `xrb%5F`, `nano_` and `xrb_`. */
export function decodeCaip10(accountId: string): Uint8Array {
  const groups = CAIP10.exec(accountId)?.groups;
  if (groups === undefined) throw new NanoError("invalid_address", { why: "not a CAIP-10 account on nano:mainnet" });
  return decodeAddress(`${groups["prefix"] ?? ""}_${groups["body"] ?? ""}`);
}

export function encodeCaip10(publicKey: Uint8Array): string {
  return `nano:mainnet:${encodeAddress(publicKey).replace("_", "%5F")}`;
}

function checksumOf(publicKey: Uint8Array): Uint8Array {
  return reverseBytes(blake2b(publicKey, CHECKSUM_BYTES));
}

/** Big-endian groups of five bits; the padding bits stand in front (four of them for a key) and are zero. */
function encodeBase32(bytes: Uint8Array, letters: number): string {
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
function decodeBase32(text: string, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let buffer = 0;
  let bits = length * 8 - text.length * 5;
  let index = 0;
  for (const letter of text) {
    buffer = ((buffer << 5) | (VALUES.get(letter) ?? 0)) & 0xffff;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes[index] = (buffer >> bits) & 255;
      index += 1;
    }
  }
  return bytes;
}
