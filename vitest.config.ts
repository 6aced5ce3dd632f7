import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { defineConfig, type ViteUserConfig } from "vitest/config";

type TestOptions = NonNullable<ViteUserConfig["test"]>;

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** `#…` and `x402-nano/…` resolve to the sources here and to `dist` for users (package.json: imports, exports). */
export const sourceAliases = [
  { find: "#sodium-native", replacement: at("./src/nano/sodium-native.node.ts") },
  { find: "#socket", replacement: at("./src/ledger/confirmations/socket.node.ts") },
  { find: "#work-threads", replacement: at("./src/ledger/work/work-threads.node.ts") },
  { find: "#transport", replacement: at("./src/ledger/rpc/transport.node.ts") },
  { find: /^x402-nano$/, replacement: at("./src/index.ts") },
  { find: /^x402-nano\/(.*)$/, replacement: at("./src/$1.ts") },
];

/** `.ci/run` sets REPORT_DIR and adds up what the reports say. */
function reportersOf(run: string): NonNullable<TestOptions["reporters"]> {
  const directory = process.env["REPORT_DIR"];
  return directory === undefined ? ["default"] : ["default", ["json", { outputFile: `${directory}/${run}.json` }]];
}

/** What every run has in common. In payment code a race is the bug, so nothing is ever retried. */
export const commonOptions = (run: string): TestOptions => ({
  reporters: reportersOf(run),
  exclude: ["**/node_modules/**", "test/interop/legacy/**"],
  retry: 0,
  // Hosts warn on the console of every hostile header; shown where a test fails.
  silent: "passed-only",
  globalSetup: at("./test/support/one-redis.ts"),
  // Vitest would leave one processor to itself, and wait for a single file at a time on two.
  maxWorkers: availableParallelism(),
  testTimeout: 30_000,
  hookTimeout: 30_000,
});

const common = commonOptions("test");

export default defineConfig({
  resolve: { alias: sourceAliases },
  test: {
    ...common,
    include: ["test/**/*.test.ts"],
    exclude: [...(common.exclude ?? []), "test/package/**", "test/guards/**", "**/*.long.test.ts"],
  },
});
