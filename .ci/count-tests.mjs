// Adds up vitest's JSON reports in a folder and prints "N passed, N failed". A report that should be there and is not
// counts as a failure, as does a test file that never came to its tests, and a skipped test: none may be (CONTRIBUTING).
import { existsSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";

const RUNS = ["test", "long", "guards", "package"];
const directory = process.argv[2];

const totals = RUNS.map((run) => countRun(run));
const passed = totals.reduce((sum, total) => sum + total.passed, 0);
const failed = totals.reduce((sum, total) => sum + total.failed, 0);
for (const { run, file, name, message } of totals.flatMap((total) => total.failures)) {
  console.log(`failed in ${run}: ${file} > ${name}\n${message}`);
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || totals.some((total) => total.passed === 0) ? 1 : 0;

function countRun(run) {
  const path = join(directory, `${run}.json`);
  if (!existsSync(path)) return { passed: 0, failed: 1, failures: [] };
  const report = JSON.parse(readFileSync(path, "utf8"));
  const brokenFiles = report.testResults.filter(
    (file) => file.status === "failed" && !file.assertionResults.some((test) => test.status === "failed"),
  );
  const skipped = report.numPendingTests + report.numTodoTests;
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + brokenFiles.length + skipped,
    failures: failuresOf(run, report.testResults),
  };
}

/** Named once more below everything else: of a long log only the end may be kept. */
function failuresOf(run, files) {
  return files.flatMap(({ name: path, status, message, assertionResults }) => {
    const file = relative(process.cwd(), path);
    const tests = assertionResults.filter((test) => test.status !== "passed");
    if (tests.length === 0)
      return status === "failed" ? [{ run, file, name: "(the file)", message: brief(message) }] : [];
    return tests.map((test) => ({
      run,
      file,
      name: test.fullName,
      message: brief(test.failureMessages?.join("\n") || test.status),
    }));
  });
}

function brief(message) {
  return (message ?? "").split("\n").slice(0, 12).join("\n").slice(0, 2000);
}
