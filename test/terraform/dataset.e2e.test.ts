/** The dataset of `modules/bigquery`, made in Google's GoogleSQL and held to the laptop's store and to the operator. */
import { DuckDBInstance, type DuckDBConnection } from "@duckdb/node-api";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bigQueryInspector } from "../../src/adapters/bigquery/inspector.ts";
import { bigQuerySink } from "../../src/adapters/bigquery/sink.ts";
import { append } from "../../src/adapters/duckdb/append.ts";
import { prepareSchema, QUOTE_COLUMNS, WINDOW_COLUMNS } from "../../src/adapters/duckdb/schema.ts";
import type { Quote } from "../../src/quotes/quote.ts";
import { encodeQuote } from "../../src/quotes/wire.ts";
import { type BigQueryServer, startBigQuery } from "../bigquery/bigquery-server.ts";
import { withoutZetasql } from "../bigquery/require-zetasql.ts";
import { withoutPart } from "../missing-part.ts";
import { arbitraryViewSample } from "../view-samples.ts";
import { makeApplied } from "./dataset.ts";
import { type AppliedResource, startTerraform, type Terraform, terraformMissing } from "./terraform.ts";

const missing = withoutPart(await terraformMissing()) || withoutZetasql();
/** Those of the module's own tests. */
const [PROJECT, DATASET] = ["acme-prod", "markets"];

describe.skipIf(missing)("Terraform's dataset", () => {
  let terraform: Terraform;
  let resources: readonly AppliedResource[];
  let google: BigQueryServer;
  let instance: DuckDBInstance;
  let duck: DuckDBConnection;

  beforeAll(async () => {
    terraform = await startTerraform();
    google = await startBigQuery({ project: PROJECT });
    resources = (await terraform.applied("modules/bigquery")).get("tables")?.resources ?? [];
    await makeApplied(google, DATASET, resources);
    instance = await DuckDBInstance.create(":memory:");
    duck = await instance.connect();
    await duck.run("SET GLOBAL TimeZone = 'UTC'");
    await prepareSchema(duck, ":memory:");
  });

  afterAll(async () => {
    await terraform.stop();
    await google.stop();
    duck.closeSync();
    instance.closeSync();
  });

  const endpoint = () => ({ endpoint: google.url, projectId: PROJECT, dataset: DATASET });

  async function both(view: string): Promise<[google: string[], duckDb: string[]]> {
    const theirs = (await google.query(`SELECT * FROM ${view}`, DATASET)).map((row) => Object.values(row));
    const ours = (await duck.runAndReadAll(`SELECT * FROM ${view}`)).getRowsJson();
    const texts = (rows: readonly (readonly unknown[])[]) => rows.map((row) => row.map(normal).join(" ")).sort();
    return [texts(theirs), texts(ours)];
  }

  it("is one that the operator finds nothing wrong with", async () => {
    expect(await bigQueryInspector(endpoint()).inspect({ ...endpoint(), archive: true })).toEqual([]);
  });

  it("has views that give the rows of the laptop's, over windows written more than once", async () => {
    const prices = fc.integer({ min: 64, max: 90 });
    const [sample] = fc.sample(arbitraryViewSample(prices), { numRuns: 1, seed: 7 });
    const rows = (sample?.rows ?? []).flatMap((row, i) =>
      i % 3 === 0 ? [row, { ...row, quoteCount: 0, meanPrice: "9000000.5" }] : [row],
    );
    await bigQuerySink(endpoint()).writeRows(rows);
    await append(duck, "windows", WINDOW_COLUMNS, rows);
    for (const view of ["winning_windows", "top_stocks", "percentage_gain"]) {
      const [theirs, ours] = await both(view);
      expect(theirs.length).toBeGreaterThan(10);
      expect(theirs).toEqual(ours);
    }
  });

  it("takes the messages of a quote as Pub/Sub writes them, and has the winner of each slot", async () => {
    const observedAt = Date.parse("2024-03-01T14:30:00Z");
    const quote = { feed: "markets/tech", symbol: "AAPL", price: 101_500_000, observedAt, provider: "IEX" } as const;
    const quotes: Quote[] = [
      { ...quote, providerTime: observedAt - 2_000, volume: 7 },
      { ...quote, providerTime: observedAt - 1_000, price: 102_000_001 },
      { ...quote, providerTime: observedAt - 1_000, symbol: "MSFT" },
    ];
    const rows = quotes.map((each) => ({ json: JSON.parse(encodeQuote(each).data) as object }));
    const path = `/bigquery/v2/projects/${PROJECT}/datasets/${DATASET}/tables/quotes/insertAll`;
    const response = await fetch(google.url + path, { method: "POST", body: JSON.stringify({ rows }) });
    expect(await response.json()).not.toHaveProperty("insertErrors");
    await append(duck, "quotes", QUOTE_COLUMNS, quotes);
    const [theirs, ours] = await both("winning_quotes");
    expect(theirs).toHaveLength(2);
    expect(theirs).toEqual(ours);
  });
});

/** A value as both engines' answers can be compared: decimals without trailing zeros, times in epoch microseconds. */
function normal(value: unknown): string {
  const text = String(value);
  if (/^-?[0-9]+\.[0-9]+$/.test(text)) return text.replace(/\.?0+$/, "");
  return /^[0-9]{4}-.*\+00$/.test(text) ? String(Date.parse(text) * 1000) : text;
}
