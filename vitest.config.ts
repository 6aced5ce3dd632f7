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
  { find: "#fetch-traffic", replacement: at("./src/adapters/faremeter/fetch-traffic.node.ts") },
  { find: "#journal-file", replacement: at("./src/purse/journal-file.node.ts") },
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
  retry: 0,
  setupFiles: at("./test/support/fixed-seed.ts"),
  // Hosts warn on the console of every hostile header; shown where a test fails.
  silent: "passed-only",
  // Vitest would leave one processor to itself, and wait for a single file at a time on two.
  maxWorkers: availableParallelism(),
  testTimeout: 30_000,
  hookTimeout: 30_000,
});

/**
 * Files that stand in for no global, no timer and no module, and count nothing from test to test: they share a worker's
 * modules, which saves loading the hosts and the libraries for each of them. The others have a process each.
 */
const TOGETHER = [
  "test/attacks/**/*.test.ts",
  "test/interop/**/*.test.ts",
  "test/property/**/*.test.ts",
  "test/scenarios/**/*.test.ts",
  "test/store/**/*.test.ts",
  "test/unit/{adapters,errors,nano,protocol,purse,store,tracks}/**/*.test.ts",
  "test/vectors/**/*.test.ts",
];
/** What stands in for a global or a module among them. */
const STAND_INS = ["test/unit/nano/work-kernel.test.ts", "test/unit/store/redis-missing.test.ts"];

/** `exclude`: what this run has no time for. */
export function projectsOf(exclude: readonly string[]): NonNullable<TestOptions["projects"]> {
  const left = ["**/node_modules/**", "test/interop/legacy/**", "test/package/**", "test/guards/**", ...exclude];
  return [
    {
      extends: true,
      test: {
        name: "together",
        include: TOGETHER,
        exclude: [...left, ...STAND_INS],
        isolate: false,
        globalSetup: at("./test/support/one-redis.ts"),
      },
    },
    { extends: true, test: { name: "apart", include: ["test/**/*.test.ts"], exclude: [...left, ...TOGETHER] } },
    { extends: true, test: { name: "stand-ins", include: STAND_INS } },
  ];
}

export default defineConfig({
  resolve: { alias: sourceAliases },
  test: { ...commonOptions("test"), projects: projectsOf(["**/*.long.test.ts"]) },
});
