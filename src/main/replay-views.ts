import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openStore } from "../adapters/duckdb/store.ts";
import { formatDuration } from "../api/duration.ts";
import type { QueryResult } from "../ports.ts";
import { formatTime } from "../quotes/format-time.ts";
import type { WindowRow } from "../windows/window-row.ts";
import { textTable } from "./text-table.ts";

/** The two views over the last closed window of each resolution. */
export interface ReplayViews {
  readonly topStocks: QueryResult;
  readonly percentageGain: QueryResult;
}

const TOP_STOCKS = `
SELECT resolution_minutes, window_end, rank, symbol, mean_price, quote_count, expected_count
FROM top_stocks ORDER BY resolution_minutes, window_end, rank, symbol`;
const PERCENTAGE_GAIN = `
SELECT resolution_minutes, window_end, symbol, gain_percent, first_price, last_price, quote_count, expected_count
FROM percentage_gain ORDER BY resolution_minutes, window_end, gain_percent DESC, symbol`;

/** Runs the store's views over rows, in a store of their own that is gone afterwards. */
export async function viewRows(rows: readonly WindowRow[]): Promise<ReplayViews> {
  const folder = await mkdtemp(join(tmpdir(), "stockfeed-views-"));
  try {
    const store = await openStore(join(folder, "views.duckdb"));
    try {
      await store.writeRows(rows);
      return { topStocks: await store.query(TOP_STOCKS), percentageGain: await store.query(PERCENTAGE_GAIN) };
    } finally {
      await store.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The views as people read them: a table for each view and resolution. */
export function viewsText({ topStocks, percentageGain }: ReplayViews): string {
  return [...tables("Top stocks", topStocks), ...tables("Percentage gain", percentageGain)].join("\n");
}

/** One table for each resolution of an answer whose first two columns are the resolution and the window end. */
function tables(title: string, { columns, rows }: QueryResult): string[] {
  const header = columns.slice(2).map(({ name }) => name);
  return [...new Set(rows.map(([resolution]) => resolution))].map((resolution) => {
    const own = rows.filter((row) => row[0] === resolution);
    const size = formatDuration(Math.round(Number(resolution) * 60_000));
    const end = formatTime(Date.parse(String(own[0]?.[1])));
    const cells = own.map((row) => row.slice(2).map(String));
    return `${title}, ${size} to ${end}\n${textTable(header, cells)}`;
  });
}
