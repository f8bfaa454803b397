import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type Engine, monthlyCosts } from "../src/plan/costs.ts";
import { POD_CORE, WORKER_CORE } from "../src/plan/throughput.ts";
import { feedWith, symbols } from "./feed.ts";

/** The page's words for a part of the costs, and those of the plan. */
const PARTS = {
  "the Pod": /^1 Pod$/,
  "the inserts": /^BigQuery inserts$/,
  "three workers": /^3 jobs of 1 worker$/,
  "Streaming Engine": /^Streaming Engine$/,
};

const page = readFileSync(join(import.meta.dirname, "../docs/dataflow.md"), "utf8");
const rows = [...page.matchAll(/^\| ([\d,]+) symbols every (\d+ s) +\|(.*)\|$/gm)].map(
  ([, count = "", interval = "", cells = ""]) => ({
    count: number(count),
    interval: interval.replace(" ", ""),
    cells: cells.split("|").map((cell) => cell.trim()),
  }),
);

describe("the page's table of costs", () => {
  it("is found", () => {
    expect(rows.map(({ count }) => count)).toEqual([10, 500, 5000]);
  });

  it.each(rows)("has what stockfeed plan makes of $count symbols every $interval", ({ count, interval, cells }) => {
    const costs = monthlyCosts(feedWith({ spec: { symbols: symbols(count), polling: { interval } } }).spec);
    const [embedded = "", ofEmbedded = "", dataflow = "", ofDataflow = ""] = cells;
    expectCosts("Embedded", embedded, ofEmbedded);
    expectCosts("Dataflow", dataflow, ofDataflow);

    function expectCosts(engine: Engine, total: string, parts: string): void {
      const { usd, lines } = costs.find((each) => each.engine === engine)!;
      expect(number(total)).toBe(Math.round(usd));
      for (const [, name = "", amount = ""] of parts.matchAll(/([A-Za-z ]+?) ([\d,]+)(?:, |$)/g)) {
        const line = lines.find(({ what }) => PARTS[name as keyof typeof PARTS].test(what))!;
        expect([name, number(amount)]).toEqual([name, Math.round(line.usd)]);
      }
    }
  });
});

it("reckons workers and Pods from the figures that the page has measured", () => {
  const perSecond = [...page.matchAll(/^\| (\d+) min +\| ([\d,]+) +\|$/gm)].map(([, minutes, figure = ""]) => ({
    windows: Number(minutes) * 6, // a quote every ten seconds
    perSecond: number(figure),
  }));
  expect(perSecond).toEqual(WORKER_CORE);
  const [, least = "", most = ""] = /^\| quotes for which that is one core +\| ([\d,]+) to ([\d,]+) /m.exec(page) ?? [];
  expect({ least: number(least), most: number(most) }).toEqual(POD_CORE);
});

function number(text: string): number {
  return Number(text.replaceAll(",", ""));
}
