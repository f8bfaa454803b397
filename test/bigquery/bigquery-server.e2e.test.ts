import { spawn } from "node:child_process";
import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTableSql, createViewSql, VIEWS, WINDOWS_TABLE } from "../../src/views/bigquery-schema.ts";
import { bigQuerySink } from "../../src/adapters/bigquery/sink.ts";
import { startBigQuery, type BigQueryServer } from "./bigquery-server.ts";
import { withoutZetasql } from "./require-zetasql.ts";
import { WINDOW_END, WINDOW_ROW } from "./window-rows.ts";

describe.skipIf(withoutZetasql())("statements", () => {
  let server: BigQueryServer;
  beforeAll(async () => {
    server = await startBigQuery();
    await server.query(
      "CREATE SCHEMA d; CREATE TABLE d.t (a STRING NOT NULL, n INT64, p NUMERIC(9, 2)); -- ; nothing;",
    );
  });
  afterAll(async () => server.stop());

  it("find tables by every form of their name", async () => {
    await server.query("CREATE OR REPLACE VIEW d.v AS SELECT 'd.t' AS text, COUNT(*) AS n FROM `acme.d.t`");
    for (const name of ["d.t", "`d.t`", "`d`.`t`", "acme.d.t", "`acme.d.t`", "`acme`.d.t", "t"]) {
      expect(await server.query(`SELECT COUNT(*) AS n FROM ${name} WHERE 'd.t' = "d.t" /* d.t */`, "d")).toEqual([
        { n: 0n },
      ]);
    }
    expect(await server.query("SELECT * FROM d.v")).toEqual([{ text: "d.t", n: 0n }]);
  });

  it.each([
    ["SELECT * FROM d.none", "Not found: Table acme:d.none"],
    ["SELECT * FROM t", 'Table "t" must be qualified with a dataset'],
    ["SELECT b FROM d.t", "Unrecognized name: b"],
    ["SELECT a FROM d.t QUALIFY RANK() OVER (ORDER BY a) = 1", "QUALIFY clause must be used in conjunction with WHERE"],
    ["CREATE TABLE d.t (a STRING)", "Already Exists: Table acme:d.t"],
    ["CREATE VIEW d.w AS SELECT nothing FROM d.t", "Unrecognized name: nothing"],
    ["SELECT CAST('1' AS NUMERIC(9, 2))", "Parameterized types are not supported"],
    ["INSERT INTO d.t (a) VALUES ('x')", "does not run"],
  ])("are refused in BigQuery's words: %s", async (sql, message) => {
    await expect(server.query(sql)).rejects.toThrow(message);
  });

  it("read a view over more rows than the engine takes at once, as if at once", async () => {
    const id = { projectId: "acme", dataset: "d" };
    const views = VIEWS.filter(({ table }) => table === "windows").map((view) => createViewSql(id, view));
    await server.query([createTableSql(id, WINDOWS_TABLE), ...views].join(";\n"));
    const rows = Array.from({ length: 12_000 }, (_, i) => ({
      ...WINDOW_ROW,
      symbol: `S${i % 30}`,
      windowEnd: WINDOW_END + Math.floor((i % 6_000) / 30) * 10_000,
      meanPrice: String((i % 30) + 1),
      quoteCount: i < 6_000 ? 30 : 29,
    }));
    await bigQuerySink({ ...id, endpoint: server.url }).writeRows(rows);
    const counts = "SELECT quote_count AS quotes, COUNT(*) AS n FROM winning_windows GROUP BY quote_count";
    expect(await server.query(counts, "d")).toEqual([{ quotes: 30n, n: 6_000n }]);
    const top = "SELECT rank, symbol, COUNT(*) AS n FROM top_stocks GROUP BY rank, symbol ORDER BY rank";
    expect(await server.query(top, "d")).toEqual([
      { rank: 1n, symbol: "S29", n: 200n },
      { rank: 2n, symbol: "S28", n: 200n },
      { rank: 3n, symbol: "S27", n: 200n },
    ]);
  });
});

it("runs as a process that ends when it is told to", async () => {
  const child = spawn(process.execPath, ["test/bigquery/main.ts", "--port", "0"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  const url = /http:\/\/127\.0\.0\.1:\d+/.exec(line.toString())?.[0] ?? "";
  const response = await fetch(`${url}/bigquery/v2/projects/acme/datasets`);
  expect(await response.json()).toMatchObject({ kind: "bigquery#datasetList", datasets: [] });
  child.kill("SIGTERM");
  expect(await once(child, "exit")).toEqual([0, null]);
});
