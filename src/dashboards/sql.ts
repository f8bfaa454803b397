/**
 * The SQL of boards: GoogleSQL over a feed's table and views (src/views), with Grafana's variables and macros.
 *
 * Every query has `$__timeFilter(window_end)`, which reaches the table's partitions, so it reads the days that are shown
 * and no more. Series are thinned to a window an interval of the chart, the last: rows as they are, never a mean of means.
 */

const FEED = "feed = '$feed'";
const MINUTES = "resolution_minutes = NUMERIC '$minutes'";
const SYMBOL = "symbol = '$symbol'";
const SHOWN = "$__timeFilter(window_end)";
/** A resolution as people read it, such as `5 min` or `10 s`. */
const RESOLUTION =
  "IF(resolution_minutes < 1, CONCAT(CAST(CAST(ROUND(60 * resolution_minutes) AS INT64) AS STRING), ' s'), CONCAT(CAST(resolution_minutes AS STRING), ' min'))";

/** A table or view of the dataset that the board's variables name. */
const of = (name: string) => `\`\${project}.\${dataset}.${name}\``;

/** Keeps of each part of the chart the last window. */
const thinned = (...by: readonly string[]) =>
  `QUALIFY ROW_NUMBER() OVER (PARTITION BY ${[...by, "$__timeGroup(window_end, $__interval)"].join(", ")} ORDER BY window_end DESC) = 1`;

/** What the board's variables offer. A choice with a name of its own has it as `text`, and what queries get as `value`. */
export const CHOICES = {
  feeds: `SELECT DISTINCT feed FROM ${of("windows")} WHERE ${SHOWN} ORDER BY feed`,
  resolutions: `
SELECT ${RESOLUTION} AS text, CAST(resolution_minutes AS STRING) AS value
FROM ${of("windows")}
WHERE ${SHOWN} AND ${FEED}
GROUP BY resolution_minutes
ORDER BY resolution_minutes`.trim(),
  symbols: `SELECT DISTINCT symbol FROM ${of("windows")} WHERE ${SHOWN} AND ${FEED} ORDER BY symbol`,
} as const;

/** Ranks of the newest window of each resolution. */
export const TOP_STOCKS = `
SELECT ${RESOLUTION} AS resolution, rank, symbol, mean_price, 100 * quote_count / expected_count AS complete, window_end
FROM ${of("top_stocks")}
WHERE ${SHOWN} AND ${FEED}
QUALIFY window_end = MAX(window_end) OVER (PARTITION BY resolution_minutes)
ORDER BY resolution_minutes, rank, symbol`.trim();

/** Gains of the newest window of the chosen resolution, the greatest first. */
export const GAINS = `
SELECT symbol, gain_percent
FROM ${of("percentage_gain")}
WHERE ${SHOWN} AND ${FEED} AND ${MINUTES}
QUALIFY window_end = MAX(window_end) OVER ()
ORDER BY gain_percent DESC, symbol`.trim();

/** For each resolution who gained most and least in its newest window. */
export const EXTREMES = `
WITH newest AS (
  SELECT resolution_minutes, symbol, gain_percent
  FROM ${of("percentage_gain")}
  WHERE ${SHOWN} AND ${FEED}
  QUALIFY window_end = MAX(window_end) OVER (PARTITION BY resolution_minutes)
)
SELECT
  ${RESOLUTION} AS resolution,
  MAX(IF(best = 1, symbol, NULL)) AS best_symbol, MAX(IF(best = 1, gain_percent, NULL)) AS best_gain,
  MAX(IF(worst = 1, symbol, NULL)) AS worst_symbol, MAX(IF(worst = 1, gain_percent, NULL)) AS worst_gain
FROM (
  SELECT
    *, ROW_NUMBER() OVER (PARTITION BY resolution_minutes ORDER BY gain_percent DESC, symbol) AS best,
    ROW_NUMBER() OVER (PARTITION BY resolution_minutes ORDER BY gain_percent, symbol) AS worst
  FROM newest
)
GROUP BY resolution_minutes
ORDER BY resolution_minutes`.trim();

/** Mean prices of the symbols that ranked 1 to 3. */
export const TOP_OVER_TIME = `
SELECT window_end AS time, symbol, mean_price AS mean
FROM ${of("top_stocks")}
WHERE ${SHOWN} AND ${FEED} AND ${MINUTES}
${thinned("symbol")}
ORDER BY time, symbol`.trim();

export const GAIN_OVER_TIME = `
SELECT window_end AS time, symbol, gain_percent AS gain
FROM ${of("percentage_gain")}
WHERE ${SHOWN} AND ${FEED} AND ${MINUTES}
${thinned("symbol")}
ORDER BY time, symbol`.trim();

/** The band of a symbol's prices in its windows. */
export const PRICE_BAND = `
SELECT window_end AS time, min_price AS lowest, max_price AS highest, mean_price AS mean, last_price AS last
FROM ${of("winning_windows")}
WHERE ${SHOWN} AND ${FEED} AND ${MINUTES} AND ${SYMBOL}
${thinned()}
ORDER BY time`.trim();

/** A symbol's mean in windows of each length: the longer, the calmer. */
export const MEANS = `
SELECT window_end AS time, ${RESOLUTION} AS resolution, mean_price AS mean
FROM ${of("winning_windows")}
WHERE ${SHOWN} AND ${FEED} AND ${SYMBOL}
${thinned("resolution_minutes")}
ORDER BY time, resolution_minutes`.trim();

/** How much of what windows should hold they do hold, over all symbols. */
export const COMPLETENESS = `
SELECT $__timeGroup(window_end, $__interval) AS time, ${RESOLUTION} AS resolution,
  100 * SUM(quote_count) / SUM(expected_count) AS complete
FROM ${of("winning_windows")}
WHERE ${SHOWN} AND ${FEED}
GROUP BY time, resolution_minutes
ORDER BY time, resolution_minutes`.trim();

const BY_DATAFLOW = "engine = 'Dataflow'";

/** How old the newest window is that Dataflow wrote, by resolution. */
export const NEWEST_WINDOW_AGE = `
SELECT ${RESOLUTION} AS resolution, TIMESTAMP_DIFF(CURRENT_TIMESTAMP(), MAX(window_end), SECOND) AS seconds
FROM ${of("windows")}
WHERE ${SHOWN} AND ${BY_DATAFLOW}
GROUP BY resolution_minutes
ORDER BY resolution_minutes`.trim();

/** The longest time from a window's end until Dataflow wrote its row first. */
export const ROW_DELAY = `
WITH first_rows AS (
  SELECT feed, symbol, resolution_minutes, window_end, MIN(written_at) AS written_at
  FROM ${of("windows")}
  WHERE ${SHOWN} AND ${BY_DATAFLOW}
  GROUP BY feed, symbol, resolution_minutes, window_end
)
SELECT $__timeGroup(window_end, $__interval) AS time, ${RESOLUTION} AS resolution,
  MAX(TIMESTAMP_DIFF(written_at, window_end, MILLISECOND)) / 1000 AS delay
FROM first_rows
GROUP BY time, resolution_minutes
ORDER BY time, resolution_minutes`.trim();

/** Windows that Dataflow wrote, and of these the ones that lack quotes, as a partial row from a drain does. */
export const WINDOWS_WRITTEN = `
SELECT $__timeGroup(window_end, $__interval) AS time,
  COUNT(*) AS windows, COUNTIF(quote_count < expected_count) AS incomplete
FROM ${of("winning_windows")}
WHERE ${SHOWN} AND ${BY_DATAFLOW}
GROUP BY time
ORDER BY time`.trim();
