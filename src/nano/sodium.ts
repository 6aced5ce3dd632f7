import { NanoError } from "../errors/index.js";

/** What is used of `libsodium-wrappers-sumo`. Its functions throw on bad points. */
export interface WasmSodium {
  crypto_generichash(length: number, message: Uint8Array, key: null): Uint8Array;
  crypto_core_ed25519_scalar_reduce(scalar: Uint8Array): Uint8Array;
  crypto_core_ed25519_scalar_mul(left: Uint8Array, right: Uint8Array): Uint8Array;
  crypto_core_ed25519_scalar_add(left: Uint8Array, right: Uint8Array): Uint8Array;
  crypto_core_ed25519_sub(left: Uint8Array, right: Uint8Array): Uint8Array;
  crypto_scalarmult_ed25519_base_noclamp(scalar: Uint8Array): Uint8Array;
  crypto_scalarmult_ed25519_noclamp(scalar: Uint8Array, point: Uint8Array): Uint8Array;
}

let loaded: WasmSodium | undefined;
let loading: Promise<void> | undefined;

/** Resolves when signing works. Loaded on first use: a static import would put a top-level await into every entry. */
export function cryptoReady(): Promise<void> {
  loading ??= load();
  return loading;
}

export function wasmSodium(): WasmSodium | undefined {
  return loaded;
}

export function requireWasmSodium(): WasmSodium {
  if (loaded === undefined) throw new NanoError("crypto_not_ready");
  return loaded;
}

async function load(): Promise<void> {
  const { default: sodium } = await import("libsodium-wrappers-sumo");
  await sodium.ready;
  loaded = sodium;
}
