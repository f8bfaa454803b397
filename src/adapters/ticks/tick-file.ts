import { createReadStream } from "node:fs";
import { pipeline } from "node:stream";
import { createGunzip } from "node:zlib";

/** Bytes read from the file at once. */
const CHUNK_BYTES = 1 << 20;
/** Bytes unpacked at once; zlib's own 16 KiB would cut a line as often as every 200th. */
const UNPACKED_BYTES = 1 << 18;

/** A tick file that cannot be read as a whole; the message names it, what is wrong and the mend. */
export class TickFileError extends Error {
  override readonly name = "TickFileError";
}

export interface ReadOptions {
  readonly signal?: AbortSignal | undefined;
  /** Told how many bytes of the file have been read so far, before any unpacking. */
  readonly onRead?: ((bytes: number) => void) | undefined;
}

/**
 * The bytes of a tick file in chunks, unpacked where they are gzip data, of several members too. The first bytes tell,
 * not the name; but a name that promises gzip data must keep its word. A pipe will do for a file.
 * @throws TickFileError when the file is missing, unreadable, a directory, or its gzip data is cut off or damaged;
 *   the signal's reason when aborted
 */
export async function* readTickFile(path: string, options: ReadOptions = {}): AsyncGenerator<Uint8Array, void> {
  try {
    const stored = storedBytes(path, options);
    const first = await stored.next();
    const start = first.done === true ? new Uint8Array(0) : first.value;
    const all = startingWith(start, stored);
    if (isGzip(start)) yield* unpacked(all);
    else if (!path.endsWith(".gz")) yield* all;
    else throw new TickFileError(`${path} is named .gz but holds no gzip data. If it is plain text, rename it.`);
  } catch (error) {
    throw options.signal?.aborted === true ? error : readingError(path, error);
  }
}

async function* storedBytes(path: string, { signal, onRead }: ReadOptions): AsyncGenerator<Uint8Array, void> {
  const file = createReadStream(path, { highWaterMark: CHUNK_BYTES });
  for await (const chunk of file as AsyncIterable<Uint8Array>) {
    signal?.throwIfAborted();
    onRead?.(file.bytesRead);
    yield chunk;
  }
}

async function* startingWith(start: Uint8Array, rest: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  yield start;
  yield* rest;
}

/** Whether bytes start as gzip data does: RFC 1952, section 2.3.1. */
function isGzip(start: Uint8Array): boolean {
  return start[0] === 0x1f && start[1] === 0x8b;
}

function unpacked(stored: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  // An error on either side ends the iteration with it.
  return pipeline(stored, createGunzip({ chunkSize: UNPACKED_BYTES }), () => undefined);
}

function readingError(path: string, cause: unknown): unknown {
  if (!(cause instanceof Error) || cause instanceof TickFileError) return cause;
  const code = "code" in cause ? String(cause.code) : "";
  const what = PROBLEMS[code] ?? `cannot be read: ${cause.message}.`;
  return new TickFileError(`${path} ${what}`, { cause });
}

const PROBLEMS: Readonly<Record<string, string>> = {
  ENOENT: "does not exist. Check the path.",
  EISDIR: "is a directory. Name the tick files in it.",
  EACCES: "may not be read by this user. Check its permissions.",
  EPERM: "may not be read by this user. Check its permissions.",
  // zlib's names for input that ends early and input that makes no sense.
  Z_BUF_ERROR: "ends in the middle of its gzip data. Fetch it again, or replay what gzip -dc still unpacks of it.",
  Z_DATA_ERROR: "holds damaged gzip data. Fetch it again, or replay what gzip -dc still unpacks of it.",
};
