import { defineConfig } from "vitest/config";

/**
 * What runs on a control plane and other heavy parts, each file on servers of its own: one after another, but for those
 * that mostly wait, for a minute of a CronJob to begin or an engine to drain, and measure no time. Of these two run at once.
 */
const MOSTLY_WAIT = [
  "charts",
  "dashboards",
  "dataflow",
  "engine-switch",
  "ten-stocks",
  "alerts/alerts",
  "faults/secrets-never-show",
].map((name) => `test/${name}.e2e.test.ts`);

const report = process.env.STOCKFEED_TEST_REPORT;

export default defineConfig({
  test: {
    reporters: report === undefined ? ["default"] : ["default", ["json", { outputFile: report }]],
    projects: [
      {
        extends: true,
        test: {
          name: "alone",
          include: ["{src,cdk8s,test}/**/*.e2e.test.ts"],
          exclude: MOSTLY_WAIT,
          maxWorkers: 1,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: { name: "beside another", include: MOSTLY_WAIT, maxWorkers: 2, sequence: { groupOrder: 1 } },
      },
    ],
    // Tests that say they may run together mostly wait.
    maxConcurrency: 20,
    // On a busy machine one test of thousands may miss its moment. CI tries it once more and names it at the end.
    retry: process.env.CI === undefined ? 0 : 1,
    testTimeout: 120_000,
    hookTimeout: 180_000,
  },
});
