import { NanoError } from "../errors/index.js";
import { blake2b } from "./blake2b.js";
import { concatBytes } from "./bytes.js";
import { requireWasmSodium } from "./sodium.js";

export const SECRET_KEY_BYTES = 32;

/** The 32-byte public key of a 32-byte secret key. Needs `cryptoReady()`. */
export function derivePublicKey(secretKey: Uint8Array): Uint8Array {
  return requireWasmSodium().crypto_scalarmult_ed25519_base_noclamp(expandSecretKey(secretKey).scalar);
}

/**
 * Ed25519 with Blake2b-512 in place of SHA-512 (SPEC 2); deterministic, S is reduced. Needs `cryptoReady()`:
 * the multiplication of scalars is constant-time in the WASM build and missing from the native one.
 */
export function signMessage(message: Uint8Array, secretKey: Uint8Array): Uint8Array {
  const sodium = requireWasmSodium();
  const { scalar, prefix } = expandSecretKey(secretKey);
  const publicKey = sodium.crypto_scalarmult_ed25519_base_noclamp(scalar);
  const nonce = sodium.crypto_core_ed25519_scalar_reduce(blake2b(concatBytes(prefix, message), 64));
  const commitment = sodium.crypto_scalarmult_ed25519_base_noclamp(nonce);
  const challenge = sodium.crypto_core_ed25519_scalar_reduce(blake2b(concatBytes(commitment, publicKey, message), 64));
  const answer = sodium.crypto_core_ed25519_scalar_add(sodium.crypto_core_ed25519_scalar_mul(challenge, scalar), nonce);
  return concatBytes(commitment, answer);
}

function expandSecretKey(secretKey: Uint8Array): { scalar: Uint8Array; prefix: Uint8Array } {
  if (secretKey.length !== SECRET_KEY_BYTES) throw new NanoError("invalid_secret_key", { bytes: secretKey.length });
  const expanded = blake2b(secretKey, 64);
  const scalar = expanded.slice(0, 32);
  scalar[0] = (scalar[0] ?? 0) & 248;
  scalar[31] = ((scalar[31] ?? 0) & 127) | 64;
  return { scalar, prefix: expanded.slice(32) };
}
