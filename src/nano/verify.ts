import { nativeSodium } from "#sodium-native";
import { blake2b } from "./blake2b.js";
import { concatBytes, equalBytes } from "./bytes.js";
import { isReducedScalar, isTrustworthyPublicKey } from "./curve-checks.js";
import { requireWasmSodium } from "./sodium.js";

export const SIGNATURE_BYTES = 64;

/**
 * Checks a signature over `message` (for a block: its 32-byte hash). Never throws for bad input: false.
 *
 * Stricter than the node on purpose (SPEC 2): S ≥ L is malleable, and for keys of small order or in a
 * non-canonical encoding, the burn account among them, signatures can be forged. libsodium masks the top bits of S,
 * so 8 of 1,000 flipped signatures would pass without our own check (MEASURED).
 * The native build answers where it is loaded; else `cryptoReady()` must have resolved.
 */
export function verifySignature(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean {
  if (signature.length !== SIGNATURE_BYTES) return false;
  const commitment = signature.subarray(0, 32);
  const answer = signature.subarray(32);
  if (!isReducedScalar(answer) || !isTrustworthyPublicKey(publicKey)) return false;
  const digest = blake2b(concatBytes(commitment, publicKey, message), 64);
  const recomputed =
    nativeSodium === undefined ? recomputeWasm(digest, answer, publicKey) : recomputeNative(digest, answer, publicKey);
  return recomputed !== undefined && equalBytes(recomputed, commitment);
}

/** encode(S·B − k·A), which a valid signature has as its R; undefined where the library refuses a point. */
function recomputeNative(digest: Uint8Array, answer: Uint8Array, publicKey: Uint8Array): Uint8Array | undefined {
  if (nativeSodium === undefined) return undefined;
  const challenge = new Uint8Array(32);
  const left = new Uint8Array(32);
  const right = new Uint8Array(32);
  nativeSodium.crypto_core_ed25519_scalar_reduce(challenge, digest);
  try {
    nativeSodium.crypto_scalarmult_ed25519_base_noclamp(left, answer);
    nativeSodium.crypto_scalarmult_ed25519_noclamp(right, challenge, publicKey);
    nativeSodium.crypto_core_ed25519_sub(left, left, right);
  } catch {
    return undefined;
  }
  return left;
}

function recomputeWasm(digest: Uint8Array, answer: Uint8Array, publicKey: Uint8Array): Uint8Array | undefined {
  const sodium = requireWasmSodium();
  const challenge = sodium.crypto_core_ed25519_scalar_reduce(digest);
  try {
    const left = sodium.crypto_scalarmult_ed25519_base_noclamp(answer);
    return sodium.crypto_core_ed25519_sub(left, sodium.crypto_scalarmult_ed25519_noclamp(challenge, publicKey));
  } catch {
    return undefined;
  }
}
