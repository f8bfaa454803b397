/**
 * A recording replayed on Beam: the quotes that polling it would have given go through a file into the graph of a Dataflow
 * job, one run a resolution, on Beam's DirectRunner.
 */
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DeadLetterMessage } from "../quotes/wire.ts";
import { quoteJson } from "../quotes/wire.ts";
import type { EpochMs } from "../quotes/quote.ts";
import { firstSlotFrom } from "../quotes/slots.ts";
import type { TickPlayback } from "../quotes/tick-playback.ts";
import type { RowColumns } from "../windows/row-columns.ts";
import { rowColumnsOf } from "../windows/row-columns-of.ts";
import { readRowJson } from "../windows/row-json.ts";
import type { WindowRow } from "../windows/window-row.ts";
import type { WindowSpec } from "../windows/window-spec.ts";
import { RefusedQuotesError } from "./beam-errors.ts";
import { runDirect } from "./direct-runner.ts";

/** What to replay: polls in [from, to), windows that end by `to`. */
export interface BeamReplay {
  readonly playback: TickPlayback;
  readonly intervalMs: number;
  readonly from: EpochMs;
  readonly to: EpochMs;
  readonly windows: readonly WindowSpec[];
}

/** Where the rows go. */
export interface BeamReplayOutput {
  write(rows: RowColumns): void;
  drain(): Promise<void> | undefined;
}

const FEED = "replay";

/**
 * Gives the rows of every window that ends at or before `to` and holds a quote, in order of window end, then of `windows`,
 * then of the symbol. All are held in memory until the last is there.
 * @param onShare called with the share that is done
 * @throws BeamMemoryError, RefusedQuotesError, the signal's reason when aborted
 */
export async function replayOnBeam(
  replay: BeamReplay,
  output: BeamReplayOutput,
  { onShare, signal }: { onShare?: (share: number) => void; signal?: AbortSignal } = {},
): Promise<{ slots: number; quotes: number; rows: number }> {
  const directory = await mkdtemp(join(tmpdir(), "stockfeed-beam-"));
  try {
    const quotesFile = join(directory, "quotes.ndjson");
    const counts = await writeQuotes(replay, quotesFile, signal);
    const { symbols } = replay.playback;
    const rows: { windowIndex: number; row: WindowRow }[] = [];
    for (const [windowIndex, window] of replay.windows.entries()) {
      const rowsDirectory = join(directory, `rows-${windowIndex}`);
      const deadLettersDirectory = join(directory, `letters-${windowIndex}`);
      for (const made of [rowsDirectory, deadLettersDirectory]) await mkdir(made);
      await runDirect({ feed: FEED, symbols, window, quotesFile, rowsDirectory, deadLettersDirectory }, signal);
      await refuseLetters(deadLettersDirectory);
      for await (const json of linesIn(rowsDirectory)) {
        const row = readRowJson(json as Record<string, string | number>);
        if (row.windowEnd <= replay.to) rows.push({ windowIndex, row });
      }
      onShare?.((windowIndex + 1) / replay.windows.length);
    }
    await writeRows(rows, symbols, output);
    return { ...counts, rows: rows.length };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Polls the recording at every slot, and writes what it gives as messages of quotes. */
async function writeQuotes(
  { playback, intervalMs, from, to }: BeamReplay,
  path: string,
  signal: AbortSignal | undefined,
): Promise<{ slots: number; quotes: number }> {
  const counts = { slots: 0, quotes: 0 };
  const file = createWriteStream(path);
  for (let slot = firstSlotFrom(from, intervalMs); slot < to; slot += intervalMs) {
    signal?.throwIfAborted();
    playback.seek(slot);
    const lines = playback.symbols.flatMap((symbol, i) => {
      const [price = 0, providerTime = 0] = [playback.prices[i], playback.times[i]];
      if (price === 0) return [];
      return [`${quoteJson({ feed: FEED, symbol, price, observedAt: slot, providerTime, provider: "Replay" })}\n`];
    });
    counts.slots += 1;
    counts.quotes += lines.length;
    if (!file.write(lines.join(""))) await once(file, "drain");
  }
  file.end();
  await once(file, "close");
  return counts;
}

async function refuseLetters(directory: string): Promise<void> {
  for await (const letter of linesIn(directory)) {
    const { reason, detail } = (letter as DeadLetterMessage).attributes;
    throw new RefusedQuotesError(`Beam takes no quotes that are ${reason}: ${detail}`);
  }
}

async function* linesIn(directory: string): AsyncGenerator<unknown, void> {
  for (const name of await readdir(directory)) {
    for (const line of (await readFile(join(directory, name), "utf8")).split("\n")) {
      if (line !== "") yield JSON.parse(line);
    }
  }
}

async function writeRows(
  rows: { readonly windowIndex: number; readonly row: WindowRow }[],
  symbols: readonly string[],
  output: BeamReplayOutput,
): Promise<void> {
  const numbers = new Map(symbols.map((symbol, i) => [symbol, i]));
  const batches = Map.groupBy(rows, ({ windowIndex, row }) => `${row.windowEnd} ${windowIndex}`);
  const number = ({ row }: { readonly row: WindowRow }) => numbers.get(row.symbol) ?? -1;
  const inOrder = [...batches.values()].sort(([a], [b]) => {
    if (a === undefined || b === undefined) return 0;
    return a.row.windowEnd - b.row.windowEnd || a.windowIndex - b.windowIndex;
  });
  for (const batch of inOrder) {
    const own = batch.sort((a, b) => number(a) - number(b)).map(({ row }) => row);
    output.write(rowColumnsOf(own, batch[0]?.windowIndex ?? 0, numbers));
    await output.drain();
  }
}
