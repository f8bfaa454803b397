import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance, type DuckDBConnection } from "@duckdb/node-api";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Database } from "./database.ts";

/** Runs for hours. */
const ENDLESS = "SELECT SUM(a.range * b.range) FROM range(10000000) a, range(10000000) b";

let directory: string;
let database: Database;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "stockfeed-database-"));
  database = await Database.open(join(directory, "store.duckdb"), false);
});
afterEach(async () => {
  vi.restoreAllMocks();
  await database.close();
  await rm(directory, { recursive: true });
});

const insert = async (connection: DuckDBConnection) => {
  await connection.run("INSERT INTO dead_letters VALUES ('f', 'r', 'd', 'p', now())");
};
const letters = async () =>
  database.read(async (connection) => {
    const reader = await connection.runAndReadAll("SELECT COUNT(*) FROM dead_letters");
    return Number(reader.getRows()[0]?.[0]);
  });

/** A transaction that has begun, and fails as on a dead instance when told to. */
async function doomed(begin: (work: () => Promise<void>) => Promise<void>) {
  const fail = Promise.withResolvers<never>();
  const begun = Promise.withResolvers<true>();
  const ended = begin(async () => {
    begun.resolve(true);
    await fail.promise;
  }).catch((error: unknown) => error);
  await begun.promise;
  return async () => {
    fail.reject(new Error("FATAL Error: database has been invalidated"));
    expect(String(await ended)).toContain("invalidated");
  };
}

describe("a dead instance", () => {
  it("is replaced once, when what runs on it fails one after the other", async () => {
    const instances = vi.spyOn(DuckDBInstance, "create");
    const failWrite = await doomed(async (work) => database.write(work));
    const failRead = await doomed(async (work) => database.read(work));
    await failWrite();
    const written = database.write(insert);
    await failRead();
    await database.write(insert);
    await written;
    expect(await letters()).toBe(2);
    expect(instances).toHaveBeenCalledTimes(1);
  });

  it("is replaced again when the next one dies too", async () => {
    for (const count of [1, 2, 3]) {
      const fail = await doomed(async (work) => database.read(work));
      await fail();
      await database.write(insert);
      expect(await letters()).toBe(count);
    }
  });
});

describe("closing", () => {
  it("does not wait for reads, even where they hold every thread that a write needs", async () => {
    let begun = 0;
    const reads = Array.from({ length: 4 }, async () =>
      database.read(async (connection) => {
        begun += 1;
        return connection.runAndReadAll(ENDLESS);
      }),
    );
    const outcomes = Promise.allSettled(reads);
    await vi.waitUntil(() => begun === reads.length);
    const written = database.write(insert);
    await database.close();
    for (const outcome of await outcomes) expect(outcome).toMatchObject({ reason: { fault: "Closed" } });
    await written;
    database = await Database.open(database.path, false);
    expect(await letters()).toBe(1);
  });
});

describe("a read", () => {
  it("ends with its signal, for the signal's reason, and the next one runs", async () => {
    const leave = new AbortController();
    const read = database.read(async (connection) => {
      setTimeout(() => {
        leave.abort(new Error("left"));
      });
      return connection.runAndReadAll(ENDLESS);
    }, leave.signal);
    await expect(read).rejects.toThrow("left");
    await expect(database.read(async () => Promise.resolve(), leave.signal)).rejects.toThrow("left");
    expect(await letters()).toBe(0);
  });
});
