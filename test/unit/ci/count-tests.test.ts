import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, it } from "vitest";

/** The closing line of `.ci/run` must be true, so the script that makes it is tested on reports like vitest's. */
const SCRIPT = fileURLToPath(new URL("../../../.ci/count-tests.mjs", import.meta.url));

interface FileResult {
  readonly status: "passed" | "failed";
  readonly assertionResults: readonly { readonly status: "passed" | "failed" }[];
}

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "x402-nano-count-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function report(
  run: string,
  counts: { passed: number; failed?: number; skipped?: number; todo?: number },
  testResults: readonly FileResult[] = [],
): void {
  const { passed, failed = 0, skipped = 0, todo = 0 } = counts;
  const numbers = { numPassedTests: passed, numFailedTests: failed, numPendingTests: skipped, numTodoTests: todo };
  writeFileSync(join(folder, `${run}.json`), JSON.stringify({ ...numbers, testResults }));
}

function count(): { line: string; code: number | null } {
  const { stdout, status } = spawnSync(process.execPath, [SCRIPT, folder], { encoding: "utf8" });
  return { line: stdout, code: status };
}

it("adds up the four runs", () => {
  report("test", { passed: 10 });
  report("long", { passed: 20 });
  report("guards", { passed: 1 });
  report("package", { passed: 2 });
  expect(count()).toEqual({ line: "33 passed, 0 failed\n", code: 0 });
});

it("fails for a failed test", () => {
  report("test", { passed: 10, failed: 2 }, [
    { status: "failed", assertionResults: [{ status: "failed" }, { status: "failed" }] },
  ]);
  report("long", { passed: 20 });
  report("guards", { passed: 1 });
  report("package", { passed: 2 });
  expect(count()).toEqual({ line: "33 passed, 2 failed\n", code: 1 });
});

it("counts a file that never came to its tests, and skipped tests, as failed", () => {
  report("test", { passed: 10 }, [{ status: "failed", assertionResults: [] }]);
  report("long", { passed: 20, skipped: 1, todo: 1 });
  report("guards", { passed: 1 });
  report("package", { passed: 2 });
  expect(count()).toEqual({ line: "33 passed, 3 failed\n", code: 1 });
});

it("counts a run without a report as failed", () => {
  report("test", { passed: 10 });
  report("guards", { passed: 1 });
  report("package", { passed: 2 });
  expect(count()).toEqual({ line: "13 passed, 1 failed\n", code: 1 });
});

it("does not take a run without tests for a success", () => {
  report("test", { passed: 10 });
  report("long", { passed: 20 });
  report("guards", { passed: 1 });
  report("package", { passed: 0 });
  expect(count()).toEqual({ line: "31 passed, 0 failed\n", code: 1 });
});
