import { NanoError } from "../errors/index.js";

/** What is used of `sodium-native`: outputs come first; its functions throw on bad points. */
export interface NativeSodium {
  crypto_generichash(output: Uint8Array, message: Uint8Array): void;
  crypto_core_ed25519_scalar_reduce(output: Uint8Array, scalar: Uint8Array): void;
  crypto_core_ed25519_sub(output: Uint8Array, left: Uint8Array, right: Uint8Array): void;
  crypto_scalarmult_ed25519_base_noclamp(output: Uint8Array, scalar: Uint8Array): void;
  crypto_scalarmult_ed25519_noclamp(output: Uint8Array, scalar: Uint8Array, point: Uint8Array): void;
}

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

/**
 * Resolves when signing works. Loaded on first use: a static import would put a top-level await into every entry.
 * A failure (a browser that lost its connection) is not remembered: the next call tries again.
 */
export function cryptoReady(): Promise<void> {
  loading ??= load().catch((cause: unknown) => {
    loading = undefined;
    throw new NanoError("missing_dependency", { package: "libsodium-wrappers-sumo" }, cause);
  });
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
