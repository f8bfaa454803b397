import { z } from "zod";
import { durationMs, formatDuration } from "../api/duration.ts";
import type { QueryResult, ResultReader } from "../ports.ts";
import { formatTime } from "../quotes/format-time.ts";
import type { EpochMs } from "../quotes/quote.ts";
import { usageError } from "./cli-error.ts";

/** Flags that say which windows of a store are meant, as they are typed. */
export interface WindowFlags {
  readonly resolution?: string;
  readonly feed?: string;
  readonly at?: string;
}

/** One window of one feed. */
export interface FeedWindow {
  readonly feed: string;
  /** As a manifest has it, such as `5m`. */
  readonly resolution: string;
  /** RFC 3339 in UTC. */
  readonly windowEnd: string;
  /** Picks the window's rows in any view that has its columns. */
  readonly condition: string;
}

const MINUTE_MS = 60_000;
/** Places of the column resolution_minutes. */
const MINUTE_PLACES = 9;

/**
 * The last window of each feed and resolution that the flags leave, up to the time `at`; the shortest first.
 * @param since where some end after it, only windows that do are looked at: BigQuery's time partitions before it, which
 *   cost money to read, are left alone
 */
export async function lastWindows(reader: ResultReader, flags: WindowFlags, since?: EpochMs): Promise<FeedWindow[]> {
  const conditions = ["TRUE"];
  if (flags.feed !== undefined) conditions.push(`feed = ${literal(flags.feed)}`);
  if (flags.resolution !== undefined) conditions.push(`resolution_minutes = ${resolutionLiteral(flags.resolution)}`);
  if (flags.at !== undefined) conditions.push(`window_end <= ${timeLiteral(parseTime("--at", flags.at))}`);
  const recent =
    since === undefined ? [] : await newestEnds(reader, [...conditions, `window_end > ${timeLiteral(since)}`]);
  const rows = recent.length > 0 ? recent : await newestEnds(reader, conditions);
  return rows.map(([feed, minutes, end]) => {
    const windowEnd = Date.parse(String(end));
    return {
      feed: String(feed),
      resolution: formatDuration(Math.round(Number(minutes) * MINUTE_MS)),
      windowEnd: formatTime(windowEnd),
      condition:
        `feed = ${literal(String(feed))} AND resolution_minutes = ${String(minutes)} ` +
        `AND window_end = ${timeLiteral(windowEnd)}`,
    };
  });
}

async function newestEnds(reader: ResultReader, conditions: readonly string[]): Promise<QueryResult["rows"]> {
  const { rows } = await reader.query(
    `SELECT feed, resolution_minutes, MAX(window_end) FROM windows WHERE ${conditions.join(" AND ")} ` +
      "GROUP BY feed, resolution_minutes ORDER BY feed, resolution_minutes",
  );
  return rows;
}

/**
 * A time with its zone, from a flag.
 * @throws CliError (usage)
 */
export function parseTime(flag: string, text: string): EpochMs {
  if (z.iso.datetime({ offset: true }).safeParse(text).success) return Date.parse(text);
  throw usageError(
    `${flag} ${text} is no time. Write one with its zone, such as 2024-03-01T14:35:00Z or 2024-03-01T09:35:00-05:00.`,
  );
}

/** A time as it stands in SQL. */
export function timeLiteral(time: EpochMs): string {
  return `TIMESTAMP '${new Date(time).toISOString()}'`;
}

/** A text that is the same in DuckDB, which doubles quotes, and in GoogleSQL, which escapes by backslashes. */
function literal(text: string): string {
  const parts = text.split(/([^\w ./:-])/u).filter((part) => part !== "");
  const sql = parts.map((part) => (/^[\w ./:-]+$/.test(part) ? `'${part}'` : `CHR(${part.codePointAt(0) ?? 0})`));
  return sql.length === 1 ? sql.join() : `CONCAT(${["''", ...sql].join(", ")})`;
}

function resolutionLiteral(text: string): string {
  try {
    return (durationMs(text) / MINUTE_MS).toFixed(MINUTE_PLACES);
  } catch (error) {
    throw usageError(`--resolution ${error instanceof Error ? error.message : text}`, { cause: error });
  }
}
