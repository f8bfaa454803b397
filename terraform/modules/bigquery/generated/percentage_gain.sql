WITH winning_windows AS (
  SELECT
    feed, symbol, resolution_minutes, window_start, window_end, event_time, first_event_time, first_price, last_price,
    min_price, max_price, mean_price, quote_count, expected_count, engine, written_at
  FROM ${windows}
  WHERE TRUE
  QUALIFY ROW_NUMBER() OVER (
    PARTITION BY feed, symbol, resolution_minutes, window_end
    ORDER BY quote_count DESC, written_at DESC, engine
  ) = 1
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
FROM billionths
