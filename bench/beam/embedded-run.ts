/**
 * The embedded engine from a file of quotes to files of rows and of dead letters, as a program by itself: the decoder, the
 * stream and the rows of `stockfeed stream`, with a file in Pub/Sub's place and files in BigQuery's. Its argument is a
 * job's file. The watermark stays the job's disorder behind the newest quote.
 */
import { createReadStream, openSync, writeSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { DeadLetters, ResultSink } from "../../src/ports.ts";
import type { Quote } from "../../src/quotes/quote.ts";
import { decodeQuote, encodeDeadLetter } from "../../src/quotes/wire.ts";
import { rowJson } from "../../src/windows/row-json.ts";
import { silentStream } from "../../test/fakes/silent-stream.ts";
import type { BeamJob } from "./work.ts";

const NEWLINE = 0x0a;
const END = Date.UTC(2100, 0);

async function run(job: BeamJob): Promise<void> {
  const { feed, symbols, quotesFile, lettersDirectory, start, disorderMs, windows } = job;
  const letters = new LineFile(lettersDirectory);
  let now = 0;
  const stream = silentStream({
    feed,
    symbols,
    windows,
    watermark: start,
    sink: rowFiles(job),
    deadLetters: letterFile(letters),
    now: () => now,
    machineNow: Date.now,
  });
  let batch: Quote[] = [];
  for await (const lines of linesOf(quotesFile)) {
    for (const line of lines) {
      const decoded = decodeQuote(line);
      if (!("quote" in decoded) || decoded.quote.feed !== feed) {
        letters.add(JSON.stringify({ attributes: { reason: "quote" in decoded ? "Malformed" : decoded.reason } }));
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
  }
  await stream.take(batch);
  await stream.advance(END);
}

/** The lines of a file as bytes, which is how Pub/Sub hands messages over; some hundred at once. */
async function* linesOf(path: string): AsyncGenerator<readonly Uint8Array[]> {
  let rest: Uint8Array = Buffer.alloc(0);
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 17 }) as AsyncIterable<Buffer>) {
    const bytes = Buffer.concat([rest, chunk]);
    const lines: Uint8Array[] = [];
    let start = 0;
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
      lines.push(bytes.subarray(start, end));
      start = end + 1;
    }
    rest = bytes.subarray(start);
    yield lines;
  }
  if (rest.length > 0) yield [rest];
}

/** Lines that are written as they come to a megabyte, and when the program ends. */
class LineFile {
  readonly #file: number;
  readonly #bytes = Buffer.alloc(1 << 20);
  #length = 0;

  constructor(directory: string) {
    this.#file = openSync(join(directory, "all.ndjson"), "w");
    process.once("exit", () => {
      this.#write();
    });
  }

  add(line: string): void {
    if (this.#length + 3 * line.length >= this.#bytes.length) this.#write();
    this.#length += this.#bytes.write(line, this.#length);
    this.#bytes[this.#length++] = NEWLINE;
  }

  #write(): void {
    writeSync(this.#file, this.#bytes, 0, this.#length);
    this.#length = 0;
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
      for (const letter of letters) file.add(JSON.stringify(encodeDeadLetter(letter)));
      return Promise.resolve();
    },
  };
}

await run(JSON.parse(await readFile(process.argv[2] ?? "", "utf8")) as BeamJob);
