import type { Readable } from "node:stream";

/** Longest answer, and longest line of a watch, that is read: a page of 500 objects is some megabytes. */
const MAX_BYTES = 64 * 1024 * 1024;

/** The whole of an answer as text; calls back at each piece. @throws Error when it breaks off or is longer than 64 MiB */
export async function textOf(body: Readable, onPiece: () => void): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    onPiece();
    length += chunk.length;
    if (length > MAX_BYTES) throw new Error("the answer is longer than 64 MiB");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length).toString("utf8");
}

/**
 * The lines of an answer, without empty ones, as they come. What follows the last line feed is no line: a server that
 * ends a watch well ends it after a whole event. @throws Error when it breaks off, or ends inside a line
 */
export async function* linesOf(body: Readable): AsyncGenerator<string> {
  let pieces: Buffer[] = [];
  let length = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    let from = 0;
    for (let to = chunk.indexOf(10); to !== -1; to = chunk.indexOf(10, from)) {
      pieces.push(chunk.subarray(from, to));
      from = to + 1;
      const line = (pieces.length === 1 && pieces[0] ? pieces[0] : Buffer.concat(pieces)).toString("utf8");
      pieces = [];
      length = 0;
      if (line !== "") yield line;
    }
    if (from < chunk.length) {
      pieces.push(chunk.subarray(from));
      length += chunk.length - from;
      if (length > MAX_BYTES) throw new Error("a line is longer than 64 MiB");
    }
  }
  if (length > 0) throw new Error("the answer ended inside a line");
}
