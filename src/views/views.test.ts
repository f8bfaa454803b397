import { DuckDBInstance, type DuckDBConnection } from "@duckdb/node-api";
import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { append } from "../adapters/duckdb/append.ts";
import { instant, minutes, price, text } from "../adapters/duckdb/columns.ts";
import { prepareSchema, QUOTE_COLUMNS, WINDOW_COLUMNS } from "../adapters/duckdb/schema.ts";
import { originalGainSql, originalTopStocksSql } from "../../test/oracles/original-sql.ts";
import { arbitraryViewSample, type ExplodedRow } from "../../test/view-samples.ts";
import { wins, type Quote } from "../quotes/quote.ts";
import type { WindowRow } from "../windows/window-row.ts";

const END = Date.parse("2024-03-01T14:35:05Z");
const row: WindowRow = {
  feed: "default/ten",
  symbol: "AAPL",
  resolutionMinutes: 5,
  windowStart: END - 300_000,
  windowEnd: END,
  eventTime: END - 5_000,
  firstEventTime: END - 295_000,
  firstPrice: 100_000_000,
  lastPrice: 101_000_000,
  minPrice: 99_000_000,
  maxPrice: 102_000_000,
  meanPrice: "100.500000000",
  quoteCount: 30,
  expectedCount: 30,
  engine: "Embedded",
  writtenAt: END,
};

const EXPLODED_COLUMNS = [
  text<ExplodedRow>("symbol", (row) => row.symbol),
  price<ExplodedRow>("latest_price", (row) => row.latestPrice),
  instant<ExplodedRow>("window_end", (row) => row.windowEnd),
  instant<ExplodedRow>("event_time", (row) => row.eventTime),
  minutes<ExplodedRow>("resolution_minutes", (row) => row.resolutionMinutes),
];

let instance: DuckDBInstance;
let db: DuckDBConnection;

beforeAll(async () => {
  instance = await DuckDBInstance.create(":memory:");
  db = await instance.connect();
  await db.run("SET GLOBAL TimeZone = 'UTC'");
  await prepareSchema(db, ":memory:");
  const columns = EXPLODED_COLUMNS.map(({ name, type }) => `${name} ${type.toString()}`);
  await db.run(`CREATE TABLE exploded (${columns.join(", ")})`);
});
afterAll(() => {
  db.closeSync();
  instance.closeSync();
});
beforeEach(empty);

async function empty(): Promise<void> {
  for (const table of ["windows", "quotes", "exploded"]) await db.run(`DELETE FROM ${table}`);
}

async function write(...rows: WindowRow[]): Promise<void> {
  await append(db, "windows", WINDOW_COLUMNS, rows);
}

/** The answer as texts. */
async function select(sql: string): Promise<string[][]> {
  return (await db.runAndReadAll(sql)).getRows().map((row) => row.map(String));
}

describe("of rows with one key, the views count", () => {
  it("the one with most quotes, whatever was written last", async () => {
    await write(
      { ...row, quoteCount: 30, lastPrice: 110_000_000, writtenAt: END },
      { ...row, quoteCount: 12, lastPrice: 105_000_000, writtenAt: END + 60_000 },
    );
    expect(await select("SELECT gain_percent, quote_count FROM percentage_gain")).toEqual([["10.000000000", "30"]]);
    expect(await select("SELECT symbol, quote_count FROM top_stocks")).toEqual([["AAPL", "30"]]);
  });

  it("the one written last, of as many quotes", async () => {
    await write({ ...row, meanPrice: "1", writtenAt: END + 1 }, { ...row, meanPrice: "2", writtenAt: END });
    expect(await select("SELECT mean_price FROM top_stocks")).toEqual([["1.000000000"]]);
  });

  it("the same one for every order of arrival and any repeats", async () => {
    const rewrites = fc.array(fc.record({ quoteCount: fc.integer({ min: 1, max: 3 }), writtenAt: fc.nat(3) }), {
      minLength: 1,
    });
    await fc.assert(
      fc.asyncProperty(rewrites, async (versions) => {
        await empty();
        // The content of a row follows from its rank, so the winner is told by its price.
        const rank = (v: { quoteCount: number; writtenAt: number }) => v.quoteCount * 10 + v.writtenAt;
        await write(...versions.map((v) => ({ ...row, ...v, lastPrice: rank(v) })));
        const best = Math.max(...versions.map(rank));
        expect(await select("SELECT CAST(last_price * 1000000 AS INT64) FROM percentage_gain")).toEqual([[`${best}`]]);
      }),
      { numRuns: 50 },
    );
  });
});

describe("top_stocks", () => {
  const means = (...prices: string[]) => prices.map((meanPrice, i) => ({ ...row, symbol: `S${i}`, meanPrice }));

  it("gives a shared rank to equal means, so a tie can give four rows", async () => {
    await write(...means("9", "7", "7", "7", "5"));
    const ranks = await select("SELECT rank, symbol FROM top_stocks ORDER BY rank, symbol");
    expect(ranks).toEqual([
      ["1", "S0"],
      ["2", "S1"],
      ["2", "S2"],
      ["2", "S3"],
    ]);
  });

  it("skips the ranks that a tie took", async () => {
    await write(...means("9", "9", "8", "7"));
    expect((await select("SELECT rank FROM top_stocks ORDER BY rank")).flat()).toEqual(["1", "1", "3"]);
  });

  it("ranks each feed, resolution and window end by itself", async () => {
    const other = [{ feed: "default/other" }, { resolutionMinutes: 1 }, { windowEnd: END + 10_000 }];
    await write(row, ...other.map((key) => ({ ...row, ...key, meanPrice: "1" })));
    expect((await select("SELECT rank FROM top_stocks")).flat()).toEqual(["1", "1", "1", "1"]);
  });
});

describe("percentage_gain", () => {
  it("is exact, rounded half away from zero to nine places, for any two prices", async () => {
    const micros = fc.oneof(
      fc.integer({ min: 1, max: 9_999_999_999_999 }),
      fc.integer({ min: 1, max: 1_000_000 }),
      fc.constantFrom(1, 3, 9_999_999_999_999, 9_999_999_999_998),
    );
    // Steps of one millionth off 64 times anything, and of a cent off 1024, end on half a billionth.
    const tie = fc
      .tuple(fc.integer({ min: 1, max: 100 }), fc.integer({ min: -63, max: 999 }))
      .map(([k, step]) => [64_000_000 * k, 64_000_000 * k + step] as const);
    const cents = fc
      .integer({ min: -9, max: 9 })
      .map((cents) => [1024_000_000, 1024_000_000 + cents * 10_000] as const);
    const pairs = fc.array(fc.oneof(fc.tuple(micros, micros), tie, cents), { minLength: 500, maxLength: 2000 });
    await fc.assert(
      fc.asyncProperty(pairs, async (pairs) => {
        await empty();
        await write(...pairs.map(([firstPrice, lastPrice], i) => ({ ...row, symbol: `${i}`, firstPrice, lastPrice })));
        const found = await select("SELECT gain_percent FROM percentage_gain ORDER BY CAST(symbol AS INT64)");
        expect(found.flat()).toEqual(pairs.map(([first, last]) => gain(first, last)));
      }),
      { numRuns: 20 },
    );
  });
});

/** 100 * (last - first) / first in whole numbers of any size. */
function gain(first: number, last: number): string {
  const rise = (BigInt(last) - BigInt(first)) * 100_000_000_000n;
  const size = rise < 0n ? -rise : rise;
  const billionths = size / BigInt(first) + (2n * (size % BigInt(first)) >= BigInt(first) ? 1n : 0n);
  const digits = String(billionths).padStart(10, "0");
  return `${rise < 0n && billionths > 0n ? "-" : ""}${digits.slice(0, -9)}.${digits.slice(-9)}`;
}

describe("the proof of concept's SQL over its exploded rows", () => {
  // Multiples of 1/64 and their sums are exact as doubles, which is what DuckDB divides by: equal means stay equal.
  const sixtyFourths = fc.integer({ min: 64, max: 70 }).map((n) => n * 15_625);

  it("gives the same top stocks and gains", async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryViewSample(sixtyFourths), async ({ rows, exploded }) => {
        await empty();
        await write(...rows);
        await append(db, "exploded", EXPLODED_COLUMNS, exploded);
        await expectSame(
          "SELECT resolution_minutes, window_end, rank, symbol, mean_price FROM top_stocks",
          originalTopStocksSql("exploded"),
        );
        await expectSame(
          "SELECT symbol, resolution_minutes, window_end, gain_percent FROM percentage_gain",
          originalGainSql("exploded"),
        );
      }),
      { numRuns: 25 },
    );
  });
});

/** Both give the same rows, but for the last column, a number, which may differ in the tenth place. */
async function expectSame(view: string, original: string): Promise<void> {
  const [ours, theirs] = [await keyed(view), await keyed(original)];
  expect([...ours.keys()].sort()).toEqual([...theirs.keys()].sort());
  for (const [key, value] of ours) expect(Math.abs(value - theirs.get(key)!), key).toBeLessThanOrEqual(1e-9);
}

async function keyed(sql: string): Promise<Map<string, number>> {
  return new Map((await select(sql)).map((row) => [row.slice(0, -1).join(" "), Number(row.at(-1))]));
}

describe("a filter on a view", () => {
  it.each(["top_stocks", "percentage_gain"])("on the key of %s reaches the scan of the table", async (view) => {
    await write(row, { ...row, feed: "default/other", resolutionMinutes: 1, windowEnd: END + 10_000 });
    const time = "TIMESTAMP '2024-03-01 14:35:05+00'";
    const scan = await scanOf(
      `SELECT * FROM ${view} WHERE window_end = ${time} AND feed = 'default/ten' AND resolution_minutes = 5`,
    );
    expect(scan).toContain("feed='default/ten'");
    expect(scan).toContain("window_end='2024-03-01 14:35:05+00'");
    expect(scan).toContain("resolution_minutes=5.000000000");
  });

  it("on the symbol does not change who is ranked", async () => {
    await write({ ...row, symbol: "AAPL", meanPrice: "1" }, { ...row, symbol: "MSFT", meanPrice: "2" });
    expect(await select("SELECT rank FROM top_stocks WHERE symbol = 'AAPL'")).toEqual([["2"]]);
  });
});

/** What DuckDB's plan says from the table's scan on, without its drawing. */
async function scanOf(sql: string): Promise<string> {
  const [plan] = await select(`EXPLAIN ${sql}`);
  const lines = plan!
    .join("\n")
    .replaceAll(/[^\n -~]/g, "")
    .split("\n")
    .map((line) => line.trim());
  return lines.slice(lines.indexOf("SEQ_SCAN")).join("").replaceAll("::TIMESTAMP WITHTIME ZONE", "");
}

describe("winning_quotes", () => {
  it("holds one quote a slot, the one that wins, whatever came first", async () => {
    const quotes = fc.array(
      fc.record({ slot: fc.nat(2), providerTime: fc.nat(3), price: fc.integer({ min: 1, max: 4 }) }),
      { minLength: 1 },
    );
    await fc.assert(
      fc.asyncProperty(quotes, async (drawn) => {
        await empty();
        const all = drawn.map(({ slot, providerTime, price }): Quote => {
          return { feed: "a/b", symbol: "AAPL", price, observedAt: slot * 10_000, providerTime, provider: "IEX" };
        });
        await append(db, "quotes", QUOTE_COLUMNS, all);
        const winners = new Map<number, Quote>();
        for (const quote of all) {
          const held = winners.get(quote.observedAt);
          if (!held || wins(quote, held)) winners.set(quote.observedAt, quote);
        }
        const expected = [...winners.values()].sort((a, b) => a.observedAt - b.observedAt);
        const found = await select(
          "SELECT epoch_ms(observed_at), epoch_ms(provider_time), CAST(price * 1000000 AS INT64) FROM winning_quotes ORDER BY 1",
        );
        expect(found).toEqual(expected.map((q) => [q.observedAt, q.providerTime, q.price].map(String)));
      }),
      { numRuns: 50 },
    );
  });
});
