import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startBigQuery, type BigQueryServer } from "../../../test/bigquery/bigquery-server.ts";
import { withoutZetasql } from "../../../test/bigquery/require-zetasql.ts";
import { WINDOW_END, WINDOW_ROW } from "../../../test/bigquery/window-rows.ts";
import { QueryError } from "../../ports.ts";
import { createTableSql, createViewSql, TABLES, VIEWS } from "../../views/bigquery-schema.ts";
import { bigQueryReader, type BigQueryReader } from "./reader.ts";
import { bigQuerySink } from "./sink.ts";

const DAY_MS = 86_400_000;

describe.skipIf(withoutZetasql())("the reader of a dataset", () => {
  const id = { projectId: "acme", dataset: "markets" };
  let server: BigQueryServer;
  let reader: BigQueryReader;

  beforeAll(async () => {
    server = await startBigQuery();
  });
  afterAll(async () => server.stop());
  beforeEach(async () => {
    server.mend();
    const tables = TABLES.map((table) =>
      createTableSql(id, table).replace("CREATE TABLE IF NOT EXISTS", "CREATE OR REPLACE TABLE"),
    );
    const views = VIEWS.map((view) => createViewSql(id, view));
    await server.query(["CREATE SCHEMA IF NOT EXISTS markets", ...tables, ...views].join(";\n"));
    reader = bigQueryReader({ ...id, endpoint: server.url, now: () => WINDOW_END + 60_000, timeoutMs: 5_000 });
  });

  const write = async (...rows: (typeof WINDOW_ROW)[]) => bigQuerySink({ ...id, endpoint: server.url }).writeRows(rows);

  describe("the newest quotes in rows", () => {
    const FIVE = 5 * 60_000;

    it("of a feed without rows are none", async () => {
      await write({ ...WINDOW_ROW, feed: "markets/other" });
      expect(await reader.newestQuotes("markets/tech")).toEqual(new Map());
    });

    it("are the feed's own, whatever other feeds have", async () => {
      const later = { ...WINDOW_ROW, feed: "markets/o'th\\er", eventTime: WINDOW_END + 50_000 };
      // A window that ended later without a later quote.
      await write(WINDOW_ROW, { ...WINDOW_ROW, windowEnd: WINDOW_END + 10_000 }, later);
      expect(await reader.newestQuotes("markets/tech")).toEqual(new Map([[FIVE, WINDOW_ROW.eventTime]]));
      expect(await reader.newestQuotes("markets/o'th\\er")).toEqual(new Map([[FIVE, WINDOW_END + 50_000]]));
    });

    it("are told of each size of windows, also of those that are no whole minutes", async () => {
      const sizes = [1_000, 10_000, 60_000, 86_400_000];
      const rows = sizes.map((sizeMs, i) => ({
        ...WINDOW_ROW,
        resolutionMinutes: sizeMs / 60_000,
        eventTime: WINDOW_ROW.eventTime - i * 60_000,
      }));
      await write(WINDOW_ROW, ...rows);
      const newest = rows.map(({ eventTime }, i) => [sizes[i], eventTime] as const);
      const wanted = new Map([...newest, [FIVE, WINDOW_ROW.eventTime] as const]);
      expect(await reader.newestQuotes("markets/tech")).toEqual(wanted);
    });

    it("are found by one query where they are recent, and by a second where they are older than quotes are kept", async () => {
      await write(WINDOW_ROW);
      const queries = () => server.requests.get("jobs.query") ?? 0;
      const before = queries();
      await reader.newestQuotes("markets/tech");
      expect(queries()).toBe(before + 1);
      const later = bigQueryReader({ ...id, endpoint: server.url, now: () => WINDOW_END + 30 * DAY_MS });
      expect(await later.newestQuotes("markets/tech")).toEqual(new Map([[FIVE, WINDOW_ROW.eventTime]]));
      expect(queries()).toBe(before + 3);
    });

    it("of a table that is missing, or a server that is down, are an error", async () => {
      const elsewhere = bigQueryReader({ projectId: "acme", dataset: "nowhere", endpoint: server.url });
      await expect(elsewhere.newestQuotes("markets/tech")).rejects.toMatchObject({ fault: "Missing" });
      server.fail({ kind: "unavailable", calls: ["query"] });
      await expect(reader.newestQuotes("markets/tech")).rejects.toMatchObject({
        fault: "Unavailable",
        retryable: true,
      });
    });
  });

  describe("a query", () => {
    it("gives columns and values as the laptop's store does", async () => {
      const { columns, rows } = await reader.query(
        `SELECT 42 AS small, 9007199254740993 AS big, NUMERIC '1.5' AS amount, 0.1 AS real,
          TIMESTAMP '2024-03-01 09:30:00.25-05' AS time, TIMESTAMP '1969-12-31T23:59:59.999999Z' AS early,
          'x' AS text, CAST(NULL AS STRING) AS nothing, true AS yes, CAST('nan' AS FLOAT64) AS nan, DATE '2024-03-01' AS day`,
      );
      expect(columns.map(({ name }, i) => [name, rows[0]?.[i]])).toEqual([
        ["small", 42],
        ["big", "9007199254740993"],
        ["amount", "1.5"],
        ["real", 0.1],
        ["time", "2024-03-01T14:30:00.250Z"],
        ["early", "1969-12-31T23:59:59.999999Z"],
        ["text", "x"],
        ["nothing", null],
        ["yes", true],
        ["nan", "NaN"],
        ["day", "2024-03-01"],
      ]);
    });

    it("finds tables and views by their names alone", async () => {
      await write(WINDOW_ROW);
      expect((await reader.query("SELECT symbol, rank, mean_price FROM top_stocks")).rows).toEqual([
        ["AAPL", 1, "100.5"],
      ]);
      expect((await reader.query("SELECT gain_percent FROM percentage_gain")).rows).toEqual([["1.5"]]);
      expect((await reader.query("SELECT COUNT(*) FROM `acme.markets.winning_quotes`")).rows).toEqual([[0]]);
    });

    it("reads an answer of many pages", async () => {
      const { rows } = await reader.query(
        "SELECT a * 250 + b FROM UNNEST(GENERATE_ARRAY(0, 99)) AS a, UNNEST(GENERATE_ARRAY(1, 250)) AS b ORDER BY 1",
      );
      expect(rows).toHaveLength(25_000);
      expect(rows.at(-1)).toEqual([25_000]);
    });

    it.each(["DROP TABLE windows", "CREATE TABLE t (a INT64)", "SELECT 1; SELECT 2", "SELECT 1; DROP TABLE windows"])(
      "is refused when it is more than one that reads: %s",
      async (sql) => {
        await expect(reader.query(sql)).rejects.toThrow(/^Only a statement that reads is run/);
        await expect(reader.query("SELECT COUNT(*) FROM windows")).resolves.toBeDefined();
      },
    );

    it("says what is wrong in a statement, as its writer's error", async () => {
      await expect(reader.query("SELEC 1")).rejects.toThrow(/Syntax error/);
      for (const sql of ["SELEC 1", "SELECT * FROM window", "SELECT mean FROM windows"]) {
        await expect(reader.query(sql), sql).rejects.toBeInstanceOf(QueryError);
      }
    });

    it("ends at once with the signal's reason when its caller leaves", async () => {
      server.fail({ kind: "slow", ms: 60_000, calls: ["query"] });
      const leave = new AbortController();
      const asked = reader.query("SELECT 1", leave.signal);
      leave.abort(new Error("left"));
      await expect(asked).rejects.toThrow("left");
    });
  });
});
