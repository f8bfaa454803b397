import { indented, winningWindowsSql, type WindowsTable } from "./winners.ts";

/**
 * The view `top_stocks`: of each feed, resolution and window end the symbols ranked 1 to 3 by mean price. Equal means
 * share a rank, so a tie can give four rows. A feed is ranked by itself, as if it had the tables to itself.
 */
export function topStocksSql(tables: WindowsTable): string {
  return `
WITH winning_windows AS (
${indented(winningWindowsSql(tables))}
)
SELECT
  feed, resolution_minutes, window_start, window_end,
  RANK() OVER (PARTITION BY feed, resolution_minutes, window_end ORDER BY mean_price DESC) AS rank,
  symbol, mean_price, quote_count, expected_count
FROM winning_windows
WHERE TRUE
QUALIFY rank <= 3`.trim();
}
