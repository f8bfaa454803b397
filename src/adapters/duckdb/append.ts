import { DuckDBDataChunk, type DuckDBConnection } from "@duckdb/node-api";
import type { Column } from "./columns.ts";

/** Rows in one of DuckDB's vectors. */
const CHUNK_ROWS = 2048;

/** Appends records to a table by columns; part of the transaction that the connection is in. */
export async function append<R>(
  connection: DuckDBConnection,
  table: string,
  columns: readonly Column<R>[],
  records: readonly R[],
): Promise<void> {
  const types = columns.map((column) => column.type);
  const appender = await connection.createAppender(table);
  for (let start = 0; start < records.length; start += CHUNK_ROWS) {
    const part = records.slice(start, start + CHUNK_ROWS);
    const chunk = DuckDBDataChunk.create(types, part.length);
    for (const [index, column] of columns.entries()) chunk.setColumnValues(index, part.map(column.value));
    appender.appendDataChunk(chunk);
  }
  appender.closeSync();
}
