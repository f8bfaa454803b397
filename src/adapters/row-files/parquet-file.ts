import { mkdtemp, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import type { RowNames } from "./row-encoder.ts";
import type { RowFile } from "./row-file.ts";
import { CSV, ROW_FIELDS, type RowField } from "./row-layout.ts";
import { attempt, openFileTarget, claimPartial } from "./target.ts";
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

/**
 * Rows as Parquet. They are written as CSV to the system's directory for temporary files first, and turned into
 * Parquet by DuckDB at the end, in bounded memory.
 */
export async function openParquet(path: string, names: RowNames): Promise<RowFile> {
  const partial = await claimPartial(path);
  const folder = await attempt(tmpdir(), async () => mkdtemp(join(tmpdir(), "stockfeed-")));
  const csv = join(folder, "rows.csv");
  const rows = new TextRowFile(CSV, names, await openFileTarget(csv));
  const removeCsv = async () => rm(folder, { recursive: true, force: true });
  return {
    write: (columns) => {
      rows.write(columns);
    },
    drain: () => rows.drain(),
    close: async () => {
      await rows.close();
      await attempt(path, async () => {
        await convert(csv, partial);
        await rename(partial, path);
      });
      await removeCsv();
    },
    discard: async () => {
      await rows.discard();
      await removeCsv();
      await rm(partial, { force: true });
    },
  };
}

async function convert(csv: string, parquet: string): Promise<void> {
  const instance = await DuckDBInstance.create(":memory:");
  try {
    const connection = await instance.connect();
    const columns = ROW_FIELDS.map((field) => `'${field}': '${TYPES[field]}'`).join(", ");
    await connection.run("SET TimeZone = 'UTC'");
    await connection.run(
      `COPY (FROM read_csv(${literal(csv)}, header = true, columns = {${columns}})) TO ${literal(parquet)} (FORMAT parquet)`,
    );
  } finally {
    instance.closeSync();
  }
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
