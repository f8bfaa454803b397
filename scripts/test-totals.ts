/**
 * Prints what test runs came to: each test that failed and each that passed only at a second try, then the totals as
 * one line. The names come last, where a log that is cut off at its head still has them.
 * Usage: node scripts/test-totals.ts REPORT…, JSON reports of the test runner
 */
import { readFileSync } from "node:fs";
import { z } from "zod";

/** What we read of a report: https://vitest.dev/guide/reporters#json-reporter. Messages of earlier tries are kept. */
const schema = z.object({
  numPassedTests: z.int(),
  numFailedTests: z.int(),
  numPendingTests: z.int(),
  numTodoTests: z.int(),
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      message: z.string().optional(),
      assertionResults: z.array(
        z.object({ fullName: z.string(), status: z.string(), failureMessages: z.array(z.string()).nullish() }),
      ),
    }),
  ),
});

const totals = { passed: 0, failed: 0, skipped: 0 };
for (const path of process.argv.slice(2)) {
  const report = schema.parse(JSON.parse(readFileSync(path, "utf8")));
  totals.passed += report.numPassedTests;
  totals.failed += report.numFailedTests;
  totals.skipped += report.numPendingTests + report.numTodoTests;
  for (const file of report.testResults) {
    for (const test of file.assertionResults) {
      const messages = test.failureMessages ?? [];
      if (test.status === "passed" && messages.length === 0) continue;
      if (test.status !== "passed" && test.status !== "failed") continue;
      const verdict = test.status === "passed" ? "passed at a second try" : "failed";
      console.log(`${verdict}: ${file.name}: ${test.fullName}`);
      for (const message of messages) console.log(message.split("\n").slice(0, 6).join("\n"));
    }
    // A file that could not be run at all has no tests that say so.
    if (file.status === "failed" && !file.assertionResults.some((test) => test.status === "failed"))
      console.log(`failed: ${file.name}: ${file.message ?? "no message"}`);
  }
}
console.log(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);
