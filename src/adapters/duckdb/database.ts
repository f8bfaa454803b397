import { mkdir, realpath } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { DuckDBInstance, type DuckDBConnection } from "@duckdb/node-api";
import { checkSchema, prepareSchema } from "./schema.ts";
import { StoreError, storeError } from "./store-error.ts";

/**
 * Files that this process has open. The lock on a file is the process's, and closing any handle of it gives it up, so
 * a second DuckDB on the same file would let other processes in.
 */
const openFiles = new Set<string>();

/** How often a read that must end is interrupted, until it does. */
const INTERRUPT_MS = 20;

/**
 * One DuckDB file: transactions that write, one after another, and snapshots that read beside them.
 *
 * A full disk may make DuckDB declare itself dead. The file then is as the last transaction left it that resolved, and
 * the next call opens it anew, so nobody has to restart anything.
 */
export class Database {
  readonly path: string;
  readonly #readOnly: boolean;
  /** The instance, or the one that is being opened. */
  #opening: Promise<DuckDBInstance> | undefined;
  /** The instance once it is open; undefined while there is none that can be used. */
  #current: DuckDBInstance | undefined;
  #lastWrite: Promise<void> = Promise.resolve();
  /** Transactions from before they connect until their connection is closed. */
  readonly #running = new Set<Promise<unknown>>();
  /** Breaks off the reads. */
  readonly #closing = new AbortController();

  private constructor(path: string, readOnly: boolean) {
    this.path = path;
    this.#readOnly = readOnly;
  }

  /**
   * Opens a store, or makes one where no file is. Of its directories only the last is made, so that a mistyped path
   * does not grow a tree.
   * @throws StoreError
   */
  static async open(path: string, readOnly: boolean): Promise<Database> {
    try {
      const directory = dirname(resolve(path));
      if (!readOnly) await makeDirectory(path, directory);
      const file = join(await realpath(directory), basename(path));
      if (openFiles.has(file)) throw new StoreError(path, "Locked", "is open in this process already.");
      openFiles.add(file);
      const database = new Database(file, readOnly);
      await database.#open().catch((error: unknown) => {
        openFiles.delete(file);
        throw error;
      });
      return database;
    } catch (error) {
      throw storeError(path, error);
    }
  }

  /**
   * Runs a transaction after those before it; resolves when it is on disk. When it rejects, nothing of it is stored.
   * @throws StoreError
   */
  async write(work: (connection: DuckDBConnection) => Promise<void>): Promise<void> {
    this.#assertOpen();
    if (this.#readOnly) throw new StoreError(this.path, "ReadOnly", "is open to be read alone.");
    const write = this.#lastWrite.then(async () => this.#transaction("BEGIN TRANSACTION", work));
    this.#lastWrite = write.catch(() => undefined);
    try {
      await write;
    } catch (error) {
      throw storeError(this.path, error);
    }
  }

  /**
   * Runs statements that see one state of the store and can't change it.
   * @param signal breaks them off, with its reason
   * @throws StoreError when the store is closed, also meanwhile; other errors are DuckDB's own
   */
  async read<T>(work: (connection: DuckDBConnection) => Promise<T>, signal?: AbortSignal): Promise<T> {
    this.#assertOpen();
    const ended = AbortSignal.any([this.#closing.signal, ...(signal ? [signal] : [])]);
    return this.#transaction("BEGIN TRANSACTION READ ONLY", async (connection) =>
      interruptible(connection, ended, work),
    );
  }

  /** Breaks off the reads, waits for the writes and lets the file go. */
  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    // Reads first: they hold the threads that the writes need, and may take for ever.
    this.#closing.abort(this.#closedError());
    await this.#lastWrite;
    await Promise.allSettled(this.#running);
    const instance = await this.#opening?.catch(() => undefined);
    instance?.closeSync();
    openFiles.delete(this.path);
  }

  async #transaction<T>(begin: string, work: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
    const instance = await this.#open();
    // Another transaction may have found the instance dead since it was asked for.
    if (instance !== this.#current) return this.#transaction(begin, work);
    const transaction = onConnection(instance, async (connection) => inTransaction(connection, begin, work));
    this.#running.add(transaction);
    try {
      return await transaction;
    } catch (error) {
      if (isFatal(error)) this.#abandon(instance);
      throw error;
    } finally {
      this.#running.delete(transaction);
    }
  }

  /** The open instance; after a fatal error a new one, once nothing runs on the dead one. */
  async #open(): Promise<DuckDBInstance> {
    this.#opening ??= this.#openNext();
    return this.#opening;
  }

  async #openNext(): Promise<DuckDBInstance> {
    try {
      await Promise.allSettled(this.#running);
      this.#current = await openInstance(this.path, this.#readOnly);
      return this.#current;
    } catch (error) {
      this.#opening = undefined;
      throw error;
    }
  }

  /** Gives a dead instance up, once: all that ran on it fail, and the later ones must not hit the next instance. */
  #abandon(instance: DuckDBInstance): void {
    if (instance !== this.#current) return;
    this.#current = undefined;
    this.#opening = undefined;
    instance.closeSync();
  }

  #assertOpen(): void {
    if (this.#closing.signal.aborted) throw this.#closedError();
  }

  #closedError(): StoreError {
    return new StoreError(this.path, "Closed", "is closed.");
  }
}

async function makeDirectory(path: string, directory: string): Promise<void> {
  try {
    await mkdir(directory);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "EEXIST") return;
    if (code !== "ENOENT") throw error;
    const message = `can't be made: there is no directory ${dirname(directory)}. Make it, or choose another file with --store.`;
    throw new StoreError(path, "Missing", message, { cause: error });
  }
}

/** Statements of a query reach this file alone: no other file, no network, no setting. */
async function openInstance(file: string, readOnly: boolean): Promise<DuckDBInstance> {
  const instance = await DuckDBInstance.create(file, {
    access_mode: readOnly ? "READ_ONLY" : "READ_WRITE",
    enable_external_access: "false",
    autoinstall_known_extensions: "false",
  });
  try {
    const connection = await instance.connect();
    await connection.run("SET GLOBAL TimeZone = 'UTC'");
    await connection.run("SET GLOBAL lock_configuration = true");
    const prepare = readOnly ? checkSchema : prepareSchema;
    await inTransaction(connection, "BEGIN TRANSACTION", async () => prepare(connection, file));
    connection.closeSync();
    return instance;
  } catch (error) {
    instance.closeSync();
    throw error;
  }
}

async function onConnection<T>(
  instance: DuckDBInstance,
  work: (connection: DuckDBConnection) => Promise<T>,
): Promise<T> {
  const connection = await instance.connect();
  try {
    return await work(connection);
  } finally {
    connection.closeSync();
  }
}

/** Runs statements until the signal, then breaks them off and throws its reason. */
async function interruptible<T>(
  connection: DuckDBConnection,
  signal: AbortSignal,
  work: (connection: DuckDBConnection) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  let repeat: NodeJS.Timeout | undefined;
  const interrupt = () => {
    connection.interrupt();
    // A statement that has yet to start forgets the interrupt before it, and a busy thread pool starts it late.
    repeat = setInterval(() => {
      connection.interrupt();
    }, INTERRUPT_MS);
  };
  signal.addEventListener("abort", interrupt, { once: true });
  try {
    return await work(connection);
  } catch (error) {
    if (!isFatal(error)) signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener("abort", interrupt);
    clearInterval(repeat);
  }
}

/** Closing a connection rolls back what it has not committed, so a failure needs no statement of its own. */
async function inTransaction<T>(
  connection: DuckDBConnection,
  begin: string,
  work: (connection: DuckDBConnection) => Promise<T>,
): Promise<T> {
  await connection.run(begin);
  const result = await work(connection);
  await connection.run("COMMIT");
  return result;
}

/** Whether DuckDB will answer nothing more on this instance. */
function isFatal(error: unknown): boolean {
  return error instanceof Error && /^(FATAL|INTERNAL) Error|database has been invalidated/.test(error.message);
}
