/**
 * Prints the totals of a test run as one line.
 * Usage: node scripts/test-totals.ts REPORT, a JSON report of the test runner
 */
import { readFileSync } from "node:fs";
import { z } from "zod";

const [path = ""] = process.argv.slice(2);
const report = z
  .object({ numPassedTests: z.int(), numFailedTests: z.int(), numPendingTests: z.int(), numTodoTests: z.int() })
  .parse(JSON.parse(readFileSync(path, "utf8")));
const skipped = report.numPendingTests + report.numTodoTests;
console.log(`${report.numPassedTests} passed, ${report.numFailedTests} failed, ${skipped} skipped`);
