import { closeSync, ftruncateSync, openSync, writeSync } from "node:fs";

/**
 * A container's termination message: Kubernetes reads the file once the container has ended, however it ended. Each
 * message replaces the one before in a single write, so that a kill leaves the one or the other. The file is there
 * already and mounted by itself, so it can't be replaced by renaming.
 */
export interface TerminationLog {
  write(message: string): void;
  close(): void;
}

/** The message in a file; without a file, nowhere. */
export function terminationLog(path: string | undefined): TerminationLog {
  if (path === undefined || path === "") return { write: () => undefined, close: () => undefined };
  const file = openSync(path, "w");
  let longest = 0;
  return {
    write(message) {
      const bytes = Buffer.from(message);
      // The rest of a longer message before is overwritten by spaces, which JSON does not mind, then cut off.
      const padded = Buffer.alloc(Math.max(bytes.length, longest), " ");
      bytes.copy(padded);
      writeSync(file, padded, 0, padded.length, 0);
      ftruncateSync(file, bytes.length);
      longest = bytes.length;
    },
    close() {
      closeSync(file);
    },
  };
}
