import { DuckDBDecimalValue, DuckDBTimestampTZValue, type DuckDBConnection, type DuckDBValue } from "@duckdb/node-api";
import type { DeadLetters, QuoteArchive, ResultReader, ResultSink } from "../../ports.ts";
import type { EpochMs, Quote } from "../../quotes/quote.ts";
import { append } from "./append.ts";
import { Database } from "./database.ts";
import { queries } from "./queries.ts";
import { DEAD_LETTER_COLUMNS, QUOTE_COLUMNS, WINDOW_COLUMNS } from "./schema.ts";
import { storeError } from "./store-error.ts";

/**
 * The laptop's store: quotes, window rows and dead letters in one DuckDB file, which one process may open at a time.
 *
 * A write resolves when it is on disk; one that rejects has stored nothing and may be tried again. Tables only grow:
 * what comes twice is there twice, and the views count the winner.
 */
export interface Store extends ResultSink, QuoteArchive, DeadLetters, ResultReader {
  /** The file, with its directory's real path. */
  readonly path: string;
  /** The newest window end of a feed's rows; undefined when it has none. */
  newestWindowEnd(feed: string): Promise<EpochMs | undefined>;
  /** The newest slot of a feed's quotes; undefined when it has none. */
  lastQuoteSlot(feed: string): Promise<EpochMs | undefined>;
  /** A feed's quotes from a slot on, slots in order, repeats left in; a batch holds a minute of slots. */
  readQuotes(feed: string, from: EpochMs): AsyncIterable<readonly Quote[]>;
  /** Breaks off queries, waits for writes under way and lets the file go. */
  close(): Promise<void>;
}

/** How long a query may run. */
const QUERY_MS = 30_000;
/** How long a stretch of slots readQuotes reads at once. */
const BATCH_MS = 60_000;

/** How a store is opened. */
interface StoreOptions {
  readonly readOnly?: boolean;
  /** How long a query may run; half a minute unless told otherwise. */
  readonly queryMs?: number;
}

/**
 * Opens a store, and makes it where no file is.
 * @throws StoreError that names the file, what is wrong with it and the mend
 * @example
 * const store = await openStore(".stockfeed/store.duckdb");
 * await store.writeRows(rows);
 * const top = await store.query("SELECT * FROM top_stocks ORDER BY window_end DESC, rank LIMIT 9");
 * await store.close();
 */
export async function openStore(path: string, options: StoreOptions = {}): Promise<Store> {
  const database = await Database.open(path, options.readOnly ?? false);
  const newest = async (sql: string, feed: string) => {
    const [row] = await rows(database, sql, [feed]);
    return row?.[0] instanceof DuckDBTimestampTZValue ? epochMs(row[0]) : undefined;
  };
  return {
    path: database.path,
    writeRows: async (records) => database.write(async (to) => append(to, "windows", WINDOW_COLUMNS, records)),
    appendQuotes: async (records) => database.write(async (to) => append(to, "quotes", QUOTE_COLUMNS, records)),
    putDeadLetters: async (records) =>
      database.write(async (to) => append(to, "dead_letters", DEAD_LETTER_COLUMNS, records)),
    query: queries(database, options.queryMs ?? QUERY_MS),
    newestWindowEnd: async (feed) => newest("SELECT MAX(window_end) FROM windows WHERE feed = $1", feed),
    lastQuoteSlot: async (feed) => newest("SELECT MAX(observed_at) FROM quotes WHERE feed = $1", feed),
    readQuotes: (feed, from) => readQuotes(database, feed, from),
    close: async () => database.close(),
  };
}

async function* readQuotes(database: Database, feed: string, from: EpochMs): AsyncGenerator<readonly Quote[]> {
  for (let next = from; ; next += BATCH_MS) {
    const range = "FROM quotes WHERE feed = $1 AND observed_at >= $2";
    const [first] = await rows(database, `SELECT MIN(observed_at) ${range}`, [feed, instant(next)]);
    if (!(first?.[0] instanceof DuckDBTimestampTZValue)) return;
    next = epochMs(first[0]);
    const found = await rows(
      database,
      `SELECT symbol, price, observed_at, provider_time, volume, provider ${range} AND observed_at < $3 ORDER BY observed_at`,
      [feed, first[0], instant(next + BATCH_MS)],
    );
    yield found.map((row) => quote(feed, row));
  }
}

function quote(feed: string, [symbol, price, observedAt, providerTime, volume, provider]: DuckDBValue[]): Quote {
  if (!(price instanceof DuckDBDecimalValue)) throw new TypeError(`A price is no decimal: ${String(price)}.`);
  return {
    feed,
    symbol: String(symbol),
    price: Number(price.value),
    observedAt: epochMs(observedAt),
    providerTime: epochMs(providerTime),
    ...(typeof volume === "bigint" && { volume: Number(volume) }),
    // Only appendQuotes fills the column, from a Quote.
    provider: String(provider) as Quote["provider"],
  };
}

async function rows(database: Database, sql: string, values: DuckDBValue[]): Promise<DuckDBValue[][]> {
  const read = async (connection: DuckDBConnection) => (await connection.runAndReadAll(sql, values)).getRows();
  try {
    return await database.read(read);
  } catch (error) {
    throw storeError(database.path, error);
  }
}

function instant(time: EpochMs): DuckDBTimestampTZValue {
  return new DuckDBTimestampTZValue(BigInt(time) * 1000n);
}

function epochMs(value: DuckDBValue | undefined): EpochMs {
  if (!(value instanceof DuckDBTimestampTZValue)) throw new TypeError(`A time is none: ${String(value)}.`);
  return Number(value.micros / 1000n);
}
