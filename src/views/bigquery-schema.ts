/**
 * The tables and views of a BigQuery dataset that feeds write to: the same columns as the laptop's store, in BigQuery's
 * types, and the statements that make them.
 *
 * The table `quotes` is filled by a BigQuery subscription of Pub/Sub, which takes the fields of a message's JSON by the
 * columns' names (src/quotes/wire.ts). Decimals come as text there and in `windows`, so no digit passes a double.
 */
import { percentageGainSql } from "./percentage-gain.ts";
import { topStocksSql } from "./top-stocks.ts";
import { winningQuotesSql, winningWindowsSql } from "./winners.ts";

/** A column; decimals have a precision (digits in all) and a scale (digits behind the point). */
export interface BigQueryColumn {
  readonly name: string;
  readonly type: "STRING" | "INT64" | "NUMERIC" | "TIMESTAMP";
  readonly precision?: number;
  readonly scale?: number;
  /** Whether every row has a value in it. */
  readonly required: boolean;
  readonly description: string;
}

export interface BigQueryTable {
  readonly name: "windows" | "quotes";
  readonly description: string;
  readonly columns: readonly BigQueryColumn[];
  /** The time that says in which day's partition a row is. */
  readonly partitionColumn: string;
  readonly clusterColumns: readonly string[];
}

export interface BigQueryView {
  readonly name: "winning_windows" | "winning_quotes" | "top_stocks" | "percentage_gain";
  readonly table: BigQueryTable["name"];
  readonly description: string;
  /** The query, over the table's quoted name. */
  readonly query: (table: string) => string;
}

/** A dataset of a project; a name of a table or view in it stands in backquotes. */
export interface DatasetId {
  readonly projectId: string;
  readonly dataset: string;
}

const text = (name: string, description: string) => ({ name, type: "STRING", required: true, description }) as const;
const count = (name: string, description: string) => ({ name, type: "INT64", required: true, description }) as const;
const time = (name: string, description: string) => ({ name, type: "TIMESTAMP", required: true, description }) as const;
const decimal = (name: string, precision: number, scale: number, description: string) =>
  ({ name, type: "NUMERIC", precision, scale, required: true, description }) as const;

const FEED = text("feed", "The StockFeed, namespace/name.");
const SYMBOL = text("symbol", "The symbol as the exchange writes it.");

/** Rows as engines wrote them; a row may be there again, with more quotes. */
export const WINDOWS_TABLE: BigQueryTable = {
  name: "windows",
  description: "StockFeed: rows of sliding windows as they were written; winning_windows has the ones that count.",
  columns: [
    FEED,
    SYMBOL,
    decimal("resolution_minutes", 13, 9, "Size of the window in minutes."),
    time("window_start", "First instant of the window."),
    time("window_end", "First instant after the window."),
    time("event_time", "Last slot with a quote."),
    time("first_event_time", "First slot with a quote."),
    decimal("first_price", 13, 6, "Price of the first slot."),
    decimal("last_price", 13, 6, "Price of the last slot."),
    decimal("min_price", 13, 6, "Lowest price."),
    decimal("max_price", 13, 6, "Highest price."),
    decimal("mean_price", 16, 9, "Exact mean, rounded half-even to nine places."),
    count("quote_count", "Slots with a quote."),
    count("expected_count", "Slots of the window."),
    text("engine", "What computed the row."),
    time("written_at", "When the engine wrote the row."),
  ],
  partitionColumn: "window_end",
  clusterColumns: ["feed", "symbol"],
};

/** Raw quotes as they were delivered; one may be there again. */
export const QUOTES_TABLE: BigQueryTable = {
  name: "quotes",
  description: "StockFeed: raw quotes as they were delivered; winning_quotes has the ones that count.",
  columns: [
    FEED,
    SYMBOL,
    decimal("price", 13, 6, "The provider's newest price at the slot."),
    time("observed_at", "The slot."),
    time("provider_time", "When the provider says that the price last changed."),
    { name: "volume", type: "INT64", required: false, description: "The day's volume, where the provider says it." },
    text("provider", "Type of the provider."),
  ],
  partitionColumn: "observed_at",
  clusterColumns: ["feed", "symbol"],
};

export const TABLES: readonly BigQueryTable[] = [WINDOWS_TABLE, QUOTES_TABLE];

export const VIEWS: readonly BigQueryView[] = [
  {
    name: "winning_windows",
    table: "windows",
    description: "StockFeed: the row that counts of each feed, symbol, resolution and window end.",
    query: (windows) => winningWindowsSql({ windows }),
  },
  {
    name: "top_stocks",
    table: "windows",
    description: "StockFeed: symbols ranked 1 to 3 by mean price, of each feed, resolution and window end.",
    query: (windows) => topStocksSql({ windows }),
  },
  {
    name: "percentage_gain",
    table: "windows",
    description: "StockFeed: 100 * (last_price - first_price) / first_price of each window.",
    query: (windows) => percentageGainSql({ windows }),
  },
  {
    name: "winning_quotes",
    table: "quotes",
    description: "StockFeed: the quote that counts of each feed, symbol and slot.",
    query: (quotes) => winningQuotesSql({ quotes }),
  },
];

/** A table's or view's full name as it stands in SQL. */
export function quotedName({ projectId, dataset }: DatasetId, name: string): string {
  return `\`${projectId}.${dataset}.${name}\``;
}

/**
 * The statement that makes a dataset where it is missing.
 * @param location where its data is kept, such as EU; the project's default unless told
 */
export function createDatasetSql({ projectId, dataset }: DatasetId, location?: string): string {
  const options = location === undefined ? "" : ` OPTIONS (location = ${literal(location)})`;
  return `CREATE SCHEMA IF NOT EXISTS \`${projectId}.${dataset}\`${options}`;
}

/**
 * The statement that makes a table where it is missing.
 * @example createTableSql({ projectId: "acme", dataset: "markets" }, WINDOWS_TABLE)
 */
export function createTableSql(dataset: DatasetId, table: BigQueryTable): string {
  const columns = table.columns.map((column) => `  ${columnSql(column)}`).join(",\n");
  return `
CREATE TABLE IF NOT EXISTS ${quotedName(dataset, table.name)} (
${columns}
)
PARTITION BY DATE(${table.partitionColumn})
CLUSTER BY ${table.clusterColumns.join(", ")}
OPTIONS (description = ${literal(table.description)})`.trim();
}

/** The statement that makes a view, or makes it anew. */
export function createViewSql(dataset: DatasetId, view: BigQueryView): string {
  return `
CREATE OR REPLACE VIEW ${quotedName(dataset, view.name)}
OPTIONS (description = ${literal(view.description)})
AS
${view.query(quotedName(dataset, view.table))}`.trim();
}

/**
 * Statements that make a whole dataset where it is missing, its views anew.
 * @param location as `createDatasetSql` has it
 */
export function datasetStatements(dataset: DatasetId, location?: string): string[] {
  return [
    createDatasetSql(dataset, location),
    ...TABLES.map((table) => createTableSql(dataset, table)),
    ...VIEWS.map((view) => createViewSql(dataset, view)),
  ];
}

/** The statement that lets a service account work with a dataset. */
export function grantSql({ projectId, dataset }: DatasetId, role: string, account: string): string {
  return `GRANT \`${role}\` ON SCHEMA \`${projectId}.${dataset}\` TO "serviceAccount:${account}"`;
}

/** The statement that adds columns to a table; BigQuery adds none that must have a value, since old rows have none. */
export function addColumnsSql(dataset: DatasetId, table: BigQueryTable, columns: readonly BigQueryColumn[]): string {
  const added = columns.map((column) => `ADD COLUMN IF NOT EXISTS ${columnSql({ ...column, required: false })}`);
  return `ALTER TABLE ${quotedName(dataset, table.name)} ${added.join(", ")}`;
}

/** A column's type as it stands in a statement, such as `NUMERIC(13, 6)`. */
export function typeSql({ type, precision, scale }: Omit<BigQueryColumn, "name" | "required" | "description">): string {
  return precision === undefined ? type : `${type}(${precision}, ${scale ?? 0})`;
}

function columnSql(column: BigQueryColumn): string {
  const required = column.required ? " NOT NULL" : "";
  return `${column.name} ${typeSql(column)}${required} OPTIONS (description = ${literal(column.description)})`;
}

/** A text as it stands in GoogleSQL, whose strings have backslashes. */
function literal(text: string): string {
  return `'${text.replaceAll(/[\\']/g, "\\$&")}'`;
}
