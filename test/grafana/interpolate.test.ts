import { describe, expect, it } from "vitest";
import { googleSql, promql } from "./interpolate.ts";

const SHOWN = {
  from: Date.parse("2024-01-01T00:00:00Z"),
  to: Date.parse("2024-01-02T00:00:00Z"),
  intervalMs: 300_000,
  scrapeMs: 30_000,
};

describe("a query as Grafana sends it", () => {
  it("has a variable's value, all of them, or several as a regular expression", () => {
    const expr = 'up{job=~"$job",feed=~"$namespace/.+",feed=~"${feed}"}';
    const values = { job: ".*", namespace: ["a.b", "c"], feed: ["c/d"] };
    expect(promql(expr, values, SHOWN)).toBe(String.raw`up{job=~".*",feed=~"(a\\.b|c)/.+",feed=~"(c/d)"}`);
  });

  it("has the lengths of time that Grafana reckons", () => {
    expect(promql("[$__range] [$__interval] [$__rate_interval]", {}, SHOWN)).toBe("[86400s] [300s] [330s]");
    expect(promql("[$__rate_interval]", {}, { ...SHOWN, intervalMs: 15_000 })).toBe("[120s]");
  });

  it("has the data source's macros as its documentation shows them", () => {
    const sql = "SELECT $__timeGroup(t, $__interval) FROM `${project}.x` WHERE $__timeFilter(t) AND feed = '$feed'";
    expect(googleSql(sql, { project: "acme", feed: "a/b" }, SHOWN)).toBe(
      "SELECT TIMESTAMP_MILLIS(DIV(UNIX_MILLIS(t), 300000) * 300000) FROM `acme.x` WHERE " +
        "t BETWEEN TIMESTAMP('2024-01-01 00:00:00') AND TIMESTAMP('2024-01-02 00:00:00') AND feed = 'a/b'",
    );
  });

  it("is refused where a variable has no value or a macro is not known", () => {
    expect(() => promql("$nobody", {}, SHOWN)).toThrow("$nobody");
    expect(() => googleSql("$__timeShifting(1d)", {}, SHOWN)).toThrow("timeShifting");
  });
});
