import { blake2b as nobleBlake2b } from "@noble/hashes/blake2.js";
import { nativeSodium } from "#sodium-native";
import { wasmSodium } from "./sodium.js";

/** sodium-native refuses outputs below 16 bytes, the WASM build and noble do not. */
const NATIVE_MINIMUM = 16;

/**
 * Blake2b of `parts` joined, `length` bytes (1 … 64). The fastest build that is loaded answers; before any is,
 * noble does (0.5, 1 and 8 µs), so that addresses can be checked synchronously while a module loads.
 */
export function blake2b(message: Uint8Array, length: number): Uint8Array {
  if (nativeSodium !== undefined && length >= NATIVE_MINIMUM) {
    const output = new Uint8Array(length);
    nativeSodium.crypto_generichash(output, message);
    return output;
  }
  const wasm = wasmSodium();
  return wasm === undefined ? nobleBlake2b(message, { dkLen: length }) : wasm.crypto_generichash(length, message, null);
}
