import { hmac } from "@noble/hashes/hmac.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { NanoError } from "../../errors/index.js";
import { bigintToBytes, concatBytes } from "../../nano/index.js";

/** The highest index of a hardened step, and Ed25519 knows no other steps. */
export const MAX_HARDENED_INDEX = 2 ** 31 - 1;

const MASTER = "ed25519 seed";
const HARDENED = 2n ** 31n;
const ZERO_BYTE = new Uint8Array(1);

export interface ExtendedKey {
  readonly key: Uint8Array;
  readonly chainCode: Uint8Array;
}

/** SLIP-0010 for ed25519: `m/44'/165'/0'` is `[44, 165, 0]`. What was derived on the way is overwritten. */
export function deriveHardenedPath(seed: Uint8Array, path: readonly number[]): ExtendedKey {
  let node = split(hmac(sha512, new TextEncoder().encode(MASTER), seed));
  for (const index of path) {
    const parent = node;
    node = deriveChild(parent, index);
    wipe(parent);
  }
  return node;
}

function deriveChild(parent: ExtendedKey, index: number): ExtendedKey {
  if (!Number.isInteger(index) || index < 0 || index > MAX_HARDENED_INDEX) {
    wipe(parent);
    throw new NanoError("invalid_configuration", { setting: "index", accepted: `0 … ${MAX_HARDENED_INDEX}` });
  }
  const data = concatBytes(ZERO_BYTE, parent.key, bigintToBytes(HARDENED + BigInt(index), 4));
  const child = split(hmac(sha512, parent.chainCode, data));
  data.fill(0);
  return child;
}

function split(digest: Uint8Array): ExtendedKey {
  const halves = { key: digest.slice(0, 32), chainCode: digest.slice(32) };
  digest.fill(0);
  return halves;
}

function wipe({ key, chainCode }: ExtendedKey): void {
  key.fill(0);
  chainCode.fill(0);
}
