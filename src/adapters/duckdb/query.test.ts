import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { QueryError } from "../../ports.ts";
import { MOST_ROWS } from "./query.ts";
import { openStore, type Store } from "./store.ts";

let directory: string;
let store: Store;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "stockfeed-query-"));
  store = await openStore(join(directory, "store.duckdb"));
});
afterAll(async () => {
  await store.close();
  await rm(directory, { recursive: true });
});

describe("a query", () => {
  it("gives columns with their types, and values as JSON carries them", async () => {
    const sql = `SELECT 42 AS small, 9007199254740993 AS big, CAST(1.50 AS DECIMAL(9,3)) AS amount, 0.1::DOUBLE AS real,
      TIMESTAMPTZ '2024-03-01 09:30:00.25-05' AS time, TIMESTAMPTZ '1969-12-31T23:59:59.999999Z' AS early,
      'x' AS text, NULL AS nothing, true AS yes, 'nan'::DOUBLE AS nan, DATE '2024-03-01' AS day, [1, 2] AS list`;
    const { columns, rows } = await store.query(sql);
    const named = columns.map(({ name, type }, i) => [name, type, rows[0]?.[i]]);
    expect(named).toEqual([
      ["small", "INTEGER", 42],
      ["big", "BIGINT", "9007199254740993"],
      ["amount", "DECIMAL(9,3)", "1.500"],
      ["real", "DOUBLE", 0.1],
      ["time", "TIMESTAMP WITH TIME ZONE", "2024-03-01T14:30:00.250Z"],
      ["early", "TIMESTAMP WITH TIME ZONE", "1969-12-31T23:59:59.999999Z"],
      ["text", "VARCHAR", "x"],
      ["nothing", "INTEGER", null],
      ["yes", "BOOLEAN", true],
      ["nan", "DOUBLE", "NaN"],
      ["day", "DATE", "2024-03-01"],
      ["list", "INTEGER[]", "[1, 2]"],
    ]);
  });

  it.each([
    "WITH a AS (SELECT 1) FROM a",
    "VALUES (1)",
    "DESCRIBE windows",
    "SHOW TABLES",
    "SUMMARIZE quotes",
    "TABLE windows;",
    "FROM RANGE(3), UNNEST([1]), generate_series(1, 2)",
  ])("may read in any form: %s", async (sql) => {
    await expect(store.query(sql)).resolves.toHaveProperty("columns");
  });

  it.each([
    "INSERT INTO store_schema VALUES (2)",
    "UPDATE store_schema SET version = 2",
    "DELETE FROM store_schema",
    "DROP TABLE quotes",
    "CREATE TABLE t (i INT)",
    "CREATE OR REPLACE VIEW top_stocks AS SELECT 1",
    "ATTACH 'other.duckdb'",
    "INSTALL httpfs",
    "LOAD httpfs",
    "SET threads = 1",
    "PRAGMA database_list",
    "CALL enable_logging()",
    "BEGIN",
    "CHECKPOINT",
    "EXPLAIN ANALYZE DELETE FROM store_schema",
    "PREPARE p AS SELECT 1",
    "COPY quotes TO 'quotes.csv'",
  ])("is refused when it does more than read: %s", async (sql) => {
    await expect(store.query(sql)).rejects.toThrow(/^Only a statement that reads is run/);
    expect((await store.query("SELECT version FROM store_schema")).rows).toEqual([[1]]);
  });

  it.each(["", "  -- nothing", "SELECT 1; SELECT 2", "SELECT 1; DROP TABLE quotes"])(
    "is one statement: %j",
    async (sql) => {
      await expect(store.query(sql)).rejects.toThrow(QueryError);
    },
  );

  it("reads no file and no setting of this machine, whatever form it has", async () => {
    const secret = join(directory, "secret.csv");
    await writeFile(secret, "word\nhush\n");
    const attempts = [
      `FROM '${secret}'`,
      `SELECT * FROM "${secret}"`,
      `SELECT * FROM read_csv('${secret}')`,
      `SELECT * FROM READ_TEXT('${secret}')`,
      `SELECT (SELECT content FROM read_text('${secret}'))`,
      `WITH a AS (FROM read_blob('${secret}')) FROM a`,
      `SELECT 1 WHERE EXISTS (FROM glob('${directory}/*'))`,
      `SELECT * FROM query('FROM read_csv(''${secret}'')')`,
      `SELECT * FROM parquet_scan('${secret}')`,
      "SELECT * FROM duckdb_secrets()",
      "SELECT getenv('HOME')",
    ];
    for (const sql of attempts) await expect(store.query(sql), sql).rejects.toThrow(QueryError);
  });

  it("can't switch on logging to a file, which would end the store", async () => {
    const log = join(directory, "log");
    const attempt = store.query(`SELECT * FROM enable_logging(storage = 'file', storage_path = '${log}')`);
    await expect(attempt).rejects.toThrow("enable_logging() is not run");
    expect(existsSync(log)).toBe(false);
    await expect(store.query("SELECT 1")).resolves.toBeDefined();
  });

  it("says what is wrong in a statement", async () => {
    await expect(store.query("SELEC 1")).rejects.toThrow('syntax error at or near "SELEC"');
    await expect(store.query("SELECT * FROM window")).rejects.toThrow(QueryError);
    await expect(store.query("SELECT mean FROM windows")).rejects.toThrow('"mean" not found');
    await expect(store.query("SELECT CAST('x' AS INT64)")).rejects.toThrow(/Could not convert/);
  });

  it("gives no more rows than memory should hold", async () => {
    const some = await store.query(`SELECT * FROM range(${MOST_ROWS})`);
    expect(some.rows).toHaveLength(MOST_ROWS);
    await expect(store.query(`SELECT * FROM range(${MOST_ROWS + 1})`)).rejects.toThrow(`more than ${MOST_ROWS} rows`);
  });
});
