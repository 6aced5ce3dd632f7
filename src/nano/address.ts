import { NanoError } from "../errors/index.js";
import { decodeBase32, encodeBase32 } from "./base32.js";
import { blake2b } from "./blake2b.js";
import { equalBytes, reverseBytes } from "./bytes.js";

/** 52 letters of key, whose first holds one bit (1 or 3), and 8 of checksum. Lower case only, like the node. */
const ADDRESS = /^(?:nano|xrb)_([13][13456789abcdefghijkmnopqrstuwxyz]{51})([13456789abcdefghijkmnopqrstuwxyz]{8})$/;
/** `nano:mainnet:nano%5F…`; the other spellings are read, this one is written (SPEC 2). */
const CAIP10 = /^nano:mainnet:(nano|xrb)(?:%5[Ff]|_)([0-9a-z]{60})$/;
const KEY_BYTES = 32;
const KEY_LETTERS = 52;
const CHECKSUM_BYTES = 5;
const CHECKSUM_LETTERS = 8;

/** Address (`nano_` or `xrb_`) → the 32 bytes of the public key. Throws `invalid_address`. */
export function decodeAddress(address: string): Uint8Array {
  const publicKey = readAddress(address);
  if (typeof publicKey === "string") throw new NanoError("invalid_address", { why: publicKey });
  return publicKey;
}

export function isAddress(text: string): boolean {
  return typeof readAddress(text) !== "string";
}

/** The 32 bytes of a public key → `nano_` address. Throws `invalid_address` for another length. */
export function encodeAddress(publicKey: Uint8Array): string {
  if (publicKey.length !== KEY_BYTES) throw new NanoError("invalid_address", { why: "key length" });
  return `nano_${encodeBase32(publicKey, KEY_LETTERS)}${encodeBase32(checksumOf(publicKey), CHECKSUM_LETTERS)}`;
}

/** CAIP-10 account id → public key. Reads `nano%5F`, `xrb%5F`, `nano_` and `xrb_`. Throws `invalid_address`. */
export function decodeCaip10(accountId: string): Uint8Array {
  const [, prefix, body] = CAIP10.exec(accountId) ?? [];
  if (prefix === undefined || body === undefined) {
    throw new NanoError("invalid_address", { why: "not a CAIP-10 account on nano:mainnet" });
  }
  return decodeAddress(`${prefix}_${body}`);
}

export function encodeCaip10(publicKey: Uint8Array): string {
  return `nano:mainnet:${encodeAddress(publicKey).replace("_", "%5F")}`;
}

/** The key, or what is wrong. */
function readAddress(address: string): Uint8Array | "form" | "checksum" {
  const [, key, check] = ADDRESS.exec(address) ?? [];
  if (key === undefined || check === undefined) return "form";
  const publicKey = decodeBase32(key, KEY_BYTES);
  return equalBytes(decodeBase32(check, CHECKSUM_BYTES), checksumOf(publicKey)) ? publicKey : "checksum";
}

function checksumOf(publicKey: Uint8Array): Uint8Array {
  return reverseBytes(blake2b(publicKey, CHECKSUM_BYTES));
}
