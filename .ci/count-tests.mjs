// Adds up vitest's JSON reports in a folder and prints "N passed, N failed". A report that should be there and is not
// counts as a failure, as does a test file that never came to its tests, and a skipped test: none may be (CONTRIBUTING).
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

const RUNS = ["test", "long", "guards", "package"];
const directory = process.argv[2];

const totals = RUNS.map((run) => countRun(join(directory, `${run}.json`)));
const passed = totals.reduce((sum, total) => sum + total.passed, 0);
const failed = totals.reduce((sum, total) => sum + total.failed, 0);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || totals.some((total) => total.passed === 0) ? 1 : 0;

function countRun(path) {
  if (!existsSync(path)) return { passed: 0, failed: 1 };
  const report = JSON.parse(readFileSync(path, "utf8"));
  const brokenFiles = report.testResults.filter(
    (file) => file.status === "failed" && !file.assertionResults.some((test) => test.status === "failed"),
  );
  const skipped = report.numPendingTests + report.numTodoTests;
  return { passed: report.numPassedTests, failed: report.numFailedTests + brokenFiles.length + skipped };
}
