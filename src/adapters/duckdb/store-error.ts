/** Why a store can't be used. */
export type StoreFault =
  | "Missing"
  | "Locked"
  | "ReadOnly"
  | "NotAStore"
  | "OtherVersion"
  | "Corrupt"
  | "NoSpace"
  | "Busy"
  | "Closed"
  | "Unusable";

/** A store that can't be opened, read or written. The message names the file, the cause and the mend. */
export class StoreError extends Error {
  override readonly name = "StoreError";
  readonly path: string;
  readonly fault: StoreFault;

  constructor(path: string, fault: StoreFault, message: string, options?: ErrorOptions) {
    super(`Store ${path} ${message}`, options);
    this.path = path;
    this.fault = fault;
  }
}

/** What DuckDB says of a file, the fault that it means, and what to tell, with `$1`, `$2` for the pattern's groups. */
const FAULTS: readonly (readonly [pattern: RegExp, fault: StoreFault, message: string])[] = [
  [
    /Conflicting lock is held in .*?([^/\\]+) \(PID (\d+)/,
    "Locked",
    "is in use by process $2 ($1), and only one process may open it. Ask that one, stop it, or choose another file with --store.",
  ],
  [
    /Could not set lock/,
    "Locked",
    "can't be locked: another process has it, or its disk knows no locks. Choose another file with --store.",
  ],
  [
    /No space left|[Qq]uota exceeded|File too large/,
    "NoSpace",
    "has no space left on its disk: what was being written is not stored. Free some; writing goes on from there.",
  ],
  [
    /Permission denied|[Rr]ead-only file system/,
    "ReadOnly",
    "may not be written by this user. Make the file and its directory writable, or choose another with --store.",
  ],
  [
    /version number (\d+), but we can only read/,
    "OtherVersion",
    "was written by a newer DuckDB (storage version $1). Update stockfeed, or choose another file with --store.",
  ],
  [
    /not a valid DuckDB|Is a directory/,
    "NotAStore",
    "is no DuckDB file. Choose another with --store, or move this one away to start a new store.",
  ],
  [
    /Corrupt|Could not read enough bytes|checksum/,
    "Corrupt",
    "is damaged or cut short. Move it and its .wal file away to start a new store, and put back a copy where there is one.",
  ],
  [
    /does not exist|[Nn]o such file or directory/,
    "Missing",
    "does not exist. Start `stockfeed dev` with this --store, or name another.",
  ],
];

/** What an error of DuckDB means for the store; a StoreError comes back as it is. */
export function storeError(path: string, error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  const text = error instanceof Error ? error.message : String(error);
  for (const [pattern, fault, message] of FAULTS) {
    const groups = pattern.exec(text);
    if (groups)
      return new StoreError(
        path,
        fault,
        message.replaceAll(/\$(\d)/g, (_, n: string) => groups[Number(n)] ?? ""),
        { cause: error },
      );
  }
  return new StoreError(path, "Unusable", `failed: ${text}`, { cause: error });
}
