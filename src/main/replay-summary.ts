import type { TickFileSummary } from "../adapters/ticks/recording.ts";
import { formatDuration } from "../api/duration.ts";
import { formatTime } from "../quotes/format-time.ts";
import type { ReplayPlan } from "../replay/replay-plan.ts";
import type { ReplayCounts } from "../replay/replay.ts";

/** What a replay did, as `--json` prints it; times are RFC 3339. */
export interface ReplaySummary extends ReplayCounts {
  readonly output: string;
  readonly from: string;
  readonly to: string;
  readonly interval: string;
  readonly resolutions: readonly string[];
  readonly symbols: number;
  readonly ticks: number;
  readonly files: readonly TickFileSummary[];
  /** From the first byte read to the last one written. */
  readonly seconds: number;
  readonly quotesPerSecond: number;
  readonly ticksPerSecond: number;
}

/** Puts together what a replay did. */
export function summarize(
  did: { readonly output: string; readonly symbols: number; readonly seconds: number },
  plan: ReplayPlan,
  files: readonly TickFileSummary[],
  counts: ReplayCounts,
): ReplaySummary {
  const ticks = files.reduce((sum, file) => sum + file.ticks, 0);
  const perSecond = (count: number) => Math.round(count / Math.max(did.seconds, 0.001));
  return {
    output: did.output,
    from: formatTime(plan.from),
    to: formatTime(plan.to),
    interval: formatDuration(plan.intervalMs),
    resolutions: plan.windows.map(({ sizeMs }) => formatDuration(sizeMs)),
    symbols: did.symbols,
    files,
    ticks,
    ...counts,
    seconds: Number(did.seconds.toFixed(3)),
    quotesPerSecond: perSecond(counts.quotes),
    ticksPerSecond: perSecond(ticks),
  };
}

/** The summary as people read it. */
export function summaryText(summary: ReplaySummary): string {
  const { output, from, to, interval, resolutions, symbols, slots, quotes, rows, ticks, seconds } = summary;
  const lines = [
    `${output === "-" ? "Standard output" : output}: ${count(rows, "row")} of ${resolutions.join(", ")} windows, ${count(symbols, "symbol")}`,
    `${count(ticks, "tick")} → ${count(quotes, "quote")} at ${count(slots, "slot")}, ${from} to ${to} every ${interval}`,
    `${seconds} s, ${figure(summary.quotesPerSecond)} quotes/s, ${figure(summary.ticksPerSecond)} ticks/s`,
    ...summary.files.flatMap(badLinesText),
  ];
  return `${lines.join("\n")}\n`;
}

/** Lines of a file that were left out, a text a reason; none where every line was good. */
export function badLinesText({ path, lines, badLines }: TickFileSummary): string[] {
  if (badLines.length === 0) return [];
  const total = badLines.reduce((sum, bad) => sum + bad.count, 0);
  return [
    `${path}: ${figure(total)} of ${count(lines, "line")} left out`,
    ...badLines.map((bad) => {
      const more = bad.count > bad.lines.length ? " …" : "";
      const where = `${bad.lines.length === 1 ? "line" : "lines"} ${bad.lines.join(", ")}${more}`;
      return `  ${bad.reason}: ${figure(bad.count)} (${where}), the first: ${bad.detail}`;
    }),
  ];
}

/**
 * So many of something, in words for people.
 * @example count(1_200, "line") === "1,200 lines"
 */
export function count(value: number, noun: string): string {
  return `${figure(value)} ${noun}${value === 1 ? "" : "s"}`;
}

function figure(value: number): string {
  return value.toLocaleString("en-US");
}
