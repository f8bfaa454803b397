import { describe, expect, it } from "vitest";
import { feedWith, symbols } from "../../test/feed.ts";
import { monthlyCosts } from "./costs.ts";
import { type Price, priceDates, PRICES } from "./prices.ts";

const costsOf = (spec: object) => {
  const costs = monthlyCosts(feedWith({ spec }).spec);
  return Object.fromEntries(costs.map((each) => [each.engine, each])) as Record<
    "Embedded" | "Dataflow",
    (typeof costs)[0]
  >;
};
const lineOf = ({ lines }: { readonly lines: readonly { what: string; usd: number }[] }, what: string) =>
  lines.find((line) => line.what.startsWith(what))!.usd;

describe("costs a month", () => {
  it("are those of a worker a resolution, day and night, before the first quote", () => {
    const { Dataflow } = costsOf({ symbols: ["AAPL"] });
    // Two processors and 7.5 GB at the price list's figures, 730 hours, thrice; the disk is the rest.
    const byHand = 3 * 730 * (2 * 0.069 + 7.5 * 0.003557);
    expect(lineOf(Dataflow, "3 jobs of 1 worker") - byHand).toBeCloseTo(3 * 730 * 30 * 0.000054, 9);
    expect(byHand).toBeGreaterThan(300);
  });

  it("are those of more workers where the measured figures say so", () => {
    const { Dataflow } = costsOf({ symbols: symbols(5000), polling: { interval: "1s" } });
    const one = lineOf(costsOf({ symbols: ["AAPL"] }).Dataflow, "3 jobs of 1 worker") / 3;
    const workers = lineOf(Dataflow, "3 jobs of 6 workers together") / one;
    expect(workers).toBeCloseTo(6, 9);
  });

  it("are the sum of their lines, the cheaper engine first", () => {
    for (const { lines, usd } of monthlyCosts(feedWith({ spec: { symbols: symbols(5000) } }).spec)) {
      expect(usd).toBeCloseTo(
        lines.reduce((sum, line) => sum + line.usd, 0),
        9,
      );
    }
    expect(monthlyCosts(feedWith({ spec: {} }).spec).map(({ engine }) => engine)).toEqual(["Embedded", "Dataflow"]);
  });

  it("count a slot's quotes as one request, and as no less than Pub/Sub takes one for", () => {
    const slots = 8640 * (365 / 12);
    const one = lineOf(costsOf({ symbols: ["AAPL"] }).Embedded, "Pub/Sub");
    expect(one).toBeCloseTo((2 * slots * 1000 * 40) / 2 ** 40, 9);
    const hundred = lineOf(costsOf({ symbols: symbols(100) }).Embedded, "Pub/Sub");
    expect(hundred).toBeCloseTo((2 * slots * 100 * 300 * 40) / 2 ** 40, 9);
  });

  it("count the rows of BigQuery under Embedded by the kilobyte", () => {
    // 259,200 rows a day over three resolutions of ten symbols.
    const rows = 259_200 * (365 / 12);
    expect(lineOf(costsOf({ symbols: symbols(10) }).Embedded, "BigQuery")).toBeCloseTo(
      (rows * 1024 * 0.01) / 209_715_200,
      9,
    );
  });

  it("count the rows that a month adds to what is stored, alike under both", () => {
    const { Embedded, Dataflow } = costsOf({ symbols: symbols(10) });
    const line = "BigQuery storage";
    // Of 259,200 rows a day: six decimals at 16 bytes, five times and two counts at 8, three texts at 2 and a dozen letters.
    const bytes = 259_200 * (365 / 12) * (6 * 16 + 7 * 8 + 3 * 14);
    expect(lineOf(Embedded, line)).toBeCloseTo((bytes * 0.02) / 1e9, 9);
    expect(lineOf(Dataflow, line)).toBe(lineOf(Embedded, line));
  });

  it("are less in the exchange's hours alone, but for what runs day and night", () => {
    const always = costsOf({ symbols: symbols(100) });
    const nyse = costsOf({
      symbols: symbols(100),
      polling: { session: "NYSE" },
      provider: { type: "Alpaca", credentialsSecretRef: { name: "a" } },
    });
    expect(nyse.Embedded.usd).toBeLessThan(always.Embedded.usd);
    expect(lineOf(nyse.Dataflow, "3 jobs")).toBe(lineOf(always.Dataflow, "3 jobs"));
  });
});

describe("prices", () => {
  it("name Google's page, and the month where what was read had one", () => {
    for (const { usd, page, per, month, read } of Object.values<Price>(PRICES)) {
      expect(usd).toBeGreaterThan(0);
      expect(page).toMatch(/^https:\/\/cloud\.google\.com\/[a-z-]+\/pricing$/);
      expect(per.length).toBeGreaterThan(5);
      if (read === "there") expect(month).toMatch(/^\d{4}-\d{2}$/);
    }
  });

  it("are dated by their own months together", () => {
    const price = { usd: 1, per: "hour", page: "https://cloud.google.com/x/pricing", read: "quoted" } as const;
    const of = (month: string) => ({ ...price, month });
    expect(priceDates({ a: of("2026-09"), b: of("2025-08"), c: of("2026-09") })).toBe("2025-08, 2026-09");
    expect(priceDates({ a: of("2026-09"), b: price })).toBe("2026-09, no date");
  });
});
