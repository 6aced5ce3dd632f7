import { nativeSodium } from "#sodium-native";
import { type NativeSodium, requireWasmSodium, type WasmSodium } from "./sodium.js";

/** What verification needs of a sodium build. There are two, and the acceptance table is a test of both. */
export interface PointArithmetic {
  /**
   * encode(S·B − k·A), where k is the 64-byte digest modulo L: the R of a valid signature. undefined where the build
   * refuses A (not on the curve, or not in the group that B generates).
   */
  recomputeCommitment(digest: Uint8Array, answer: Uint8Array, publicKey: Uint8Array): Uint8Array | undefined;
}

export function nativeArithmetic(sodium: NativeSodium): PointArithmetic {
  return {
    recomputeCommitment(digest, answer, publicKey) {
      const challenge = new Uint8Array(32);
      const left = new Uint8Array(32);
      const right = new Uint8Array(32);
      sodium.crypto_core_ed25519_scalar_reduce(challenge, digest);
      try {
        sodium.crypto_scalarmult_ed25519_base_noclamp(left, answer);
        sodium.crypto_scalarmult_ed25519_noclamp(right, challenge, publicKey);
        sodium.crypto_core_ed25519_sub(left, left, right);
      } catch {
        return undefined;
      }
      return left;
    },
  };
}

export function wasmArithmetic(sodium: WasmSodium): PointArithmetic {
  return {
    recomputeCommitment(digest, answer, publicKey) {
      const challenge = sodium.crypto_core_ed25519_scalar_reduce(digest);
      try {
        const left = sodium.crypto_scalarmult_ed25519_base_noclamp(answer);
        const right = sodium.crypto_scalarmult_ed25519_noclamp(challenge, publicKey);
        return sodium.crypto_core_ed25519_sub(left, right);
      } catch {
        return undefined;
      }
    },
  };
}

const native = nativeSodium === undefined ? undefined : nativeArithmetic(nativeSodium);
let wasm: PointArithmetic | undefined;

/** The native build where it is loaded, else WASM: `cryptoReady()` must have resolved (`crypto_not_ready`). */
export function loadedArithmetic(): PointArithmetic {
  if (native !== undefined) return native;
  wasm ??= wasmArithmetic(requireWasmSodium());
  return wasm;
}
