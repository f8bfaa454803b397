import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startBigQuery, type BigQueryServer } from "../../../test/bigquery/bigquery-server.ts";
import { makeTables, makeViews } from "../../../test/bigquery/stockfeed-dataset.ts";
import type { SinkInspector } from "../../controller-ports.ts";
import { QUOTES_TABLE, WINDOWS_TABLE, type BigQueryColumn, type BigQueryTable } from "../../views/bigquery-schema.ts";
import { bigQueryInspector } from "./inspector.ts";

let server: BigQueryServer;
let inspector: SinkInspector;
let now = 0;
const target = { projectId: "acme", dataset: "markets", archive: true };

beforeEach(async () => {
  now = 0;
  server = await startBigQuery();
  inspector = bigQueryInspector({ endpoint: server.host, now: () => now, timeoutMs: 2_000 });
});
afterEach(async () => server.stop());

const requests = () => [...server.requests.values()].reduce((sum, count) => sum + count, 0);
const inspect = async () => inspector.inspect(target);

/** Makes the dataset with another table of windows. */
async function withWindows(table: Partial<BigQueryTable>): Promise<void> {
  await makeTables(server, "markets", [{ ...WINDOWS_TABLE, ...table }, QUOTES_TABLE]);
  await makeViews(server, "markets");
}
const changed = (name: string, change: Partial<BigQueryColumn>): readonly BigQueryColumn[] =>
  WINDOWS_TABLE.columns.map((column) => (column.name === name ? { ...column, ...change } : column));

describe("a dataset", () => {
  it("with its tables and views has no problem", async () => {
    await withWindows({});
    expect(await inspect()).toEqual([]);
  });

  it("that is missing brings the statement that makes it", async () => {
    expect(await inspect()).toMatchObject([
      {
        kind: "DatasetMissing",
        message: expect.stringMatching(/^Dataset `acme\.markets` does not exist\. `stockfeed ddl`/) as string,
        mend: "CREATE SCHEMA IF NOT EXISTS `acme.markets`",
      },
    ]);
  });

  it("without tables and views names each, with its statement", async () => {
    await makeTables(server, "markets", []);
    const problems = await inspect();
    expect(problems.map(({ kind }) => kind)).toEqual(Array(6).fill("TableMissing"));
    expect(problems.map(({ message }) => message)).toEqual([
      "Table `acme.markets.windows` does not exist.",
      "Table `acme.markets.quotes` does not exist.",
      "View `acme.markets.winning_windows` does not exist.",
      "View `acme.markets.top_stocks` does not exist.",
      "View `acme.markets.percentage_gain` does not exist.",
      "View `acme.markets.winning_quotes` does not exist.",
    ]);
    expect(problems.every(({ mend }) => mend?.startsWith("CREATE "))).toBe(true);
  });

  it("needs nothing for raw quotes where none are kept", async () => {
    await makeTables(server, "markets", [WINDOWS_TABLE]);
    await makeViews(server, "markets");
    expect(await inspector.inspect({ ...target, archive: false })).toEqual([]);
    expect(await inspect()).toMatchObject([
      { kind: "TableMissing", message: expect.stringContaining("quotes") as string },
    ]);
  });

  it("that may not be looked at says what the operator lacks", async () => {
    await withWindows({});
    server.fail({ kind: "forbidden", permissions: ["bigquery.tables.get"] });
    const problems = await inspect();
    expect(problems[0]).toMatchObject({
      kind: "Forbidden",
      mend: 'GRANT `roles/bigquery.metadataViewer` ON SCHEMA `acme.markets` TO "serviceAccount:ACCOUNT_EMAIL"',
    });
    expect(problems[0]?.message).toContain("bigquery.tables.get");
  });

  it("of a BigQuery that is down is one problem, not six", async () => {
    await withWindows({});
    await server.down();
    expect(await inspect()).toMatchObject([{ kind: "Unavailable" }]);
    await server.up();
    server.fail({ kind: "quota" });
    now += 60_000;
    expect(await inspect()).toMatchObject([{ kind: "Unavailable" }]);
  });
});

describe("a table", () => {
  it("may have wider decimals, columns that may be empty, and columns of others", async () => {
    const loose = WINDOWS_TABLE.columns.map(({ name, type, description }) => ({
      name,
      type,
      description,
      required: false,
    }));
    const other: BigQueryColumn = { name: "note", type: "STRING", required: false, description: "" };
    await withWindows({ columns: [other, ...loose] });
    expect(await inspect()).toEqual([]);
  });

  it("that lacks columns is mended by adding them", async () => {
    await withWindows({
      columns: WINDOWS_TABLE.columns.filter(({ name }) => name !== "engine" && name !== "min_price"),
    });
    const [problem] = await inspect();
    expect(problem).toMatchObject({
      kind: "SchemaDiffers",
      message: "`acme.markets.windows` lacks min_price, engine.",
    });
    expect(problem?.mend).toMatch(
      /^ALTER TABLE `acme\.markets\.windows` ADD COLUMN IF NOT EXISTS min_price NUMERIC\(13, 6\) OPTIONS/,
    );
    expect(problem?.mend).not.toContain("NOT NULL");
  });

  it.each([
    ["STRING(13, 6)", { type: "STRING" } as const],
    ["NUMERIC(10, 2)", { precision: 10, scale: 2 }],
  ])("with a price as %s is to be made anew", async (is, change) => {
    await withWindows({ columns: changed("min_price", change) });
    const [problem] = await inspect();
    expect(problem).toMatchObject({
      kind: "SchemaDiffers",
      message: `\`acme.markets.windows\` has min_price as ${is}, and NUMERIC(13, 6) is written.`,
    });
    expect(problem?.mend).toMatch(/^ALTER TABLE `acme\.markets\.windows` RENAME TO windows_old;\nCREATE TABLE/);
  });

  it("that wants values which rows don't have is loosened", async () => {
    const other: BigQueryColumn = { name: "desk", type: "STRING", required: true, description: "" };
    await withWindows({ columns: [...WINDOWS_TABLE.columns, other] });
    expect(await inspect()).toMatchObject([
      { kind: "SchemaDiffers", mend: "ALTER TABLE `acme.markets.windows` ALTER COLUMN desk DROP NOT NULL" },
    ]);
  });

  it("with other partitions is said", async () => {
    await withWindows({ partitionColumn: "written_at" });
    const [problem] = await inspect();
    expect(problem?.message).toBe("`acme.markets.windows` is not partitioned by window_end.");
  });
});

describe("an answer", () => {
  it("serves every feed of the dataset for five minutes", async () => {
    await withWindows({});
    await Promise.all(Array.from({ length: 50 }, inspect));
    const once = requests();
    now += 299_000;
    await inspect();
    expect(requests()).toBe(once);
    now += 2_000;
    await inspect();
    expect(requests()).toBeGreaterThan(once);
  });

  it("that is bad is looked at again after half a minute", async () => {
    expect(await inspect()).toHaveLength(1);
    await withWindows({});
    expect(await inspect()).toHaveLength(1);
    now += 31_000;
    expect(await inspect()).toEqual([]);
  });
});
