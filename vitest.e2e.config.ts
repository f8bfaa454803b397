import { defineConfig } from "vitest/config";

/** What runs on a control plane and other heavy parts: one file after another, since each starts servers of its own. */
const report = process.env.STOCKFEED_TEST_REPORT;

export default defineConfig({
  test: {
    include: ["{src,cdk8s,test}/**/*.e2e.test.ts"],
    reporters: report === undefined ? ["default"] : ["default", ["json", { outputFile: report }]],
    fileParallelism: false,
    // Tests that say they may run together mostly wait.
    maxConcurrency: 20,
    // On a busy machine one test of thousands may miss its moment. CI tries it once more and names it at the end.
    retry: process.env.CI === undefined ? 0 : 1,
    testTimeout: 120_000,
    hookTimeout: 180_000,
  },
});
