import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { DuckDBInstance, type DuckDBConnection } from "@duckdb/node-api";
import { startGoogleSql, type GoogleSql, type GoogleSqlTable, type GoogleSqlType } from "../../test/googlesql.ts";
import { originalGainSql, originalTopStocksSql } from "../../test/oracles/original-sql.ts";
import { arbitraryViewSample, type ViewSample } from "../../test/view-samples.ts";
import { append } from "../adapters/duckdb/append.ts";
import { prepareSchema, WINDOW_COLUMNS } from "../adapters/duckdb/schema.ts";
import { formatPrice } from "../quotes/price.ts";
import type { WindowRow } from "../windows/window-row.ts";
import { percentageGainSql } from "./percentage-gain.ts";
import { topStocksSql } from "./top-stocks.ts";

const directory = process.env.STOCKFEED_ZETASQL;
const views = [topStocksSql({ windows: "windows" }), percentageGainSql({ windows: "windows" })];

describe.skipIf(directory === undefined)("in Google's GoogleSQL (skipped without STOCKFEED_ZETASQL)", () => {
  let google: GoogleSql;
  let instance: DuckDBInstance;
  let duck: DuckDBConnection;

  beforeAll(async () => {
    google = await startGoogleSql(directory ?? "");
    instance = await DuckDBInstance.create(":memory:");
    duck = await instance.connect();
    await duck.run("SET GLOBAL TimeZone = 'UTC'");
    await prepareSchema(duck, ":memory:");
  });
  afterAll(async () => {
    await google.close();
    duck.closeSync();
    instance.closeSync();
  });
  beforeEach(async () => {
    await duck.run("DELETE FROM windows");
  });

  async function inDuckDb(sql: string, rows: readonly WindowRow[]): Promise<string[]> {
    await duck.run("DELETE FROM windows");
    await append(duck, "windows", WINDOW_COLUMNS, rows);
    const found = (await duck.runAndReadAll(sql)).getRowsJson();
    return found.map((row) => row.map(normal).join(" ")).sort();
  }

  async function inGoogle(sql: string, ...tables: GoogleSqlTable[]): Promise<string[]> {
    return (await google.query(sql, tables)).map((row) => row.map(normal).join(" ")).sort();
  }

  const anyPrice = fc.oneof(fc.integer({ min: 1, max: 9_999_999_999_999 }), fc.integer({ min: 1, max: 9 }));
  const rewritten = (sample: ViewSample) =>
    sample.rows.flatMap((row, i) => (i % 3 === 0 ? [row, { ...row, quoteCount: 0, meanPrice: "9000000.5" }] : [row]));

  it.each(views)("the same text gives the rows that DuckDB gives: view %#", async (sql) => {
    await fc.assert(
      fc.asyncProperty(arbitraryViewSample(anyPrice), async (sample) => {
        const rows = rewritten(sample);
        expect(await inGoogle(sql, windowsTable(rows))).toEqual(await inDuckDb(sql, rows));
      }),
      { numRuns: 15 },
    );
  });

  it("the views equal the proof of concept's SQL over its exploded rows", async () => {
    const gains = "SELECT symbol, resolution_minutes, window_end, gain_percent FROM";
    const ranks = "SELECT resolution_minutes, window_end, rank, symbol FROM";
    await fc.assert(
      fc.asyncProperty(arbitraryViewSample(fc.integer({ min: 64, max: 90 })), async (sample) => {
        const windows = windowsTable(rewritten(sample));
        const exploded = explodedTable(sample);
        expect(await inGoogle(`${gains} (${percentageGainSql({ windows: "windows" })}) AS v`, windows)).toEqual(
          await inGoogle(originalGainSql("exploded"), exploded),
        );
        expect(await inGoogle(`${ranks} (${topStocksSql({ windows: "windows" })}) AS v`, windows)).toEqual(
          await inGoogle(`${ranks} (${originalTopStocksSql("exploded")}) AS v`, exploded),
        );
      }),
      { numRuns: 15 },
    );
  });
});

const TYPES: Readonly<Record<string, GoogleSqlType>> = {
  VARCHAR: "TYPE_STRING",
  BIGINT: "TYPE_INT64",
  "TIMESTAMP WITH TIME ZONE": "TYPE_TIMESTAMP",
};

/** The table as BigQuery has it: of each column the type that its DuckDB type stands for. */
function windowsTable(rows: readonly WindowRow[]): GoogleSqlTable {
  const columns = WINDOW_COLUMNS.map(({ name, type }) => ({ name, type: TYPES[type.toString()] ?? "TYPE_NUMERIC" }));
  const cells = (row: WindowRow) => [
    row.feed,
    row.symbol,
    String(row.resolutionMinutes),
    row.windowStart,
    row.windowEnd,
    row.eventTime,
    row.firstEventTime,
    formatPrice(row.firstPrice),
    formatPrice(row.lastPrice),
    formatPrice(row.minPrice),
    formatPrice(row.maxPrice),
    row.meanPrice,
    row.quoteCount,
    row.expectedCount,
    row.engine,
    row.writtenAt,
  ];
  return { name: "windows", columns, rows: rows.map(cells) };
}

function explodedTable({ exploded }: ViewSample): GoogleSqlTable {
  return {
    name: "exploded",
    columns: [
      { name: "symbol", type: "TYPE_STRING" },
      { name: "latest_price", type: "TYPE_NUMERIC" },
      { name: "window_end", type: "TYPE_TIMESTAMP" },
      { name: "event_time", type: "TYPE_TIMESTAMP" },
      { name: "resolution_minutes", type: "TYPE_NUMERIC" },
    ],
    rows: exploded.map((row) => [
      row.symbol,
      formatPrice(row.latestPrice),
      row.windowEnd,
      row.eventTime,
      String(row.resolutionMinutes),
    ]),
  };
}

/** A value as both engines' answers can be compared: decimals without trailing zeros, times in epoch milliseconds. */
function normal(value: unknown): string {
  const text = String(value);
  if (/^-?[0-9]+\.[0-9]+$/.test(text)) return text.replace(/\.?0+$/, "");
  return /^[0-9]{4}-.*\+00$/.test(text) ? String(Date.parse(text)) : text;
}
