import { defineConfig } from "tsup";

/** What users import (package.json: exports). */
const publicEntries = {
  index: "src/index.ts",
  client: "src/client.ts",
  server: "src/server.ts",
  facilitator: "src/facilitator.ts",
  faremeter: "src/faremeter.ts",
  rpc: "src/rpc.ts",
  testing: "src/testing.ts",
};

/** What package.json's `imports` chooses between: Node's parts and their stand-ins for browsers. */
const platformEntries = {
  "sodium-native.node": "src/nano/sodium-native.node.ts",
  "sodium-native.browser": "src/nano/sodium-native.browser.ts",
  "transport.node": "src/ledger/rpc/transport.node.ts",
  "transport.browser": "src/ledger/rpc/transport.browser.ts",
  "socket.node": "src/ledger/confirmations/socket.node.ts",
  "socket.browser": "src/ledger/confirmations/socket.browser.ts",
  "fetch-traffic.node": "src/adapters/faremeter/fetch-traffic.node.ts",
  "fetch-traffic.browser": "src/adapters/faremeter/fetch-traffic.browser.ts",
  "journal-file.node": "src/purse/journal-file.node.ts",
  "journal-file.browser": "src/purse/journal-file.browser.ts",
  "work-threads.node": "src/ledger/work/work-threads.node.ts",
  "work-threads.browser": "src/ledger/work/work-threads.browser.ts",
};

/** One build of everything, with shared chunks: a class is the same whichever subpath it comes from. */
export default defineConfig({
  entry: { ...publicEntries, ...platformEntries, bin: "src/bin.ts" },
  dts: { entry: publicEntries },
  format: "esm",
  target: "es2022",
  platform: "node",
  splitting: true,
  clean: true,
  // Left for the user's Node or bundler to resolve, under its own conditions. Of the packages that are needed tsup leaves
  // out dependencies and peers by itself, but not optional ones.
  external: [/^#/, "libsql", /^hono(?:\/|$)/],
  removeNodeProtocol: false,
});
