/** What the boards' SQL has to answer, reckoned from the table's rows in plain arithmetic, without views and without SQL. */
import { msOf } from "./boards-world.ts";

type Row = Readonly<Record<string, unknown>>;

/** A window that counts. Prices as numbers, times in epoch milliseconds. */
export interface Window {
  readonly feed: string;
  readonly symbol: string;
  readonly minutes: number;
  readonly end: number;
  readonly writtenAt: number;
  readonly firstWrittenAt: number;
  readonly first: number;
  readonly last: number;
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  readonly count: number;
  readonly expected: number;
  readonly engine: string;
}

/** Of the rows whose windows end in a time, both ends included, the ones that count: the fullest, of these the newest. */
export function windowsIn(rows: readonly Row[], from: number, to: number): Window[] {
  const winners = new Map<string, Window>();
  for (const row of rows) {
    const window = windowOf(row);
    if (window.end < from || window.end > to) continue;
    const key = [window.feed, window.symbol, window.minutes, window.end].join(" ");
    const other = winners.get(key);
    const wins =
      other === undefined ||
      window.count > other.count ||
      (window.count === other.count && window.writtenAt > other.writtenAt);
    const firstWrittenAt = Math.min(window.writtenAt, other?.firstWrittenAt ?? Infinity);
    winners.set(key, { ...(wins ? window : other), firstWrittenAt });
  }
  return [...winners.values()];
}

function windowOf(row: Row): Window {
  const writtenAt = msOf(row.written_at);
  return {
    feed: String(row.feed),
    symbol: String(row.symbol),
    minutes: Number(row.resolution_minutes),
    end: msOf(row.window_end),
    writtenAt,
    firstWrittenAt: writtenAt,
    first: Number(row.first_price),
    last: Number(row.last_price),
    min: Number(row.min_price),
    max: Number(row.max_price),
    mean: Number(row.mean_price),
    count: Number(row.quote_count),
    expected: Number(row.expected_count),
    engine: String(row.engine),
  };
}

/** In percent. */
export const gainOf = ({ first, last }: Window): number => (100 * (last - first)) / first;

/** 1 for the greatest mean of a window's end; equal means share a rank. */
export function rankOf(window: Window, windows: readonly Window[]): number {
  const beside = windows.filter(({ minutes, end }) => minutes === window.minutes && end === window.end);
  return 1 + beside.filter(({ mean }) => mean > window.mean).length;
}

/** Those of the newest end of their resolution. */
export function newestOf(windows: readonly Window[]): Window[] {
  const newest = new Map<number, number>();
  for (const { minutes, end } of windows) newest.set(minutes, Math.max(end, newest.get(minutes) ?? 0));
  return windows.filter(({ minutes, end }) => newest.get(minutes) === end);
}

/** Those that are the last of a part of the chart, for what `key` tells apart. */
export function lastOfParts(windows: readonly Window[], intervalMs: number, key: (window: Window) => string): Window[] {
  const last = new Map<string, Window>();
  for (const window of windows) {
    const part = `${key(window)} ${Math.floor(window.end / intervalMs)}`;
    if (window.end > (last.get(part)?.end ?? 0)) last.set(part, window);
  }
  return [...last.values()].sort((a, b) => a.end - b.end);
}
