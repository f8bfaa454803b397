import { indented, winningWindowsSql, type WindowsTable } from "./winners.ts";

/**
 * The view `percentage_gain`: `gain_percent` is 100 * (last_price - first_price) / first_price as a decimal, rounded
 * half away from zero to nine places, which is what GoogleSQL's NUMERIC division gives.
 *
 * DuckDB divides decimals as doubles, so the text does long division: whole percents first, then billionths, and no
 * quotient is left to round but whole ones below 2^53, which are exact in both engines. The column is not called as
 * the view, since GoogleSQL would take `SELECT percentage_gain FROM percentage_gain` for the whole row.
 */
export function percentageGainSql(tables: WindowsTable): string {
  return `
WITH winning_windows AS (
${indented(winningWindowsSql(tables))}
),
rises AS (
  SELECT *, 100 * (last_price - first_price) AS rise
  FROM winning_windows
),
wholes AS (
  SELECT *, MOD(rise, first_price) AS rest
  FROM rises
),
billionths AS (
  SELECT *, CAST(1000000000 AS INT64) * rest AS dividend, MOD(CAST(1000000000 AS INT64) * rest, first_price) AS remainder
  FROM wholes
)
SELECT
  feed, symbol, resolution_minutes, window_start, window_end, first_event_time, event_time, first_price, last_price,
  CAST(ROUND((rise - rest) / first_price) AS INT64)
    + CAST(
      ROUND((dividend - remainder) / first_price)
        + CASE WHEN 2 * ABS(remainder) >= first_price THEN SIGN(remainder) ELSE 0 END
      AS INT64
    ) * NUMERIC '0.001' * NUMERIC '0.001' * NUMERIC '0.001' AS gain_percent,
  quote_count, expected_count
FROM billionths`.trim();
}
