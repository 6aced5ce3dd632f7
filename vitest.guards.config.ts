import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { commonOptions } from "./vitest.config.js";

/** Takes the guards of the attack suite out of the source, one by one; see test/guards. */
export default defineConfig({
  test: {
    ...commonOptions("guards"),
    include: ["test/guards/guards.test.ts"],
    maxConcurrency: availableParallelism(),
    testTimeout: 120_000,
  },
});
