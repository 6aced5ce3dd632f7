import { blake2b as nobleBlake2b } from "@noble/hashes/blake2.js";
import { nativeSodium } from "#sodium-native";
import { type NativeSodium, type WasmSodium, wasmSodium } from "./sodium.js";

/** sodium-native refuses outputs below 16 bytes, the WASM build and noble do not. */
export const NATIVE_MINIMUM_BYTES = 16;

/**
 * Blake2b of `message`, `length` bytes (1 … 64). For inputs as short as ours WASM is ahead of the native build, whose
 * calls cost more (0.6 and 0.9 µs). Before either is loaded noble answers (7 µs), so that addresses can be checked
 * synchronously while a module loads.
 */
export function blake2b(message: Uint8Array, length: number): Uint8Array {
  const wasm = wasmSodium();
  if (wasm !== undefined) return blake2bWasm(wasm, message, length);
  if (nativeSodium !== undefined && length >= NATIVE_MINIMUM_BYTES) return blake2bNative(nativeSodium, message, length);
  return blake2bNoble(message, length);
}

export function blake2bNative(sodium: NativeSodium, message: Uint8Array, length: number): Uint8Array {
  const output = new Uint8Array(length);
  sodium.crypto_generichash(output, message);
  return output;
}

export function blake2bWasm(sodium: WasmSodium, message: Uint8Array, length: number): Uint8Array {
  return sodium.crypto_generichash(length, message, null);
}

export function blake2bNoble(message: Uint8Array, length: number): Uint8Array {
  return nobleBlake2b(message, { dkLen: length });
}
