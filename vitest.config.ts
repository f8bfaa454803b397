import { defineConfig } from "vitest/config";

/** Where to write a JSON report beside what is printed; CI reads the totals from it. */
const report = process.env.STOCKFEED_TEST_REPORT;

export default defineConfig({
  test: {
    // What needs a control plane or other heavy parts is the e2e run's.
    exclude: ["**/*.e2e.test.ts", "**/node_modules/**"],
    include: ["{src,cdk8s,test,bench,scripts}/**/*.test.{ts,tsx}"],
    reporters: report === undefined ? ["default"] : ["default", ["json", { outputFile: report }]],
    // On a busy machine one test of thousands may miss its moment. CI tries it once more and names it at the end.
    retry: process.env.CI === undefined ? 0 : 1,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
