/**
 * Delivery is at least once, so the tables hold repeats. These queries keep the one row of each key that counts.
 *
 * Every text in this room is GoogleSQL and DuckDB at once, which is why it says `WHERE TRUE` (BigQuery wants a WHERE
 * beside QUALIFY), partitions by decimals and never by doubles (GoogleSQL refuses those), and casts to no type with a
 * precision (GoogleSQL has such types for columns alone). Filters on the columns of PARTITION BY reach the table.
 */

/** Names of the tables to read, quoted as the engine wants them. */
export interface WindowsTable {
  readonly windows: string;
}

/** Names of the tables to read, quoted as the engine wants them. */
export interface QuotesTable {
  readonly quotes: string;
}

/**
 * One row a (feed, symbol, resolution, window end): the one with the greatest (quote_count, written_at). Rows equal in
 * both are the same row but for the engine, whose name then decides, so that every reader picks the same.
 */
export function winningWindowsSql({ windows }: WindowsTable): string {
  return `
SELECT
  feed, symbol, resolution_minutes, window_start, window_end, event_time, first_event_time, first_price, last_price,
  min_price, max_price, mean_price, quote_count, expected_count, engine, written_at
FROM ${windows}
WHERE TRUE
QUALIFY ROW_NUMBER() OVER (
  PARTITION BY feed, symbol, resolution_minutes, window_end
  ORDER BY quote_count DESC, written_at DESC, engine
) = 1`.trim();
}

/** One quote a (feed, symbol, slot): the one with the greatest (provider_time, price). */
export function winningQuotesSql({ quotes }: QuotesTable): string {
  return `
SELECT feed, symbol, price, observed_at, provider_time, volume, provider
FROM ${quotes}
WHERE TRUE
QUALIFY ROW_NUMBER() OVER (
  PARTITION BY feed, symbol, observed_at
  ORDER BY provider_time DESC, price DESC, volume DESC, provider
) = 1`.trim();
}

/** A query's text two spaces further in, to stand inside another. */
export function indented(sql: string): string {
  return sql.replaceAll(/^/gm, "  ");
}
