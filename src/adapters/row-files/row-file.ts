import type { RowColumns } from "../../windows/row-columns.ts";

/**
 * A file that rows are written to. It has its name only once it is whole: until `close` it grows under another, and
 * a run that fails leaves nothing behind and an earlier file as it was.
 */
export interface RowFile {
  /** Takes rows; the columns are free again when it returns. */
  write(rows: RowColumns): void;
  /** A promise while rows are on their way to the disk, undefined where there are too few to care. */
  drain(): Promise<void> | undefined;
  /** Writes what is left, and gives the file its name. */
  close(): Promise<void>;
  /** Removes what was written. */
  discard(): Promise<void>;
}
