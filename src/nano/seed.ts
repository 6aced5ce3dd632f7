import { NanoError } from "../errors/index.js";
import { blake2b } from "./blake2b.js";
import { bigintToBytes, concatBytes, hexToBytes } from "./bytes.js";

const SEED_OR_KEY = /^[0-9a-fA-F]{64}$/;
const MAX_INDEX = 2 ** 32 - 1;

/** Blake2b-256(seed ‖ index as four bytes big-endian), the derivation of every Nano wallet since the first. */
export function deriveSecretKey(seed: Uint8Array, index: number): Uint8Array {
  if (seed.length !== 32) throw new NanoError("invalid_secret_key", { bytes: seed.length });
  if (!Number.isInteger(index) || index < 0 || index > MAX_INDEX) {
    throw new NanoError("invalid_configuration", { setting: "index", accepted: "0 … 4294967295" });
  }
  return blake2b(concatBytes(seed, bigintToBytes(BigInt(index), 4)), 32);
}

/** 64 hexadecimal digits of a seed or secret key → bytes. The error names neither. */
export function parseSecret(hex: string): Uint8Array {
  if (!SEED_OR_KEY.test(hex)) throw new NanoError("invalid_secret_key", { length: hex.length });
  return hexToBytes(hex, 32);
}
