import { Command, Option } from "commander";
import { openRowFile, rowStream } from "../adapters/row-files/open-row-file.ts";
import type { RowNames } from "../adapters/row-files/row-encoder.ts";
import type { RowFile } from "../adapters/row-files/row-file.ts";
import { RowFileError } from "../adapters/row-files/target.ts";
import { readRecording, type Recording } from "../adapters/ticks/recording.ts";
import { TickFileError } from "../adapters/ticks/tick-file.ts";
import { CELL_LIMIT } from "../api/window-rules.ts";
import type { EpochMs } from "../quotes/quote.ts";
import type { TickPlayback } from "../quotes/tick-playback.ts";
import { BeamMemoryError, RefusedQuotesError } from "../pipeline/beam-errors.ts";
import { planReplay, type ReplayPlan, type ReplayRequest } from "../replay/replay-plan.ts";
import { replay, type ReplayCounts, type ReplayOutput } from "../replay/replay.ts";
import { rowObjects } from "../windows/row-objects.ts";
import type { RowColumns } from "../windows/row-columns.ts";
import type { WindowRow } from "../windows/window-row.ts";
import { slotsPerWindow } from "../windows/window-spec.ts";
import { CliError, usageError } from "./cli-error.ts";
import { type CommandIo, printJson } from "./command-io.ts";
import { EXIT } from "./exit-codes.ts";
import { withProgress } from "./progress.ts";
import { parseReplayFlags, REPLAY_ENGINES, type ReplayFlags } from "./replay-flags.ts";
import { badLinesText, summarize, summaryText } from "./replay-summary.ts";
import { viewRows, viewsText } from "./replay-views.ts";

const EXAMPLES = `
A tick file has a line a tick, in any order:
  {"symbol":"AIG","latestPrice":49.18,"latestUpdate":1381132800000,"volume":300}

Examples:
  $ stockfeed replay ticks.ndjson.gz --output rows.ndjson
  $ stockfeed replay ticks.ndjson.gz --from 2013-10-07T13:30:00Z --to 2013-10-07T20:00:00Z --output rows.parquet --views
  $ stockfeed replay mon.ndjson tue.ndjson --interval 1s --resolutions 30s,1m --output - | head
  $ stockfeed replay ticks.ndjson.gz --engine beam --output beam.ndjson
`;

const BEAM_MEND =
  "It holds every quote once a window. Replay a shorter time or fewer symbols, or take --engine embedded.";

type ReplayIo = Pick<CommandIo, "stdout" | "stderr">;

/** What a run has found out by its end. */
interface Replayed {
  readonly counts: ReplayCounts;
  /** Rows of the last window of each resolution; empty unless the views are asked for. */
  readonly lastRows: readonly WindowRow[];
}

/** `stockfeed replay`: recorded ticks to the rows of their windows. */
export function replayCommand(io: ReplayIo = process): Command {
  return new Command("replay")
    .description("turn recorded ticks into the rows of their windows")
    .argument("<ticks...>", "tick files: NDJSON, plain or gzipped")
    .option("--from <time>", "first slot to poll (default: the first that sees a tick)")
    .option("--to <time>", "end of the last window; slots before it are polled (default: a slot after the last tick)")
    .option("--interval <duration>", "time between polls, as in polling.interval", "10s")
    .option(
      "--offset <duration>",
      "where windows start within the interval (default: 5s, or half the interval if less)",
    )
    .option("--resolutions <list>", "lengths of the windows, separated by commas", "1m,5m,15m")
    .requiredOption("--output <file>", "where rows go: .ndjson, .csv or .parquet, or - for NDJSON to standard output")
    .addOption(
      new Option(
        "--engine <engine>",
        "what computes the windows: beam is the graph of Dataflow jobs, run here, and slow",
      )
        .choices(REPLAY_ENGINES)
        .default("embedded"),
    )
    .option("--views", "print top stocks and percentage gain of the last window of each resolution")
    .option("--json", "print the summary as JSON")
    .addHelpText("after", EXAMPLES)
    .action(async (ticks: string[], flags: ReplayFlags) => {
      const stop = new AbortController();
      const onSignal = () => {
        stop.abort();
      };
      for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, onSignal);
      try {
        await run(ticks, flags, io, stop.signal);
      } catch (error) {
        throw stop.signal.aborted && error === stop.signal.reason ? stoppedError(flags) : toCliError(error);
      } finally {
        for (const name of ["SIGINT", "SIGTERM"] as const) process.off(name, onSignal);
      }
    });
}

async function run(ticks: readonly string[], flags: ReplayFlags, io: ReplayIo, signal: AbortSignal): Promise<void> {
  const request = parseReplayFlags(flags, ticks);
  const started = performance.now();
  const recording = await withProgress(io, "Reading ticks  ", async (update) =>
    readRecording(ticks, request, {
      signal,
      onProgress: ({ read, total }) => {
        update(read / total);
      },
    }),
  );
  const plan = planFor(request, recording);
  const playback = recording.history.playback(recording.symbols);
  checkSize(playback, plan);
  const { counts, lastRows } = await writeRows(playback, plan, flags, io, signal);
  const did = { output: flags.output, symbols: playback.symbols.length, seconds: (performance.now() - started) / 1000 };
  const summary = summarize(did, plan, recording.files, counts);
  const views = flags.views === true ? await viewRows(lastRows) : undefined;
  // Standard output carries either rows or what is said about them.
  const out = flags.output === "-" ? io.stderr : io.stdout;
  if (flags.json === true) {
    printJson({ stdout: out }, views === undefined ? summary : { ...summary, views });
    return;
  }
  out.write(summaryText(summary));
  if (views !== undefined) out.write(`\n${viewsText(views)}`);
}

function planFor(request: ReplayRequest, { history, files }: Recording): ReplayPlan {
  if (history.span === undefined) {
    const found = files.flatMap((file) => (file.lines === 0 ? [`${file.path}: empty`] : badLinesText(file)));
    throw usageError(`There are no ticks to replay.\n${found.join("\n")}`);
  }
  try {
    return planReplay(request, history.span);
  } catch (error) {
    throw error instanceof RangeError ? usageError(error.message) : error;
  }
}

/** Refuses what memory could not hold, by the limit that a feed has too. */
function checkSize({ symbols }: TickPlayback, { windows }: ReplayPlan): void {
  const cells = symbols.length * Math.max(...windows.map(slotsPerWindow));
  if (cells < CELL_LIMIT) return;
  throw usageError(
    `${symbols.length} symbols x the slots of the longest window are ${cells}, and must stay under ${CELL_LIMIT}. ` +
      "Take shorter --resolutions or a longer --interval, or replay fewer symbols at a time.",
  );
}

async function writeRows(
  playback: TickPlayback,
  plan: ReplayPlan,
  { output, views, engine }: ReplayFlags,
  io: ReplayIo,
  signal: AbortSignal,
): Promise<Replayed> {
  const names: RowNames = { symbols: playback.symbols, windows: plan.windows };
  const file: RowFile = output === "-" ? rowStream(io.stdout, names) : await openRowFile(output, names);
  const lastRows: WindowRow[] = [];
  const write = (rows: RowColumns) => {
    file.write(rows);
    // A resolution has one window that ends in the last interval before plan.to.
    if (views !== true || rows.windowEnd <= plan.to - plan.intervalMs) return;
    // One by one: as arguments of one call, the rows of 130,000 symbols overflow the stack.
    const name = engine === "beam" ? "Beam" : "Embedded";
    for (const row of rowObjects(rows, { ...names, feed: "replay", engine: name }, plan.to)) lastRows.push(row);
  };
  try {
    const compute = engine === "beam" ? computeOnBeam : computeEmbedded;
    const counts = await withProgress(io, "Writing windows", async (update) =>
      compute(playback, plan, { write, drain: () => file.drain() }, update, signal),
    );
    await file.close();
    return { counts, lastRows };
  } catch (error) {
    await file.discard();
    throw error;
  }
}

type Compute = (
  playback: TickPlayback,
  plan: ReplayPlan,
  output: ReplayOutput,
  onShare: (share: number) => void,
  signal: AbortSignal,
) => Promise<ReplayCounts>;

const computeEmbedded: Compute = async (playback, plan, output, onShare, signal) => {
  const onSlot = (slot: EpochMs) => {
    onShare((slot - plan.from) / (plan.to - plan.from));
  };
  return replay(playback, plan, output, { signal, onSlot });
};

/** Loads Beam, which takes long. */
const computeOnBeam: Compute = async (playback, plan, output, onShare, signal) => {
  const { replayOnBeam } = await import("../pipeline/beam-replay.ts");
  return replayOnBeam({ ...plan, playback }, output, { onShare, signal });
};

/** A stopped run leaves no file; what has gone to standard output can't be taken back. */
function stoppedError({ output }: ReplayFlags): CliError {
  const message =
    output === "-" ? "Stopped before all rows were on standard output." : "Stopped; no rows were written.";
  return new CliError(message, { exitCode: EXIT.interrupted });
}

function toCliError(error: unknown): unknown {
  if (error instanceof TickFileError) return usageError(error.message, { cause: error });
  if (error instanceof BeamMemoryError) return usageError(`${error.message} ${BEAM_MEND}`, { cause: error });
  if (error instanceof RefusedQuotesError) return usageError(error.message, { cause: error });
  if (error instanceof RowFileError) return new CliError(error.message, { cause: error });
  return error;
}
