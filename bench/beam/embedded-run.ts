/**
 * The embedded engine from a file of quotes to files of rows and of dead letters, as a program by itself: the decoder, the
 * stream and the rows of `stockfeed stream`, with a file in Pub/Sub's place and files in BigQuery's. Its argument is a
 * job's file. The watermark stays the job's disorder behind the newest quote.
 */
import { openSync, writeSync } from "node:fs";
import { open, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { DeadLetters, ResultSink } from "../../src/ports.ts";
import type { Quote } from "../../src/quotes/quote.ts";
import { decodeQuote, encodeDeadLetter } from "../../src/quotes/wire.ts";
import { FeedStream } from "../../src/stream/feed-stream.ts";
import { rowJson } from "../../src/windows/row-json.ts";
import { countingTelemetry } from "../../test/fakes/counting-telemetry.ts";
import type { BeamJob } from "./work.ts";

const END = Date.UTC(2100, 0);

async function run(job: BeamJob): Promise<void> {
  const { feed, symbols, quotesFile, lettersDirectory, start, disorderMs, windows } = job;
  const letters = new LineFile(lettersDirectory);
  let now = 0;
  const asleep = () => Promise.reject(new Error("nothing sleeps here"));
  const stream = new FeedStream({
    feed,
    symbols,
    windows,
    watermark: start,
    writtenUpTo: -Infinity,
    sink: rowFiles(job),
    deadLetters: letterFile(letters),
    clock: { now: () => now, sleepUntil: asleep },
    machineClock: { now: () => Date.now(), sleepUntil: asleep },
    telemetry: countingTelemetry().telemetry,
    observer: { onQuotes: ignore, onRows: ignore, onWatermark: ignore, onSinkError: ignore },
    signal: new AbortController().signal,
  });
  let batch: Quote[] = [];
  const file = await open(quotesFile);
  for await (const line of file.readLines()) {
    const decoded = decodeQuote(line);
    if (!("quote" in decoded) || decoded.quote.feed !== feed) {
      letters.add({ attributes: { reason: "quote" in decoded ? "Malformed" : decoded.reason } });
      continue;
    }
    const { observedAt } = decoded.quote;
    if (observedAt > now && observedAt % (windows[0]?.periodMs ?? 1) === 0) {
      await stream.take(batch);
      batch = [];
      now = observedAt;
      await stream.advance(now - disorderMs);
    }
    batch.push(decoded.quote);
  }
  await stream.take(batch);
  await stream.advance(END);
}

/** Lines that are written as they come to a megabyte, and when the program ends. */
class LineFile {
  readonly #file: number;
  #text = "";

  constructor(directory: string) {
    this.#file = openSync(join(directory, "all.ndjson"), "w");
    process.once("exit", () => {
      this.#write();
    });
  }

  add(value: object): void {
    this.#text += `${JSON.stringify(value)}\n`;
    if (this.#text.length > 1 << 20) this.#write();
  }

  #write(): void {
    writeSync(this.#file, this.#text);
    this.#text = "";
  }
}

function rowFiles({ windows }: BeamJob): ResultSink {
  const files = new Map(windows.map(({ sizeMs, rowsDirectory }) => [sizeMs / 60_000, new LineFile(rowsDirectory)]));
  return {
    writeRows: (rows) => {
      for (const row of rows) files.get(row.resolutionMinutes)?.add(rowJson(row));
      return Promise.resolve();
    },
  };
}

function letterFile(file: LineFile): DeadLetters {
  return {
    putDeadLetters: (letters) => {
      for (const letter of letters) file.add(encodeDeadLetter(letter));
      return Promise.resolve();
    },
  };
}

function ignore(): void {
  // Nobody looks.
}

await run(JSON.parse(await readFile(process.argv[2] ?? "", "utf8")) as BeamJob);
