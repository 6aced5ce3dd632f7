import type { NativeSodium } from "./sodium.js";

/** There is no native build in a browser: signatures use WASM there. */
export const nativeSodium: NativeSodium | undefined = undefined;
