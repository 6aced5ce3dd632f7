import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import type { Guard } from "./guard.js";
import { guards } from "./index.js";
import { misfits } from "./switch-off.js";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/**
 * Each guard is taken out of the source, one after the other, and the attack that it stops must succeed: its test file
 * must go red, by an assertion and not because it no longer loads. Run by `npm run test:guards`.
 */
describe("without its guard an attack succeeds", () => {
  test.concurrent.each(guards.map((guard) => [guard.name, guard] as const))("%s", async (_, guard) => {
    expect(misfits(guard)).toEqual([]);
    const { failed, unloadable } = await runWithout(guard);
    expect(unloadable, "test files that did not load").toBe(0);
    expect(failed, "tests that went red").toBeGreaterThan(0);
  });
});

test("every attack has a guard", () => {
  const attacks = readdirSync(`${ROOT}test/attacks`).filter((name) => name.endsWith(".test.ts"));
  const guarded = new Set(guards.map(({ attack }) => attack));
  expect(attacks.filter((name) => !guarded.has(`test/attacks/${name}`))).toEqual([]);
});

test("names are unique, they choose the guard", () => {
  expect(new Set(guards.map(({ name }) => name)).size).toBe(guards.length);
});

const reportSchema = z.object({
  numFailedTests: z.number(),
  testResults: z.array(z.object({ status: z.string(), assertionResults: z.array(z.unknown()) })),
});

async function runWithout(guard: Guard): Promise<{ failed: number; unloadable: number }> {
  const directory = await mkdtemp(join(tmpdir(), "x402-nano-guard-"));
  try {
    const outputFile = join(directory, "report.json");
    const vitest = ["node_modules/vitest/vitest.mjs", "run", "--config", "test/guards/vitest.without-guard.config.ts"];
    const child = spawn(process.execPath, [...vitest, "--outputFile", outputFile, guard.attack], {
      cwd: ROOT,
      // One store is enough to show it; the attack itself runs on all of them.
      env: { PATH: process.env["PATH"], X402_NANO_WITHOUT_GUARD: guard.name, X402_NANO_STORES: "memory" },
      stdio: "ignore",
    });
    await once(child, "close");
    const report = reportSchema.parse(JSON.parse(await readFile(outputFile, "utf8")));
    const unloadable = report.testResults.filter(({ assertionResults }) => assertionResults.length === 0).length;
    return { failed: report.numFailedTests, unloadable };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
