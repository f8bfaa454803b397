import {
  DuckDBDecimalValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  type DuckDBConnection,
  type DuckDBValue,
} from "@duckdb/node-api";
import { QueryError, type QueryResult } from "../../ports.ts";

/** Most rows of one answer: it is held in memory as a whole. */
export const MOST_ROWS = 500_000;

/**
 * Functions that stand for a table and have no effect. Others reach files or switch logging and profiling on for the
 * whole process, which DuckDB allows in a read-only transaction.
 */
const TABLE_FUNCTIONS = new Set(["generate_series", "range", "unnest"]);

/**
 * Runs one SELECT (or DESCRIBE, SHOW, SUMMARIZE, which DuckDB makes one of), in a connection that can't write.
 * @throws QueryError when the statement is anything else or gives too many rows; errors of running it are DuckDB's own
 */
export async function runQuery(connection: DuckDBConnection, sql: string): Promise<QueryResult> {
  await assertReadsOnly(connection, sql);
  const reader = await connection.streamAndReadUntil(sql, MOST_ROWS + 1);
  if (reader.currentRowCount > MOST_ROWS) {
    throw new QueryError(
      `The answer has more than ${MOST_ROWS} rows. Add a LIMIT or a WHERE on window_end, or use \`stockfeed export\`.`,
    );
  }
  const types = reader.columnTypes();
  return {
    columns: reader.columnNames().map((name, index) => ({ name, type: types[index]?.toString() ?? "" })),
    rows: reader.getRows().map((row) => row.map(jsonValue)),
  };
}

async function assertReadsOnly(connection: DuckDBConnection, sql: string): Promise<void> {
  const reader = await connection.runAndReadAll("SELECT json_serialize_sql($1::VARCHAR)", [sql]);
  const tree = JSON.parse(String(reader.getRows()[0]?.[0])) as SyntaxTree;
  if (tree.error) {
    if (tree.error_type === "parser") throw new QueryError(`The statement can't be read: ${tree.error_message ?? ""}.`);
    throw new QueryError("Only a statement that reads is run: SELECT, WITH, VALUES, DESCRIBE, SHOW or SUMMARIZE.");
  }
  const count = tree.statements?.length ?? 0;
  if (count !== 1) throw new QueryError(`One statement is run at a time, and these are ${count}.`);
  for (const name of tableFunctions(tree)) {
    if (!TABLE_FUNCTIONS.has(name))
      throw new QueryError(`${name}() is not run: a query reads the store's tables alone.`);
  }
}

/** What DuckDB's json_serialize_sql gives: a failure, or statements as a syntax tree. */
interface SyntaxTree {
  readonly error: boolean;
  readonly error_type?: string;
  readonly error_message?: string;
  readonly statements?: readonly unknown[];
}

/** Names of the functions in the tree that stand for a table. */
function* tableFunctions(node: unknown): Generator<string> {
  if (typeof node !== "object" || node === null) return;
  if ("type" in node && node.type === "TABLE_FUNCTION" && "function" in node) yield functionName(node.function);
  for (const child of Object.values(node)) yield* tableFunctions(child);
}

function functionName(node: unknown): string {
  const name = typeof node === "object" && node !== null && "function_name" in node ? node.function_name : undefined;
  return typeof name === "string" ? name : "The table function";
}

/** Decimals, and whole numbers past 2^53, as text; times as RFC 3339 in UTC; what JSON has no form for as text. */
function jsonValue(value: DuckDBValue): string | number | boolean | null {
  if (value === null || typeof value === "boolean" || typeof value === "string") return value;
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
  if (typeof value === "bigint") {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : String(value);
  }
  if (value instanceof DuckDBTimestampTZValue || value instanceof DuckDBTimestampValue) return timeText(value.micros);
  if (value instanceof DuckDBDecimalValue) return value.toString();
  return String(value);
}

/** RFC 3339 in UTC, with six places where milliseconds don't tell all. */
function timeText(micros: bigint): string {
  const below = ((micros % 1000n) + 1000n) % 1000n;
  const time = new Date(Number((micros - below) / 1000n));
  if (Number.isNaN(time.getTime())) return `${micros} microseconds since 1970`;
  const text = time.toISOString();
  return below === 0n ? text : text.replace("Z", `${String(below).padStart(3, "0")}Z`);
}
