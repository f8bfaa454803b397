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

/**
 * One DuckDB file: transactions that write, one after another, and snapshots that read beside them.
 *
 * A full disk may make DuckDB declare itself dead. The file then is as the last transaction left it that resolved, and
 * the next call opens it anew, so nobody has to restart anything.
 */
export class Database {
  readonly path: string;
  readonly #readOnly: boolean;
  #instance: Promise<DuckDBInstance> | undefined;
  #lastWrite: Promise<void> = Promise.resolve();
  /** What runs on the instance now, by its connection. */
  readonly #running = new Map<DuckDBConnection, Promise<unknown>>();
  readonly #readers = new Set<DuckDBConnection>();
  #closed = false;

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
      database.#instance = openInstance(file, readOnly);
      await database.#instance.catch((error: unknown) => {
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

  /** Runs statements that see one state of the store and can't change it. Errors are DuckDB's own. */
  async read<T>(work: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
    this.#assertOpen();
    return this.#transaction("BEGIN TRANSACTION READ ONLY", async (connection) => {
      this.#readers.add(connection);
      return work(connection).finally(() => this.#readers.delete(connection));
    });
  }

  /** Waits for the writes, breaks off the reads and lets the file go. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#lastWrite;
    for (const connection of this.#readers) connection.interrupt();
    await Promise.allSettled(this.#running.values());
    const instance = await this.#instance?.catch(() => undefined);
    instance?.closeSync();
    openFiles.delete(this.path);
  }

  async #transaction<T>(begin: string, work: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
    const instance = await this.#open();
    const connection = await instance.connect();
    const transaction = inTransaction(connection, begin, work);
    this.#running.set(connection, transaction);
    try {
      return await transaction;
    } catch (error) {
      if (isFatal(error)) this.#abandon(instance);
      throw error;
    } finally {
      this.#running.delete(connection);
      connection.closeSync();
    }
  }

  /** The open instance; after a fatal error a new one, once nothing runs on the dead one. */
  async #open(): Promise<DuckDBInstance> {
    this.#instance ??= Promise.allSettled(this.#running.values()).then(async () =>
      openInstance(this.path, this.#readOnly),
    );
    const opening = this.#instance;
    return opening.catch((error: unknown) => {
      if (this.#instance === opening) this.#instance = undefined;
      throw error;
    });
  }

  #abandon(instance: DuckDBInstance): void {
    this.#instance = undefined;
    instance.closeSync();
  }

  #assertOpen(): void {
    if (this.#closed) throw new StoreError(this.path, "Closed", "is closed.");
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
