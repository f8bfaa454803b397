import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ReadingProgress, readRecording } from "./recording.ts";

const line = (symbol: string, latestPrice: number, latestUpdate: number) =>
  `${JSON.stringify({ symbol, latestPrice, latestUpdate, volume: 1 })}\n`;

describe("a recording", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "stockfeed-recording-"));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });
  const write = (name: string, bytes: string | Uint8Array) => {
    const path = join(folder, name);
    writeFileSync(path, bytes);
    return path;
  };

  it("is all its files together, in any order of time", async () => {
    const late = write("late.ndjson", line("B", 5, 5_000) + line("A", 6, 6_000));
    const early = write("early.ndjson.gz", gzipSync(line("A", 1, 1_000) + line("A", 2, 6_000)));
    const { history, symbols } = await readRecording([late, early], { intervalMs: 1 });
    expect(history.span).toEqual({ first: 1_000, last: 6_000 });
    const playback = history.playback(symbols);
    expect(playback.symbols).toEqual(["A", "B"]);
    const seen = [1_000, 5_000, 6_000].map((slot) => {
      playback.seek(slot);
      return Array.from(playback.prices);
    });
    expect(seen).toEqual([
      [1_000_000, 0],
      [1_000_000, 5_000_000],
      [6_000_000, 5_000_000],
    ]);
  });

  it("counts lines, ticks and bad lines file by file", async () => {
    const one = write("one.ndjson", `${line("A", 1, 1)}junk\n${line("A", -1, 1)}`);
    const two = write("two.ndjson", `${line("a", 1, 1)}\n${line("A", 1, 2).slice(0, -3)}`);
    const { files } = await readRecording([one, two], { intervalMs: 1 });
    expect(files).toMatchObject([
      {
        path: one,
        lines: 3,
        ticks: 1,
        badLines: [
          { reason: "Malformed", count: 1, lines: [2] },
          { reason: "InvalidPrice", count: 1, lines: [3] },
        ],
      },
      {
        path: two,
        lines: 3,
        ticks: 0,
        badLines: [
          { reason: "InvalidSymbol", count: 1, lines: [1] },
          { reason: "Truncated", count: 1, lines: [3] },
        ],
      },
    ]);
  });

  it("says how far reading has come over all files", async () => {
    const paths = ["p1", "p2"].map((name) => write(name, line("A", 1, 1)));
    const progress: ReadingProgress[] = [];
    await readRecording(paths, { intervalMs: 1 }, { onProgress: (step) => progress.push(step) });
    const size = line("A", 1, 1).length;
    expect(progress).toEqual([
      { total: 2 * size, read: size },
      { total: 2 * size, read: 2 * size },
    ]);
  });
});
