import { resolve } from "node:path";
import type { z } from "zod";
import { isRowFile, ROW_FILE_ENDINGS } from "../adapters/row-files/open-row-file.ts";
import { durationMs } from "../api/duration.ts";
import { specSchema } from "../api/stockfeed.ts";
import { readWording } from "../api/wording.ts";
import type { ReplayRequest } from "../replay/replay-plan.ts";
import { defaultOffsetMs } from "../windows/window-spec.ts";
import { usageError } from "./cli-error.ts";
import { parseTime } from "./last-windows.ts";

/** What may compute the windows of a replay. */
export const REPLAY_ENGINES = ["embedded", "beam"] as const;

/** The flags of `stockfeed replay` as they are typed. */
export interface ReplayFlags {
  readonly from?: string;
  readonly to?: string;
  readonly interval: string;
  readonly offset?: string;
  readonly resolutions: string;
  readonly output: string;
  readonly engine: (typeof REPLAY_ENGINES)[number];
  readonly views?: boolean;
  readonly json?: boolean;
}

/**
 * Reads the flags and checks them, by the rules that hold for a manifest.
 * @throws CliError (usage) that names the flag, its value and the mend
 */
export function parseReplayFlags(flags: ReplayFlags, ticks: readonly string[]): ReplayRequest {
  const from = flags.from === undefined ? undefined : parseTime("--from", flags.from);
  const to = flags.to === undefined ? undefined : parseTime("--to", flags.to);
  if (from !== undefined && to !== undefined && to <= from) {
    throw usageError(`--to ${String(flags.to)} is not after --from ${String(flags.from)}.`);
  }
  checkOutput(flags.output, ticks);
  return { from, to, ...parseWindows(flags) };
}

function checkOutput(output: string, ticks: readonly string[]): void {
  if (output === "-") return;
  if (!isRowFile(output)) {
    throw usageError(
      `--output ${output} must end in ${ROW_FILE_ENDINGS.join(", ")}, or be - for NDJSON to standard output.`,
    );
  }
  const same = ticks.find((path) => resolve(path) === resolve(output));
  if (same !== undefined) throw usageError(`--output ${output} is a file of ticks to replay. Name another.`);
}

/** The interval and the windows, as a feed with these settings would have them. */
function parseWindows({ interval, offset, resolutions }: ReplayFlags): Pick<ReplayRequest, "intervalMs" | "windows"> {
  const spec = specSchema.safeParse({
    symbols: ["ANY"],
    provider: { type: "Simulated" },
    polling: { interval },
    resolutions: resolutions.split(",").map((window) => ({ window: window.trim(), offset, allowedLateness: "0s" })),
  });
  if (!spec.success) throw usageError(describe(spec.error.issues[0], { interval, offset, resolutions }));
  const intervalMs = durationMs(interval);
  const offsetMs = offset === undefined ? defaultOffsetMs(intervalMs) : durationMs(offset);
  const windows = spec.data.resolutions
    .map(({ window }) => ({ sizeMs: durationMs(window), periodMs: intervalMs, offsetMs, allowedLatenessMs: 0 }))
    .sort((a, b) => a.sizeMs - b.sizeMs);
  return { intervalMs, windows };
}

/** What the schema finds wrong, in terms of the flags. */
function describe(
  issue: z.core.$ZodIssue | undefined,
  flags: Readonly<Record<"interval" | "offset" | "resolutions", string | undefined>>,
): string {
  const [, , field] = issue?.path ?? [];
  const flag = issue?.path[0] === "polling" ? "interval" : field === "offset" ? "offset" : "resolutions";
  const words = readWording(issue?.message ?? "");
  const what = words === undefined ? (issue?.message ?? "") : `${words.rule}. ${words.fix}`;
  return `--${flag} ${String(flags[flag])} ${what}`.replaceAll("polling.interval", "--interval");
}
