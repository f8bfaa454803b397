import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { boundedGraph, pipelineBytes } from "../../src/pipeline/graph.ts";
import { quoteScript } from "../conformance/quote-script.ts";
import { bruteForceRows, rowsIn, winningRows } from "../conformance/rows.ts";
import { withoutPart } from "../missing-part.ts";
import { type Prism, prismMissing, startPrism } from "./prism.ts";

const window = { sizeMs: 60_000, periodMs: 10_000, offsetMs: 5_000, allowedLatenessMs: 0 };
const symbols = ["AAPL", "MSFT", "GOOG"];

describe.skipIf(withoutPart(await prismMissing()))("Prism with our worker", () => {
  let prism: Prism;
  let directory: string;

  beforeAll(async () => {
    prism = await startPrism();
    directory = await mkdtemp(join(tmpdir(), "stockfeed-prism-test-"));
  }, 600_000);

  afterAll(async () => {
    await prism.stop();
    await rm(directory, { recursive: true, force: true });
  });

  function pipeline(feed: string, quotesFile: string): Uint8Array {
    const [rowsDirectory, deadLettersDirectory] = [join(directory, "rows"), join(directory, "letters")];
    return pipelineBytes(boundedGraph({ feed, symbols, window, quotesFile, rowsDirectory, deadLettersDirectory }));
  }

  it("writes the rows of brute force, and ends the worker well", async () => {
    const start = Date.UTC(2024, 0, 2, 14, 30);
    const { feed, messages } = quoteScript({ seed: 1, symbols, intervalMs: 10_000, start, slots: 60, disorder: 20 });
    const quotes = join(directory, "quotes.ndjson");
    for (const name of ["rows", "letters"]) await mkdir(join(directory, name));
    await writeFile(quotes, messages.map(({ data }) => `${data}\n`).join(""));
    const { state, messages: said } = await prism.run(pipeline(feed, quotes));
    expect(said.join("\n")).toContain("completed");
    expect(state).toBe("DONE");
    const good = messages.flatMap(({ is }) => (typeof is === "string" ? [] : [is]));
    expect(winningRows(await rowsIn(join(directory, "rows")))).toEqual(bruteForceRows(good, window));
    expect(await rowsIn(join(directory, "letters"))).toHaveLength(messages.length - good.length);
    expect(prism.workerExits).toEqual([0]);
  });

  it("says why a pipeline failed", async () => {
    const { state, messages } = await prism.run(pipeline("markets/tech", join(directory, "nowhere.ndjson")));
    expect(state).toBe("FAILED");
    expect(messages.join("\n")).toContain("nowhere.ndjson");
    expect(await readFile(prism.log, "utf8")).toContain("nowhere.ndjson");
  });
});
