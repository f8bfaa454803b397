import { mkdtemp, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import type { RowNames } from "./row-encoder.ts";
import type { RowFile } from "./row-file.ts";
import { CSV, type RowField } from "./row-layout.ts";
import { attempt, openFileTarget, claimPartial, type Target } from "./target.ts";
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
  const partial = await claimPartial(path);
  const folder = await attempt(tmpdir(), async () => mkdtemp(join(tmpdir(), "stockfeed-")));
  const csvPath = join(folder, "rows.csv");
  const csv = await openFileTarget(csvPath);
  const removeCsv = async () => rm(folder, { recursive: true, force: true });
  return {
    write: async (bytes) => csv.write(bytes),
    commit: async () => {
      await csv.commit();
      await attempt(path, async () => {
        await convert(csvPath, partial, types);
        await rename(partial, path);
      });
      await removeCsv();
    },
    discard: async () => {
      await csv.discard();
      await removeCsv();
      await rm(partial, { force: true });
    },
  };
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
