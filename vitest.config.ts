import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** `#…` and `x402-nano/…` resolve to the sources here and to `dist` for users (package.json: imports, exports). */
export const sourceAliases = [
  { find: "#sodium-native", replacement: at("./src/nano/sodium-native.node.ts") },
  { find: "#transport", replacement: at("./src/ledger/transport.node.ts") },
  { find: /^x402-nano$/, replacement: at("./src/index.ts") },
  { find: /^x402-nano\/(.*)$/, replacement: at("./src/$1.ts") },
];

export default defineConfig({
  resolve: { alias: sourceAliases },
  test: {
    include: ["test/**/*.test.ts"],
    exclude: ["test/package/**", "test/interop/legacy/**"],
    retry: 0,
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
});
