/**
 * Prints the totals of test runs as one line.
 * Usage: node scripts/test-totals.ts REPORT…, JSON reports of the test runner
 */
import { readFileSync } from "node:fs";
import { z } from "zod";

const schema = z.object({
  numPassedTests: z.int(),
  numFailedTests: z.int(),
  numPendingTests: z.int(),
  numTodoTests: z.int(),
});

const totals = { passed: 0, failed: 0, skipped: 0 };
for (const path of process.argv.slice(2)) {
  const report = schema.parse(JSON.parse(readFileSync(path, "utf8")));
  totals.passed += report.numPassedTests;
  totals.failed += report.numFailedTests;
  totals.skipped += report.numPendingTests + report.numTodoTests;
}
console.log(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);
