/** Rows as engines write them and as brute force has them, made comparable. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Quote } from "../../src/quotes/quote.ts";
import type { WindowSpec } from "../../src/windows/window-spec.ts";
import { WindowOracle, type OracleRow } from "../oracles/windows.ts";

/** A row's fields as a table takes them, but for the engine and when it was written. */
export type Row = Readonly<Record<string, string | number>>;

const KEY = ["feed", "symbol", "resolution_minutes", "window_end"] as const;

/** What identifies a row. */
export function keyOf(row: Row): string {
  return KEY.map((field) => row[field]).join(" ");
}

/** Of the rows of each key the one with the greatest (quote_count, written_at), by key, without what may differ. */
export function winningRows(rows: readonly Row[]): Map<string, Row> {
  const winners = new Map<string, Row>();
  for (const row of rows) {
    const rival = winners.get(keyOf(row));
    if (rival === undefined || beats(row, rival)) winners.set(keyOf(row), row);
  }
  return new Map([...winners].map(([key, row]) => [key, comparable(row)]));
}

function beats(a: Row, b: Row): boolean {
  const more = Number(a.quote_count) - Number(b.quote_count);
  return more > 0 || (more === 0 && String(a.written_at) > String(b.written_at));
}

/** A row without what may differ between engines. */
export function comparable(row: Row): Row {
  return Object.fromEntries(Object.entries(row).filter(([field]) => field !== "engine" && field !== "written_at"));
}

/** The rows of files that a bounded pipeline has written into a directory. */
export async function rowsIn(directory: string): Promise<Row[]> {
  const names = await readdir(directory);
  const texts = await Promise.all(names.map(async (name) => readFile(join(directory, name), "utf8")));
  return texts.flatMap((text) => text.split("\n").filter(Boolean)).map((line) => JSON.parse(line) as Row);
}

/** All rows of quotes by brute force, as if none had been late. */
export function bruteForceRows(quotes: readonly Quote[], window: WindowSpec): Map<string, Row> {
  const symbols = [...new Set(quotes.map(({ symbol }) => symbol))];
  const oracle = new WindowOracle([window], -Infinity);
  for (const { symbol, observedAt, price, providerTime } of quotes) {
    oracle.add({ symbol: symbols.indexOf(symbol), time: observedAt, price, providerTime });
  }
  const feed = quotes[0]?.feed ?? "";
  const rows = oracle.advance(Infinity).map((row) => oracleRow(row, feed, symbols[row.symbol] ?? "", window));
  return new Map(rows.map((row) => [keyOf(row), row]));
}

/** A row of brute force, as a table takes it. */
export function oracleRow(row: OracleRow, feed: string, symbol: string, { sizeMs, periodMs }: WindowSpec): Row {
  const time = (ms: number) => new Date(ms).toISOString();
  const decimal = (micros: number) => (micros / 1e6).toFixed(6);
  return {
    feed,
    symbol,
    resolution_minutes: (sizeMs / 60_000).toFixed(9),
    window_start: time(row.end - sizeMs),
    window_end: time(row.end),
    event_time: time(row.lastTime),
    first_event_time: time(row.firstTime),
    first_price: decimal(row.first),
    last_price: decimal(row.last),
    min_price: decimal(row.min),
    max_price: decimal(row.max),
    mean_price: row.mean,
    quote_count: row.count,
    expected_count: sizeMs / periodMs,
  };
}
