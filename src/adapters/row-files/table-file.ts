import { extname } from "node:path";
import type { QueryResult } from "../../ports.ts";
import { openParquetTarget } from "./parquet-file.ts";
import { openFileTarget } from "./target.ts";

type Columns = QueryResult["columns"];
type Rows = QueryResult["rows"];
type Value = Rows[number][number];

/** A file that takes the rows of a query's answer. It has its name only once it is whole. */
export interface TableFile {
  write(rows: Rows): Promise<void>;
  /** Gives the file its name. */
  close(): Promise<void>;
  /** Removes what was written. */
  discard(): Promise<void>;
}

/**
 * Opens a file for answers with these columns; its ending, one of ROW_FILE_ENDINGS, says the format. Values have the
 * form of replayed rows: times as RFC 3339 and decimals as numbers, both in their shortest form, and every digit kept.
 * @throws RowFileError when the file cannot be made
 */
export async function openTableFile(path: string, columns: Columns): Promise<TableFile> {
  const ending = extname(path);
  const target = await (ending === ".parquet"
    ? openParquetTarget(path, Object.fromEntries(columns.map(({ name, type }) => [name, type])))
    : openFileTarget(path));
  const line = ending === ".ndjson" ? jsonLine(columns) : csvLine(columns);
  const write = async (text: string) => target.write(new TextEncoder().encode(text));
  try {
    if (ending !== ".ndjson") await write(`${columns.map(({ name }) => csvCell(name)).join(",")}\n`);
  } catch (error) {
    await target.discard();
    throw error;
  }
  return {
    write: async (rows) => write(rows.map(line).join("")),
    close: async () => target.commit(),
    discard: async () => target.discard(),
  };
}

function jsonLine(columns: Columns): (row: Rows[number]) => string {
  const fields = columns.map(({ name, type }) => {
    const shorten = shortest(type);
    // A decimal's digits are a JSON number as they stand; as a double some would be lost.
    const json = type.startsWith("DECIMAL") ? shorten : (value: Value) => JSON.stringify(shorten(value));
    return { key: JSON.stringify(name), json };
  });
  const field = (row: Rows[number]) => fields.map(({ key, json }, i) => `${key}:${orNull(row[i], json)}`);
  return (row) => `{${field(row).join(",")}}\n`;
}

function orNull(value: Value | undefined, json: (value: Value) => Value): string {
  return value === null || value === undefined ? "null" : String(json(value));
}

function csvLine(columns: Columns): (row: Rows[number]) => string {
  const shorten = columns.map(({ type }) => shortest(type));
  return (row) => `${row.map((value, i) => csvCell(String(shorten[i]?.(value) ?? ""))).join(",")}\n`;
}

/** RFC 4180, but for its line ends: a line feed alone. */
function csvCell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** How a value of a column is shortened, without changing what it says. */
function shortest(type: string): (value: Value) => Value {
  if (type.startsWith("DECIMAL")) {
    return (value) => (typeof value === "string" ? value.replace(/\.?0+$/, "") : value);
  }
  if (type === "TIMESTAMP WITH TIME ZONE") {
    // As text: a time may have microseconds, which epoch milliseconds would lose.
    return (value) => (typeof value === "string" ? value.replace(".000Z", "Z") : value);
  }
  return (value) => value;
}
