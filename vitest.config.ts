import { defineConfig } from "vitest/config";

/** Where to write a JSON report beside what is printed; CI reads the totals from it. */
const report = process.env.STOCKFEED_TEST_REPORT;

export default defineConfig({
  test: {
    include: ["{src,test,bench,scripts}/**/*.test.{ts,tsx}"],
    reporters: report === undefined ? ["default"] : ["default", ["json", { outputFile: report }]],
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
