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
)
SELECT
  feed, resolution_minutes, window_start, window_end,
  RANK() OVER (PARTITION BY feed, resolution_minutes, window_end ORDER BY mean_price DESC) AS rank,
  symbol, mean_price, quote_count, expected_count
FROM winning_windows
WHERE TRUE
QUALIFY rank <= 3
