import { formatDuration } from "../../api/duration.ts";
import { WindowBoard } from "../../console/window-board.ts";
import type { WindowRow } from "../../windows/window-row.ts";

/**
 * One line for a closed window: its end, the feed, the resolution, the top stocks by mean price and the best gain.
 * @param rows of one feed, resolution and window end; at least one
 * @example "15:04:05Z  default/ten-stocks   5m  10 rows  top NFLX 903.12, META 512.40, MSFT 417.32  gain NVDA +0.21 %"
 */
export function windowLine(rows: readonly WindowRow[]): string {
  const [first] = rows;
  if (first === undefined) throw new RangeError("A window without rows has no line.");
  const sizeMs = first.windowEnd - first.windowStart;
  const resolution = formatDuration(sizeMs);
  const board = new WindowBoard({ resolution, sizeMs, expectedCount: first.expectedCount });
  for (const row of rows) board.add(row);
  const { closed } = board.state();
  const top = closed?.topStocks.map(({ symbol, meanPrice }) => `${symbol} ${Number(meanPrice).toFixed(2)}`) ?? [];
  const best = closed?.gains[0];
  const gain = Number(best?.gainPercent ?? 0);
  const warmUp =
    closed !== undefined && closed.fewestQuotes < first.expectedCount
      ? `  (${closed.fewestQuotes} of ${first.expectedCount} slots)`
      : "";
  const end = new Date(first.windowEnd).toISOString().slice(11, 19);
  const count = `${rows.length} ${rows.length === 1 ? "row" : "rows"}`;
  return [
    `${end}Z`,
    first.feed,
    resolution.padStart(3),
    count,
    `top ${top.join(", ")}`,
    `gain ${best?.symbol ?? ""} ${gain >= 0 ? "+" : ""}${gain.toFixed(2)} %${warmUp}`,
  ].join("  ");
}

/** The rows of a batch by resolution and window end, in the order they came. */
export function byWindow(rows: readonly WindowRow[]): WindowRow[][] {
  const windows = new Map<string, WindowRow[]>();
  for (const row of rows) {
    const key = `${row.windowEnd}/${row.resolutionMinutes}`;
    const rest = windows.get(key);
    if (rest === undefined) windows.set(key, [row]);
    else rest.push(row);
  }
  return [...windows.values()];
}
