import { defineConfig } from "vitest/config";
import { commonOptions } from "./vitest.config.js";

/** The package as its users get it: packed, installed elsewhere, imported by name. No aliases to the sources here. */
export default defineConfig({
  test: {
    ...commonOptions("package"),
    include: ["test/package/**/*.test.ts"],
    globalSetup: "test/package/projects.ts",
    testTimeout: 120_000,
    hookTimeout: 300_000,
  },
});
