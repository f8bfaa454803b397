/**
 * The two results as the proof of concept computed them, from one row a quote and window: `symbol, latest_price,
 * window_end, event_time, resolution_minutes`. Valid GoogleSQL and DuckDB, as the views are that replace them.
 */

/** Symbols ranked 1 to 3 by the mean of their prices, of each window. */
export function originalTopStocksSql(exploded: string): string {
  return `
SELECT resolution_minutes, window_end, rank, symbol, average
FROM (
  SELECT
    resolution_minutes, window_end, symbol, SUM(latest_price) / COUNT(latest_price) AS average,
    RANK() OVER (
      PARTITION BY resolution_minutes, window_end ORDER BY SUM(latest_price) / COUNT(latest_price) DESC
    ) AS rank
  FROM ${exploded}
  GROUP BY resolution_minutes, window_end, symbol
) AS ranked
WHERE rank <= 3`;
}

/** Gain between the earliest and the latest price of each symbol and window. */
export function originalGainSql(exploded: string): string {
  return `
SELECT
  ends.symbol, ends.resolution_minutes, ends.window_end,
  100 * (latest.latest_price - earliest.latest_price) / earliest.latest_price AS gain
FROM (
  SELECT
    symbol, resolution_minutes, window_end, MIN(event_time) AS first_time, MAX(event_time) AS last_time
  FROM ${exploded}
  GROUP BY symbol, resolution_minutes, window_end
) AS ends
JOIN ${exploded} AS earliest
  ON earliest.symbol = ends.symbol AND earliest.resolution_minutes = ends.resolution_minutes
  AND earliest.window_end = ends.window_end AND earliest.event_time = ends.first_time
JOIN ${exploded} AS latest
  ON latest.symbol = ends.symbol AND latest.resolution_minutes = ends.resolution_minutes
  AND latest.window_end = ends.window_end AND latest.event_time = ends.last_time`;
}
