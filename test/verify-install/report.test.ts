import { describe, expect, it } from "vitest";
import { lineOf, type Run, verdictOf } from "./report.ts";

const run = (...states: string[]): Run => ({
  testResults: [
    {
      name: "a.test.ts",
      status: states.includes("failed") ? "failed" : "passed",
      message: "",
      assertionResults: states.map((status, i) => ({
        fullName: `test ${i}`,
        status,
        failureMessages: status === "failed" ? ["expected 1 to be 2\n    at a.test.ts:3"] : [],
      })),
    },
  ],
});

describe("a group's verdict", () => {
  it("passes where every test of every run does", () => {
    const verdict = verdictOf([run("passed", "passed"), run("passed")], []);
    expect(verdict).toEqual({ state: "passed", detail: "3 tests", failures: [] });
    expect(lineOf("helm", verdict, 12.345)).toBe("passed   helm          12.3 s  3 tests");
  });

  it("fails at one test that does, and names it", () => {
    expect(verdictOf([run("passed"), run("failed")], [])).toEqual({
      state: "failed",
      detail: "1 tests; 1 failed",
      failures: ["test 0: expected 1 to be 2"],
    });
  });

  it("fails where a file breaks before its first test", () => {
    const broken = {
      testResults: [{ name: "b.test.ts", status: "failed", message: "No such module\n at", assertionResults: [] }],
    };
    expect(verdictOf([run("passed"), broken], [])).toMatchObject({
      state: "failed",
      failures: ["b.test.ts: No such module"],
    });
    const [file] = broken.testResults;
    const silent = {
      testResults: [{ ...file!, message: "", assertionResults: run("skipped").testResults[0]!.assertionResults }],
    };
    expect(verdictOf([silent], [])).toEqual({
      state: "failed",
      detail: "0 tests; 1 failed",
      failures: ["b.test.ts: it broke before its first test; see above"],
    });
  });

  it("is skipped, and says why, where nothing ran", () => {
    expect(verdictOf([run("skipped", "pending")], [])).toMatchObject({
      state: "skipped",
      detail: "0 tests; 2 skipped, for want of a part (npm run e2e -- --parts)",
    });
    expect(verdictOf([], ["test/terraform*.test.ts"])).toMatchObject({
      state: "skipped",
      detail: "0 tests; there is no test/terraform*.test.ts yet",
    });
  });

  it("tells of files that a group lacks beside those that pass", () => {
    expect(verdictOf([run("passed")], ["x*.ts"])).toMatchObject({
      state: "passed",
      detail: "1 tests; there is no x*.ts yet",
    });
  });
});
