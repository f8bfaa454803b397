/** From the test runner's JSON reports to the lines that a person reads. */
import { z } from "zod";

/** What is used of a report. https://vitest.dev/guide/reporters.html#json-reporter */
export const runSchema = z.object({
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      message: z.string().default(""),
      assertionResults: z.array(
        z.object({
          fullName: z.string(),
          status: z.string(),
          failureMessages: z.array(z.string()).nullish(),
        }),
      ),
    }),
  ),
});
export type Run = z.infer<typeof runSchema>;

export interface Verdict {
  readonly state: "passed" | "failed" | "skipped";
  /** Counts, or why there are none. */
  readonly detail: string;
  /** What failed, a line each. */
  readonly failures: readonly string[];
}

/**
 * What the runs of a group came to. A group passes where no test failed and one at least passed; one in which some tests
 * were skipped says how many.
 * @param missing patterns that name no file
 */
export function verdictOf(runs: readonly Run[], missing: readonly string[]): Verdict {
  const files = runs.flatMap(({ testResults }) => testResults);
  const tests = files.flatMap(({ assertionResults }) => assertionResults);
  const count = (...states: string[]) => tests.filter(({ status }) => states.includes(status)).length;
  const passed = count("passed");
  const skipped = tests.length - passed - count("failed");
  const failures = [
    // A file that breaks before its first test has none to blame.
    ...files
      .filter(({ status, assertionResults }) => status === "failed" && !assertionResults.some(isFailed))
      .map(({ name, message }) => `${name}: ${firstLine(message) || "it broke before its first test; see above"}`),
    ...tests.filter(isFailed).map(({ fullName, failureMessages }) => `${fullName}: ${firstLine(failureMessages?.[0])}`),
  ];
  const notes = [
    ...(skipped > 0 && failures.length === 0
      ? [`${skipped} skipped, for want of a part (npm run e2e -- --parts)`]
      : []),
    ...missing.map((pattern) => `there is no ${pattern} yet`),
  ];
  const detail = [`${passed} tests`, ...(failures.length > 0 ? [`${failures.length} failed`] : []), ...notes].join(
    "; ",
  );
  if (failures.length > 0) return { state: "failed", detail, failures };
  return { state: passed === 0 ? "skipped" : "passed", detail, failures };
}

/** A group's line: state, name, seconds, and what there is to say. */
export function lineOf(name: string, { state, detail }: Verdict, seconds: number): string {
  return `${state.padEnd(7)}  ${name.padEnd(10)}  ${seconds.toFixed(1).padStart(6)} s  ${detail}`;
}

function isFailed({ status }: { readonly status: string }): boolean {
  return status === "failed";
}

function firstLine(text = ""): string {
  return text.split("\n")[0] ?? "";
}
