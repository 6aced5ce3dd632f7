import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { commonOptions, sourceAliases } from "../../vitest.config.js";
import { guards } from "./index.js";
import { withoutGuard } from "./switch-off.js";

const guard = guards.find(({ name }) => name === process.env["X402_NANO_WITHOUT_GUARD"]);
if (guard === undefined) throw new TypeError("X402_NANO_WITHOUT_GUARD names no guard");

/** One attack on sources without one guard. The first test that goes red is enough. */
export default defineConfig({
  root: fileURLToPath(new URL("../../", import.meta.url)),
  resolve: { alias: sourceAliases },
  plugins: [withoutGuard(guard)],
  test: {
    ...commonOptions("guard"),
    reporters: ["json"],
    include: [guard.attack],
    bail: 1,
    maxWorkers: 1,
  },
});
