import { openStore } from "../src/adapters/duckdb/store.ts";
import type { WindowSpec } from "../src/windows/window-spec.ts";
import { type OracleRow, WindowOracle } from "./oracles/windows.ts";

const MICROS = 1_000_000;

/** What a store holds of one feed, beside what brute force makes of its quotes. */
export interface StoreCheck {
  /** The winning rows, by SQL. */
  readonly rows: readonly OracleRow[];
  /** What they should be: of every window that ended up to the newest row's end. */
  readonly expected: readonly OracleRow[];
  readonly quotes: number;
  /** Slots with quotes, in order. */
  readonly slots: readonly number[];
  readonly deadLetters: number;
}

/** Reads a store that nobody has open any more. */
export async function checkStore(path: string, feed: string, windows: readonly WindowSpec[]): Promise<StoreCheck> {
  const store = await openStore(path, { readOnly: true });
  const ask = async (sql: string) => (await store.query(sql)).rows;
  try {
    const quotes = (
      await ask(`SELECT symbol, observed_at, price, provider_time FROM quotes WHERE feed = '${feed}' ORDER BY symbol`)
    ).map(([symbol, observedAt, price, providerTime]) => ({
      symbol: String(symbol),
      time: Date.parse(String(observedAt)),
      price: micros(price),
      providerTime: Date.parse(String(providerTime)),
    }));
    const symbols = [...new Set(quotes.map(({ symbol }) => symbol))];
    const rows = (
      await ask(
        `SELECT resolution_minutes, symbol, window_end, first_event_time, event_time, first_price, last_price, min_price,
          max_price, mean_price, quote_count FROM winning_windows WHERE feed = '${feed}'`,
      )
    ).map(([minutes, symbol, end, firstTime, lastTime, first, last, min, max, mean, count]): OracleRow => {
      return {
        window: windows.findIndex(({ sizeMs }) => sizeMs === Math.round(Number(minutes) * 60_000)),
        symbol: symbols.indexOf(String(symbol)),
        end: Date.parse(String(end)),
        firstTime: Date.parse(String(firstTime)),
        lastTime: Date.parse(String(lastTime)),
        first: micros(first),
        last: micros(last),
        min: micros(min),
        max: micros(max),
        mean: String(mean),
        count: Number(count),
      };
    });
    const oracle = new WindowOracle(windows, -Infinity);
    for (const quote of quotes) oracle.add({ ...quote, symbol: symbols.indexOf(quote.symbol) });
    const newest = rows.reduce((time, { end }) => Math.max(time, end), -Infinity);
    const [letters] = await ask("SELECT COUNT(*) FROM dead_letters");
    return {
      rows: inOrder(rows),
      expected: inOrder(oracle.advance(newest)),
      quotes: quotes.length,
      slots: [...new Set(quotes.map(({ time }) => time))].sort((a, b) => a - b),
      deadLetters: Number(letters?.[0]),
    };
  } finally {
    await store.close();
  }
}

function micros(price: unknown): number {
  return Math.round(Number(price) * MICROS);
}

function inOrder(rows: OracleRow[]): OracleRow[] {
  return rows.sort((a, b) => a.end - b.end || a.window - b.window || a.symbol - b.symbol);
}
