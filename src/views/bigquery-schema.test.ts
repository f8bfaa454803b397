import { describe, expect, it } from "vitest";
import { QUOTE_COLUMNS, WINDOW_COLUMNS } from "../adapters/duckdb/schema.ts";
import { encodeQuote } from "../quotes/wire.ts";
import { createTableSql, createViewSql, QUOTES_TABLE, typeSql, VIEWS, WINDOWS_TABLE } from "./bigquery-schema.ts";

const DUCKDB_TYPES: Readonly<Record<string, string>> = {
  VARCHAR: "STRING",
  BIGINT: "INT64",
  "TIMESTAMP WITH TIME ZONE": "TIMESTAMP",
};
const dataset = { projectId: "acme-1", dataset: "markets" };

describe("the tables", () => {
  it.each([
    [WINDOWS_TABLE, WINDOW_COLUMNS],
    [QUOTES_TABLE, QUOTE_COLUMNS],
  ] as const)("have the columns of the laptop's store, in its order: $name", (table, duckDb) => {
    const ours = table.columns.map((column) => [column.name, typeSql(column).replace(/\s/g, ""), column.required]);
    const theirs = duckDb.map(({ name, type, nullable }) => {
      const text = type.toString();
      return [name, DUCKDB_TYPES[text] ?? text.replace("DECIMAL", "NUMERIC"), !nullable];
    });
    expect(ours).toEqual(theirs);
  });

  it("have for quotes the fields of a message, so that a BigQuery subscription can write it", () => {
    const quote = {
      feed: "f/g",
      symbol: "A",
      price: 1,
      observedAt: 0,
      providerTime: 0,
      volume: 1,
      provider: "IEX",
    } as const;
    const message = JSON.parse(encodeQuote(quote).data) as object;
    expect(Object.keys(message)).toEqual(QUOTES_TABLE.columns.map(({ name }) => name));
  });
});

describe("the statements", () => {
  it("make a table of day partitions, clustered by feed and symbol", () => {
    expect(createTableSql(dataset, QUOTES_TABLE)).toBe(
      `CREATE TABLE IF NOT EXISTS \`acme-1.markets.quotes\` (
  feed STRING NOT NULL OPTIONS (description = 'The StockFeed, namespace/name.'),
  symbol STRING NOT NULL OPTIONS (description = 'The symbol as the exchange writes it.'),
  price NUMERIC(13, 6) NOT NULL OPTIONS (description = 'The provider\\'s newest price at the slot.'),
  observed_at TIMESTAMP NOT NULL OPTIONS (description = 'The slot.'),
  provider_time TIMESTAMP NOT NULL OPTIONS (description = 'When the provider says that the price last changed.'),
  volume INT64 OPTIONS (description = 'The day\\'s volume, where the provider says it.'),
  provider STRING NOT NULL OPTIONS (description = 'Type of the provider.')
)
PARTITION BY DATE(observed_at)
CLUSTER BY feed, symbol
OPTIONS (description = 'StockFeed: raw quotes as they were delivered; winning_quotes has the ones that count.')`,
    );
  });

  it("make each view over its table's full name", () => {
    for (const view of VIEWS) {
      const sql = createViewSql(dataset, view);
      expect(sql).toContain(`CREATE OR REPLACE VIEW \`acme-1.markets.${view.name}\``);
      expect(sql).toContain(`FROM \`acme-1.markets.${view.table}\``);
    }
  });
});
