import { defineConfig } from "vitest/config";

/** Where to write a JSON report beside what is printed; CI reads the totals from it. */
const report = process.env.STOCKFEED_TEST_REPORT;

export default defineConfig({
  test: {
    // What needs a control plane or other heavy parts is the e2e run's.
    exclude: ["**/*.e2e.test.ts", "**/node_modules/**"],
    include: ["{src,cdk8s,test,bench,scripts}/**/*.test.{ts,tsx}"],
    reporters: report === undefined ? ["default"] : ["default", ["json", { outputFile: report }]],
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
