import { type FileHandle, open, rename, rm, stat } from "node:fs/promises";
import type { Writable } from "node:stream";

/** An output that cannot be written; the message names it, what is wrong and the mend. */
export class RowFileError extends Error {
  override readonly name = "RowFileError";
}

/** Where bytes go, all or none. */
export interface Target {
  /** Resolves when the bytes are no longer needed. */
  write(bytes: Uint8Array): Promise<void>;
  /** Makes what was written the output. */
  commit(): Promise<void>;
  /** Forgets what was written. */
  discard(): Promise<void>;
}

/**
 * A file that is written under another name beside its own, and renamed when it is whole.
 * @throws RowFileError when it cannot be made
 */
export async function openFileTarget(path: string): Promise<Target> {
  const { partial, file } = await openPartial(path);
  return {
    write: async (bytes) => attempt(path, async () => writeAll(file, bytes)),
    commit: async () =>
      attempt(path, async () => {
        await file.close();
        await rename(partial, path);
      }),
    discard: async () => {
      await file.close();
      await rm(partial, { force: true });
    },
  };
}

/**
 * Makes the empty file, in the same directory, that takes the place of `path` once it is whole, and opens it.
 * @throws RowFileError when it cannot be made, or `path` is something that no file must take the place of
 */
export async function openPartial(path: string): Promise<{ partial: string; file: FileHandle }> {
  const found = await stat(path).catch(() => undefined);
  if (found !== undefined && !found.isFile()) {
    throw new RowFileError(`${path} is no file, and no file is put in its place. Name another.`);
  }
  const partial = `${path}.${process.pid}.partial`;
  return { partial, file: await attempt(path, async () => open(partial, "wx")) };
}

/** A stream, for good: nothing that was written can be taken back. */
export function streamTarget(stream: Writable): Target {
  // A failed write tells its callback, and then emits an event that would end the process if nobody listened.
  stream.on("error", () => undefined);
  const write = async (bytes: Uint8Array) =>
    new Promise<void>((resolve, reject) => {
      stream.write(bytes, (error) => {
        if (error) reject(error);
        else resolve();
      });
    });
  return {
    write: async (bytes) => attempt("standard output", async () => write(bytes)),
    commit: () => Promise.resolve(),
    discard: () => Promise.resolve(),
  };
}

/** Runs a step of writing `path`; what the system refuses becomes a RowFileError. */
export async function attempt<T>(path: string, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    throw writingError(path, error);
  }
}

function writingError(path: string, cause: unknown): RowFileError {
  const message = cause instanceof Error ? cause.message : String(cause);
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  const known = PROBLEMS.find(([pattern]) => pattern.test(`${code} ${message}`));
  return new RowFileError(`${path} ${known?.[1] ?? `cannot be written: ${message}.`}`, { cause });
}

/** By the system's code, or by its words where DuckDB passes them on. */
const PROBLEMS: readonly (readonly [RegExp, string])[] = [
  [
    /ENOSPC|EDQUOT|No space left|quota exceeded/i,
    "cannot be written: no space is left on its disk. Free some, or write elsewhere.",
  ],
  [/EFBIG|File too large/i, "cannot be written: files may not be that large here. Replay a shorter time."],
  [/EROFS|Read-only file system/i, "cannot be written: its disk is read-only. Write elsewhere."],
  [/EACCES|EPERM|Permission denied/i, "cannot be written by this user. Check the permissions of its directory."],
  [/ENOENT|No such file/i, "cannot be made: its directory does not exist. Make it first."],
  [/ENOTDIR/, "cannot be made: what should be its directory is a file."],
  [/EEXIST/, "is being written already. Wait for that run, or remove the .partial file that a killed one left."],
  [/EPIPE|ERR_STREAM_DESTROYED/, "was closed by its reader before all rows were written."],
];

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += (await file.write(bytes, at)).bytesWritten;
}
