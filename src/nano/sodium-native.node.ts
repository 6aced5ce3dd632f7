import { createRequire } from "node:module";
import type { NativeSodium } from "./sodium.js";

const USED_FUNCTIONS = [
  "crypto_generichash",
  "crypto_core_ed25519_scalar_reduce",
  "crypto_core_ed25519_sub",
  "crypto_scalarmult_ed25519_base_noclamp",
  "crypto_scalarmult_ed25519_noclamp",
] as const satisfies readonly (keyof NativeSodium)[];

/** The native build where it is installed and loads on this platform; twice as fast as WASM at verifying. */
export const nativeSodium: NativeSodium | undefined = loadNativeSodium(process.env["X402_NANO_CRYPTO"]);

/** `preference` "wasm" leaves it unused, to compare the two builds or to rule one out. */
export function loadNativeSodium(preference: string | undefined): NativeSodium | undefined {
  if (preference === "wasm") return undefined;
  try {
    const library: unknown = createRequire(import.meta.url)("sodium-native");
    return isNativeSodium(library) ? library : undefined;
  } catch {
    return undefined;
  }
}

/** Older majors lack the point arithmetic. */
function isNativeSodium(library: unknown): library is NativeSodium {
  return typeof library === "object" && library !== null && USED_FUNCTIONS.every((name) => name in library);
}
