import { extname } from "node:path";
import type { Writable } from "node:stream";
import { openParquet } from "./parquet-file.ts";
import type { RowNames } from "./row-encoder.ts";
import type { RowFile } from "./row-file.ts";
import { CSV, NDJSON } from "./row-layout.ts";
import { openFileTarget, streamTarget } from "./target.ts";
import { TextRowFile } from "./text-row-file.ts";

const OPENERS: Readonly<Record<string, (path: string, names: RowNames) => Promise<RowFile>>> = {
  ".ndjson": async (path: string, names: RowNames) => new TextRowFile(NDJSON, names, await openFileTarget(path)),
  ".csv": async (path: string, names: RowNames) => new TextRowFile(CSV, names, await openFileTarget(path)),
  ".parquet": openParquet,
};

/** Endings of the files that openRowFile can write. */
export const ROW_FILE_ENDINGS = Object.keys(OPENERS);

/** Whether a path's ending names a format that can be written. */
export function isRowFile(path: string): boolean {
  return extname(path) in OPENERS;
}

/**
 * Opens a file for rows; its ending says the format: NDJSON, CSV or Parquet.
 * @throws RowFileError when the file cannot be made, RangeError for another ending
 */
export async function openRowFile(path: string, names: RowNames): Promise<RowFile> {
  const open = OPENERS[extname(path)];
  if (open === undefined) throw new RangeError(`${path} must end in ${ROW_FILE_ENDINGS.join(", ")}.`);
  return open(path, names);
}

/** Writes rows to a stream as NDJSON. */
export function rowStream(stream: Writable, names: RowNames): RowFile {
  return new TextRowFile(NDJSON, names, streamTarget(stream));
}
