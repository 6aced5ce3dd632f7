import { defineConfig } from "vitest/config";
import { commonOptions, projectsOf, sourceAliases } from "./vitest.config.js";

/**
 * Everything again on the WASM build of libsodium, which is what runs in browsers and wherever the native one does not
 * load, the tests named `*.long.test.ts`, which `npm test` has no time for, and the long forms of others (X402_NANO_LONG).
 */
export default defineConfig({
  resolve: { alias: sourceAliases },
  test: {
    ...commonOptions("long"),
    projects: projectsOf([]),
    env: { X402_NANO_CRYPTO: "wasm", X402_NANO_LONG: "1" },
    testTimeout: 300_000,
  },
});
