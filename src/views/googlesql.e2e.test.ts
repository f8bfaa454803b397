import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { DuckDBInstance, type DuckDBConnection } from "@duckdb/node-api";
import { startBigQuery, type BigQueryServer } from "../../test/bigquery/bigquery-server.ts";
import { withoutZetasql } from "../../test/bigquery/require-zetasql.ts";
import { originalGainSql, originalTopStocksSql } from "../../test/oracles/original-sql.ts";
import { arbitraryViewSample, type ViewSample } from "../../test/view-samples.ts";
import { bigQuerySink } from "../adapters/bigquery/sink.ts";
import { append } from "../adapters/duckdb/append.ts";
import { prepareSchema, WINDOW_COLUMNS } from "../adapters/duckdb/schema.ts";
import { formatPrice } from "../quotes/price.ts";
import type { WindowRow } from "../windows/window-row.ts";
import { createTableSql, createViewSql, quotedName, VIEWS, WINDOWS_TABLE } from "./bigquery-schema.ts";

describe.skipIf(withoutZetasql())("in Google's GoogleSQL", () => {
  let google: BigQueryServer;
  let instance: DuckDBInstance;
  let duck: DuckDBConnection;
  let datasets = 0;

  beforeAll(async () => {
    google = await startBigQuery();
    instance = await DuckDBInstance.create(":memory:");
    duck = await instance.connect();
    await duck.run("SET GLOBAL TimeZone = 'UTC'");
    await prepareSchema(duck, ":memory:");
  });
  afterAll(async () => {
    await google.stop();
    duck.closeSync();
    instance.closeSync();
  });
  beforeEach(async () => {
    await duck.run("DELETE FROM windows");
  });

  async function inDuckDb(view: string, rows: readonly WindowRow[]): Promise<string[]> {
    await duck.run("DELETE FROM windows");
    await append(duck, "windows", WINDOW_COLUMNS, rows);
    const found = (await duck.runAndReadAll(`SELECT * FROM ${view}`)).getRowsJson();
    return found.map((row) => row.map(normal).join(" ")).sort();
  }

  /** A new dataset with the table, the views and these rows, by our own statements and sink. */
  async function dataset(rows: readonly WindowRow[]): Promise<string> {
    const name = `d${datasets++}`;
    const id = { projectId: google.project, dataset: name };
    const views = VIEWS.filter(({ table }) => table === "windows").map((view) => createViewSql(id, view));
    await google.query([`CREATE SCHEMA ${name}`, createTableSql(id, WINDOWS_TABLE), ...views].join(";\n"));
    await bigQuerySink({ ...id, endpoint: google.url }).writeRows(rows);
    return name;
  }

  async function inGoogle(sql: string, name: string): Promise<string[]> {
    return (await google.query(sql, name)).map((row) => Object.values(row).map(normal).join(" ")).sort();
  }

  const anyPrice = fc.oneof(fc.integer({ min: 1, max: 9_999_999_999_999 }), fc.integer({ min: 1, max: 9 }));
  const rewritten = (sample: ViewSample) =>
    sample.rows.flatMap((row, i) => (i % 3 === 0 ? [row, { ...row, quoteCount: 0, meanPrice: "9000000.5" }] : [row]));

  it.each(["winning_windows", "top_stocks", "percentage_gain"])(
    "the view %s gives the rows that DuckDB gives",
    async (view) => {
      await fc.assert(
        fc.asyncProperty(arbitraryViewSample(anyPrice), async (sample) => {
          const rows = rewritten(sample);
          expect(await inGoogle(`SELECT * FROM ${view}`, await dataset(rows))).toEqual(await inDuckDb(view, rows));
        }),
        { numRuns: 15 },
      );
    },
  );

  it("the views equal the proof of concept's SQL over its exploded rows", async () => {
    const gains = "SELECT symbol, resolution_minutes, window_end, gain_percent FROM percentage_gain";
    const ranks = "SELECT resolution_minutes, window_end, rank, symbol FROM";
    await fc.assert(
      fc.asyncProperty(arbitraryViewSample(fc.integer({ min: 64, max: 90 })), async (sample) => {
        const name = await dataset(rewritten(sample));
        await insertExploded(google, name, sample);
        const exploded = quotedName({ projectId: google.project, dataset: name }, "exploded");
        expect(await inGoogle(gains, name)).toEqual(await inGoogle(originalGainSql(exploded), name));
        expect(await inGoogle(`${ranks} top_stocks`, name)).toEqual(
          await inGoogle(`${ranks} (${originalTopStocksSql(exploded)}) AS v`, name),
        );
      }),
      { numRuns: 15 },
    );
  });
});

/** The proof of concept's table, one row a quote and window. */
async function insertExploded(google: BigQueryServer, dataset: string, { exploded }: ViewSample) {
  const columns =
    "symbol STRING, latest_price NUMERIC, window_end TIMESTAMP, event_time TIMESTAMP, resolution_minutes NUMERIC";
  await google.query(`CREATE TABLE ${dataset}.exploded (${columns})`);
  const rows = exploded.map((row) => ({
    json: {
      symbol: row.symbol,
      latest_price: formatPrice(row.latestPrice),
      window_end: new Date(row.windowEnd).toISOString(),
      event_time: new Date(row.eventTime).toISOString(),
      resolution_minutes: String(row.resolutionMinutes),
    },
  }));
  if (rows.length === 0) return;
  const path = `/bigquery/v2/projects/${google.project}/datasets/${dataset}/tables/exploded/insertAll`;
  const response = await fetch(google.url + path, { method: "POST", body: JSON.stringify({ rows }) });
  expect(await response.json()).not.toHaveProperty("insertErrors");
}

/** A value as both engines' answers can be compared: decimals without trailing zeros, times in epoch microseconds. */
function normal(value: unknown): string {
  const text = String(value);
  if (/^-?[0-9]+\.[0-9]+$/.test(text)) return text.replace(/\.?0+$/, "");
  return /^[0-9]{4}-.*\+00$/.test(text) ? String(Date.parse(text) * 1000) : text;
}
