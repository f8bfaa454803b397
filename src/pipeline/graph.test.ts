import fc from "fast-check";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type QuoteScript, quoteScript } from "../../test/conformance/quote-script.ts";
import { bruteForceRows, rowsIn, winningRows } from "../../test/conformance/rows.ts";
import type { WindowSpec } from "../windows/window-spec.ts";
import { boundedGraph } from "./graph.ts";
import { directRunner } from "apache-beam/runners/direct_runner";

const START = Date.UTC(2024, 0, 2, 14, 30);

/** The interval, and a window of some slots over it. */
const windows: fc.Arbitrary<WindowSpec> = fc.constantFrom(1_000, 10_000, 60_000).chain((periodMs) =>
  fc.record({
    sizeMs: fc.integer({ min: 1, max: 12 }).map((slots) => slots * periodMs),
    periodMs: fc.constant(periodMs),
    offsetMs: fc.oneof(fc.constantFrom(0, periodMs / 2), fc.integer({ min: 0, max: periodMs - 1 })),
    allowedLatenessMs: fc.constant(0),
  }),
);

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "stockfeed-beam-"));
  // The runner says what it does.
  vi.spyOn(console, "debug").mockImplementation(() => undefined);
});
afterAll(async () => rm(directory, { recursive: true }));

let runs = 0;
async function run({ feed, symbols, messages }: QuoteScript, window: WindowSpec) {
  const own = join(directory, String(runs++));
  const [quotesFile, rows, letters] = [join(own, "quotes.ndjson"), join(own, "rows"), join(own, "letters")];
  for (const made of [own, rows, letters]) await mkdir(made);
  await writeFile(quotesFile, messages.map(({ data }) => `${data}\n`).join(""));
  const files = { quotesFile, rowsDirectory: rows, deadLettersDirectory: letters };
  await directRunner().runPipeline(boundedGraph({ feed, symbols, window, ...files }));
  return { rows: await rowsIn(rows), letters: await rowsIn(letters) };
}

const scripts = fc.record({
  seed: fc.nat(),
  slots: fc.integer({ min: 1, max: 25 }),
  disorder: fc.integer({ min: 0, max: 30 }),
  start: fc.integer({ min: -3, max: 3 }),
});

describe("the Beam graph", () => {
  it("writes the rows of brute force, of quotes that come twice, with rivals, in disorder and among bad records", async () => {
    await fc.assert(
      fc.asyncProperty(windows, scripts, async (window, { start, ...options }) => {
        const intervalMs = window.periodMs;
        const symbols = ["AAPL", "BRK.B", "MSFT"];
        const script = quoteScript({ ...options, symbols, intervalMs, start: START + start * intervalMs });
        const quotes = script.messages.flatMap(({ is }) => (typeof is === "string" ? [] : [is]));
        const { rows, letters } = await run(script, window);
        expect(winningRows(rows)).toEqual(bruteForceRows(quotes, window));
        expect(rows.every(({ engine }) => engine === "Beam")).toBe(true);
        const reasons = letters.map(({ attributes }) => (attributes as unknown as { reason: string }).reason);
        const wanted = script.messages.flatMap(({ is }) => (typeof is === "string" ? [is] : []));
        expect(reasons.sort()).toEqual(wanted.sort());
      }),
      { numRuns: 40 },
    );
  });
});
