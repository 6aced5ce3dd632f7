import { NanoError } from "../errors/index.js";
import { decodeAddress, encodeAddress } from "./address.js";
import { bytesToHex, hexToBytes } from "./bytes.js";

declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

/**
 * Trusted forms of what came in as text. Both are 64 lower-case hexadecimal digits, so that equality of strings is
 * equality of the 32 bytes, and `nano_`/`xrb_` or upper case can never make two of one (SPEC 2).
 */
export type BlockHash = Branded<"BlockHash">;
export type PublicKey = Branded<"PublicKey">;

const LOWER_HEX_64 = /^[0-9a-f]{64}$/;

export function isBlockHash(text: string): text is BlockHash {
  return LOWER_HEX_64.test(text);
}

export function isPublicKey(text: string): text is PublicKey {
  return LOWER_HEX_64.test(text);
}

/** Hexadecimal of any case → hash. Throws `invalid_hex`. */
export function parseBlockHash(hex: string): BlockHash {
  const lower = hex.toLowerCase();
  if (!isBlockHash(lower)) throw new NanoError("invalid_hex", { expectedDigits: 64, seenLength: hex.length });
  return lower;
}

export function blockHashOf(bytes: Uint8Array): BlockHash {
  return parseBlockHash(bytesToHex(bytes));
}

export function publicKeyOf(bytes: Uint8Array): PublicKey {
  const hex = bytesToHex(bytes);
  if (!isPublicKey(hex)) throw new NanoError("invalid_hex", { expectedDigits: 64, seenLength: hex.length });
  return hex;
}

/** Address with either prefix → key. Throws `invalid_address`. */
export function parseAddress(address: string): PublicKey {
  return publicKeyOf(decodeAddress(address));
}

/** Key → `nano_` address, the only form that is emitted. */
export function addressOf(key: PublicKey): string {
  return encodeAddress(hexToBytes(key, 32));
}

export function keyBytes(key: PublicKey | BlockHash): Uint8Array {
  return hexToBytes(key, 32);
}

/** The all-zero hash: `previous` of an account's first block. */
export const ZERO_HASH: BlockHash = parseBlockHash("0".repeat(64));
