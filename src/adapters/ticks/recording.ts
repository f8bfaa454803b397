import { stat } from "node:fs/promises";
import type { BadLineCount } from "../../quotes/bad-lines.ts";
import { SymbolTable } from "../../quotes/symbol-table.ts";
import { type HistoryRange, TickHistory } from "../../quotes/tick-history.ts";
import { TickScanner } from "../../quotes/tick-scanner.ts";
import { readTickFile } from "./tick-file.ts";

/** What one tick file held. */
export interface TickFileSummary {
  readonly path: string;
  /** Blank ones included. */
  readonly lines: number;
  readonly ticks: number;
  readonly badLines: readonly BadLineCount[];
}

/** The ticks of one or more files together. */
export interface Recording {
  readonly history: TickHistory;
  /** Symbols by the number that they have in the history. */
  readonly symbols: readonly string[];
  readonly files: readonly TickFileSummary[];
}

export interface ReadingProgress {
  /** Bytes of all files. */
  readonly total: number;
  /** Bytes read so far. */
  readonly read: number;
}

/**
 * Reads tick files into the history of one range; a file's lines may be in any order, and so may the files. Lines that
 * are no ticks are counted, file by file.
 * @throws TickFileError for a file that cannot be read as a whole
 */
export async function readRecording(
  paths: readonly string[],
  range: HistoryRange,
  { signal, onProgress }: { signal?: AbortSignal; onProgress?: (progress: ReadingProgress) => void } = {},
): Promise<Recording> {
  const history = new TickHistory(range);
  const symbols = new SymbolTable();
  const files: TickFileSummary[] = [];
  const sizes = await Promise.all(paths.map(sizeOf));
  const total = sizes.reduce((sum, size) => sum + size, 0);
  let before = 0;
  for (const [i, path] of paths.entries()) {
    const scanner = new TickScanner(symbols, (block) => {
      history.add(block);
    });
    const onRead = (bytes: number) => onProgress?.({ total, read: before + bytes });
    for await (const chunk of readTickFile(path, { signal, onRead })) scanner.write(chunk);
    scanner.end();
    files.push({ path, lines: scanner.lines, ticks: scanner.ticks, badLines: scanner.badLines() });
    before += sizes[i] ?? 0;
  }
  return { history, symbols: symbols.names, files };
}

/** Bytes of a file; 0 for one that is not there, which reading it will say. */
async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch {
    return 0;
  }
}
