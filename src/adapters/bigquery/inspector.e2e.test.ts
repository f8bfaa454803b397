import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startBigQuery, type BigQueryServer } from "../../../test/bigquery/bigquery-server.ts";
import { withoutZetasql } from "../../../test/bigquery/require-zetasql.ts";
import { makeTables } from "../../../test/bigquery/stockfeed-dataset.ts";
import { WINDOW_ROW } from "../../../test/bigquery/window-rows.ts";
import { QUOTES_TABLE, WINDOWS_TABLE, type BigQueryTable } from "../../views/bigquery-schema.ts";
import { bigQueryInspector } from "./inspector.ts";
import { bigQuerySink } from "./sink.ts";

const { columns } = WINDOWS_TABLE;
const without = (name: string): Partial<BigQueryTable> => ({
  columns: columns.filter((column) => column.name !== name),
});
const extra = { name: "desk", type: "STRING", required: true, description: "" } as const;
const narrow = columns.map((column) => (column.name === "min_price" ? { ...column, precision: 8 } : column));

describe.skipIf(withoutZetasql())("the statement of each problem", () => {
  let server: BigQueryServer;
  beforeAll(async () => {
    server = await startBigQuery();
  });
  afterAll(async () => server.stop());

  it.each<[string, readonly BigQueryTable[] | undefined]>([
    ["no dataset", undefined],
    ["no tables", []],
    ["no column", [{ ...WINDOWS_TABLE, ...without("engine") }, QUOTES_TABLE]],
    ["a column that wants a value", [{ ...WINDOWS_TABLE, columns: [...columns, extra] }, QUOTES_TABLE]],
    ["a narrow price", [{ ...WINDOWS_TABLE, columns: narrow }, QUOTES_TABLE]],
    ["other partitions", [WINDOWS_TABLE, { ...QUOTES_TABLE, partitionColumn: "provider_time" }]],
  ])("mends it, and rows land: %s", async (what, tables) => {
    const dataset = what.replaceAll(" ", "_");
    if (tables) await makeTables(server, dataset, tables);
    const options = { endpoint: server.url, projectId: server.project, dataset };
    let now = 0;
    const inspector = bigQueryInspector({ ...options, now: () => now });
    let rounds = 0;
    for (; ; rounds++, now += 60_000) {
      const problems = await inspector.inspect({ ...options, archive: true });
      if (problems.length === 0) break;
      expect(rounds, JSON.stringify(problems)).toBeLessThan(3);
      for (const { mend } of problems) await server.query(mend ?? "");
    }
    expect(rounds).toBeGreaterThan(0);
    await bigQuerySink(options).writeRows([WINDOW_ROW]);
    expect(await server.query("SELECT symbol, rank FROM top_stocks", dataset)).toEqual([{ symbol: "AAPL", rank: 1n }]);
  });
});
