import { mkdtemp, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import type { RowNames } from "./row-encoder.ts";
import type { RowFile } from "./row-file.ts";
import { CSV, type RowField } from "./row-layout.ts";
import { attempt, openFileTarget, openPartial, type Target } from "./target.ts";
import { TextRowFile } from "./text-row-file.ts";

/** The store's types: decimals wide enough for every price and mean, so nothing is rounded. */
const TYPES: Readonly<Record<RowField, string>> = {
  symbol: "VARCHAR",
  resolution_minutes: "DECIMAL(13, 9)",
  window_start: "TIMESTAMPTZ",
  window_end: "TIMESTAMPTZ",
  event_time: "TIMESTAMPTZ",
  first_event_time: "TIMESTAMPTZ",
  first_price: "DECIMAL(13, 6)",
  last_price: "DECIMAL(13, 6)",
  min_price: "DECIMAL(13, 6)",
  max_price: "DECIMAL(13, 6)",
  mean_price: "DECIMAL(16, 9)",
  quote_count: "BIGINT",
  expected_count: "BIGINT",
};

/** Rows as Parquet. */
export async function openParquet(path: string, names: RowNames): Promise<RowFile> {
  return new TextRowFile(CSV, names, await openParquetTarget(path, TYPES));
}

/**
 * A Parquet file that takes CSV with a header. The CSV goes to the system's directory for temporary files first, and
 * is turned into Parquet by DuckDB at the end, in bounded memory.
 * @param types DuckDB's type of each column, in the order of the CSV
 */
export async function openParquetTarget(path: string, types: Readonly<Record<string, string>>): Promise<Target> {
  const { partial, file } = await openPartial(path);
  const removePartial = async () => rm(partial, { force: true });
  try {
    // DuckDB opens it by its name.
    await attempt(path, async () => file.close());
    const csv = await openScratch();
    return {
      write: async (bytes) => csv.target.write(bytes),
      commit: async () => {
        await csv.target.commit();
        await attempt(path, async () => {
          await convert(csv.path, partial, types);
          await rename(partial, path);
        });
        await csv.remove();
      },
      discard: async () => {
        await csv.target.discard();
        await csv.remove();
        await removePartial();
      },
    };
  } catch (error) {
    await removePartial();
    throw error;
  }
}

/** A CSV file in a folder of its own among the system's temporary files. */
async function openScratch(): Promise<{ path: string; target: Target; remove: () => Promise<void> }> {
  const start = join(tmpdir(), "stockfeed-");
  const folder = await attempt(`${start}XXXXXX`, async () => mkdtemp(start));
  const remove = async () => rm(folder, { recursive: true, force: true });
  const path = join(folder, "rows.csv");
  try {
    return { path, target: await openFileTarget(path), remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function convert(csv: string, parquet: string, types: Readonly<Record<string, string>>): Promise<void> {
  const instance = await DuckDBInstance.create(":memory:");
  try {
    const connection = await instance.connect();
    const columns = Object.entries(types).map(([name, type]) => `${literal(name)}: ${literal(type)}`);
    await connection.run("SET TimeZone = 'UTC'");
    await connection.run(
      `COPY (FROM read_csv(${literal(csv)}, header = true, columns = {${columns.join(", ")}})) TO ${literal(parquet)} (FORMAT parquet)`,
    );
  } finally {
    instance.closeSync();
  }
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
