import { blake2b } from "./blake2b.js";
import { concatBytes, equalBytes } from "./bytes.js";
import { isReducedScalar, isTrustworthyPublicKey } from "./curve-checks.js";
import { loadedArithmetic, type PointArithmetic } from "./point-arithmetic.js";

export const SIGNATURE_BYTES = 64;

/**
 * Checks a signature over `message` (for a block: its 32-byte hash). Never throws for bad input: false. Without the
 * native build `cryptoReady()` must have resolved, else it throws `crypto_not_ready`.
 *
 * Stricter than the node on purpose (SPEC 2): S ≥ L is malleable, and for keys of small order or in a
 * non-canonical encoding, the burn account among them, signatures can be forged. libsodium masks the top bits of S,
 * so 8 of 1,000 flipped signatures would pass without our own check (MEASURED).
 */
export function verifySignature(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean {
  return verifyWith(loadedArithmetic(), signature, message, publicKey);
}

export function verifyWith(
  arithmetic: PointArithmetic,
  signature: Uint8Array,
  message: Uint8Array,
  publicKey: Uint8Array,
): boolean {
  if (signature.length !== SIGNATURE_BYTES) return false;
  const commitment = signature.subarray(0, 32);
  const answer = signature.subarray(32);
  if (!isReducedScalar(answer) || !isTrustworthyPublicKey(publicKey)) return false;
  const digest = blake2b(concatBytes(commitment, publicKey, message), 64);
  const recomputed = arithmetic.recomputeCommitment(digest, answer, publicKey);
  return recomputed !== undefined && equalBytes(recomputed, commitment);
}
