import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, it } from "vitest";

/** The closing line of `.ci/run` must be true, so the script that makes it is tested on reports like vitest's. */
const SCRIPT = fileURLToPath(new URL("../../../.ci/count-tests.mjs", import.meta.url));

interface FileResult {
  readonly name: string;
  readonly status: "passed" | "failed";
  readonly message?: string;
  readonly assertionResults: readonly TestResult[];
}
interface TestResult {
  readonly fullName: string;
  readonly status: "passed" | "failed";
  readonly failureMessages: readonly string[];
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

function count(): { line: string; before: string; code: number | null } {
  const { stdout, status } = spawnSync(process.execPath, [SCRIPT, folder], { encoding: "utf8", cwd: "/" });
  const lines = stdout.split("\n").slice(0, -1);
  return { line: `${lines.at(-1) ?? ""}\n`, before: lines.slice(0, -1).join("\n"), code: status };
}

const failure = (fullName: string, ...failureMessages: string[]): TestResult => ({
  fullName,
  status: "failed",
  failureMessages,
});

it("adds up the four runs", () => {
  report("test", { passed: 10 });
  report("long", { passed: 20 });
  report("guards", { passed: 1 });
  report("package", { passed: 2 });
  expect(count()).toEqual({ line: "33 passed, 0 failed\n", before: "", code: 0 });
});

it("fails for a failed test", () => {
  report("test", { passed: 10, failed: 2 }, [
    {
      name: "/test/a.test.ts",
      status: "failed",
      assertionResults: [failure("one"), failure("two", "Error: no\n  at x")],
    },
  ]);
  report("long", { passed: 20 });
  report("guards", { passed: 1 });
  report("package", { passed: 2 });
  const before =
    "failed in test: test/a.test.ts > one\nfailed\nfailed in test: test/a.test.ts > two\nError: no\n  at x";
  expect(count()).toEqual({ line: "33 passed, 2 failed\n", before, code: 1 });
});

it("counts a file that never came to its tests, and skipped tests, as failed", () => {
  report("test", { passed: 10 }, [
    { name: "/test/b.test.ts", status: "failed", message: "SyntaxError", assertionResults: [] },
  ]);
  report("long", { passed: 20, skipped: 1, todo: 1 });
  report("guards", { passed: 1 });
  report("package", { passed: 2 });
  expect(count()).toEqual({
    line: "33 passed, 3 failed\n",
    before: "failed in test: test/b.test.ts > (the file)\nSyntaxError",
    code: 1,
  });
});

it("counts a run without a report as failed", () => {
  report("test", { passed: 10 });
  report("guards", { passed: 1 });
  report("package", { passed: 2 });
  expect(count()).toEqual({ line: "13 passed, 1 failed\n", before: "", code: 1 });
});

it("does not take a run without tests for a success", () => {
  report("test", { passed: 10 });
  report("long", { passed: 20 });
  report("guards", { passed: 1 });
  report("package", { passed: 0 });
  expect(count()).toEqual({ line: "31 passed, 0 failed\n", before: "", code: 1 });
});
