import type { DuckDBConnection } from "@duckdb/node-api";
import type { DeadLetter, Quote } from "../../quotes/quote.ts";
import { percentageGainSql } from "../../views/percentage-gain.ts";
import { topStocksSql } from "../../views/top-stocks.ts";
import { winningQuotesSql, winningWindowsSql } from "../../views/winners.ts";
import type { WindowRow } from "../../windows/window-row.ts";
import { count, instant, mean, minutes, optionalCount, price, text, type Column } from "./columns.ts";
import { StoreError } from "./store-error.ts";

/** Version of the tables below; raised with every change that an older stockfeed could not read or write. */
const SCHEMA_VERSION = 1;

/** The table `quotes`: every quote that came, repeats too. */
export const QUOTE_COLUMNS: readonly Column<Quote>[] = [
  text("feed", (quote) => quote.feed),
  text("symbol", (quote) => quote.symbol),
  price("price", (quote) => quote.price),
  instant("observed_at", (quote) => quote.observedAt),
  instant("provider_time", (quote) => quote.providerTime),
  optionalCount("volume", (quote) => quote.volume),
  text("provider", (quote) => quote.provider),
];

/** The table `windows`: every row that was written, those that were written again too. */
export const WINDOW_COLUMNS: readonly Column<WindowRow>[] = [
  text("feed", (row) => row.feed),
  text("symbol", (row) => row.symbol),
  minutes("resolution_minutes", (row) => row.resolutionMinutes),
  instant("window_start", (row) => row.windowStart),
  instant("window_end", (row) => row.windowEnd),
  instant("event_time", (row) => row.eventTime),
  instant("first_event_time", (row) => row.firstEventTime),
  price("first_price", (row) => row.firstPrice),
  price("last_price", (row) => row.lastPrice),
  price("min_price", (row) => row.minPrice),
  price("max_price", (row) => row.maxPrice),
  mean("mean_price", (row) => row.meanPrice),
  count("quote_count", (row) => row.quoteCount),
  count("expected_count", (row) => row.expectedCount),
  text("engine", (row) => row.engine),
  instant("written_at", (row) => row.writtenAt),
];

/** The table `dead_letters`: what could not be used, with its reason. */
export const DEAD_LETTER_COLUMNS: readonly Column<DeadLetter>[] = [
  text("feed", (letter) => letter.feed),
  text("reason", (letter) => letter.reason),
  text("detail", (letter) => letter.detail),
  text("payload", (letter) => letter.payload),
  instant("received_at", (letter) => letter.receivedAt),
];

const VIEWS = {
  winning_quotes: winningQuotesSql({ quotes: "quotes" }),
  winning_windows: winningWindowsSql({ windows: "windows" }),
  top_stocks: topStocksSql({ windows: "windows" }),
  percentage_gain: percentageGainSql({ windows: "windows" }),
};

/**
 * Makes the tables of a new store, and the views of every store, so that they are as this version has them.
 * @throws StoreError when the file holds other tables, or a store of another version
 */
export async function prepareSchema(connection: DuckDBConnection, path: string): Promise<void> {
  const version = await readVersion(connection, path);
  if (version === undefined) {
    await connection.run(createTable("quotes", QUOTE_COLUMNS));
    await connection.run(createTable("windows", WINDOW_COLUMNS));
    await connection.run(createTable("dead_letters", DEAD_LETTER_COLUMNS));
    await connection.run("CREATE TABLE store_schema (version INTEGER NOT NULL)");
    await connection.run(`INSERT INTO store_schema VALUES (${SCHEMA_VERSION})`);
  }
  for (const [name, sql] of Object.entries(VIEWS)) await connection.run(`CREATE OR REPLACE VIEW ${name} AS\n${sql}`);
}

/** Checks that a store which is only read is one of this version. */
export async function checkSchema(connection: DuckDBConnection, path: string): Promise<void> {
  if ((await readVersion(connection, path)) === undefined) {
    throw new StoreError(path, "NotAStore", "is empty. Start `stockfeed dev` with this --store to fill it.");
  }
}

/** The version of the store's tables; undefined in a new file. */
async function readVersion(connection: DuckDBConnection, path: string): Promise<number | undefined> {
  const tables = await connection.runAndReadAll("SELECT table_name FROM duckdb_tables() WHERE NOT internal");
  const names = tables.getRows().map(([name]) => name);
  if (names.length === 0) return undefined;
  if (!names.includes("store_schema")) {
    const found = names.slice(0, 3).join(", ");
    const message = `is a DuckDB file of something else (tables ${found}). Choose another with --store.`;
    throw new StoreError(path, "NotAStore", message);
  }
  const [row] = (await connection.runAndReadAll("SELECT version FROM store_schema")).getRows();
  const version = Number(row?.[0]);
  if (version === SCHEMA_VERSION) return version;
  throw new StoreError(
    path,
    "OtherVersion",
    `has tables of version ${version}, and this stockfeed knows version ${SCHEMA_VERSION}. ` +
      "Use the stockfeed that wrote it, or choose another file with --store.",
  );
}

function createTable<R>(name: string, columns: readonly Column<R>[]): string {
  const lines = columns.map(({ name, type, nullable }) => `  ${name} ${type.toString()}${nullable ? "" : " NOT NULL"}`);
  return `CREATE TABLE ${name} (\n${lines.join(",\n")}\n)`;
}
