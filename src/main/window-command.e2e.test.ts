import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startBigQuery, type BigQueryServer } from "../../test/bigquery/bigquery-server.ts";
import { withoutZetasql } from "../../test/bigquery/require-zetasql.ts";
import { WINDOW_END, WINDOW_ROW } from "../../test/bigquery/window-rows.ts";
import { runCommand } from "../../test/run-command.ts";
import { bigQueryReader } from "../adapters/bigquery/reader.ts";
import { bigQuerySink } from "../adapters/bigquery/sink.ts";
import { openStore, type Store } from "../adapters/duckdb/store.ts";
import type { ResultReader } from "../ports.ts";
import { datasetStatements } from "../views/bigquery-schema.ts";
import type { CommandIo } from "./command-io.ts";
import { PERCENTAGE_GAIN } from "./gain.ts";
import { lastWindows } from "./last-windows.ts";
import { TOP_STOCKS } from "./top.ts";
import { windowCommand, type WindowSource, type WindowView } from "./window-command.ts";

const odd = "o'dd\\ \"fe\\'ed\nΩ😀";
const rows = [
  WINDOW_ROW,
  { ...WINDOW_ROW, symbol: "MSFT", meanPrice: "333.333333333", lastPrice: 99_000_001 },
  { ...WINDOW_ROW, symbol: "MSFT", quoteCount: 1, meanPrice: "1" },
  { ...WINDOW_ROW, windowEnd: WINDOW_END - 10_000, symbol: "IBM" },
  { ...WINDOW_ROW, resolutionMinutes: 1 / 6, symbol: "GOOG" },
  { ...WINDOW_ROW, feed: odd, symbol: "NFLX" },
];

describe.skipIf(withoutZetasql())("top and gain", () => {
  let server: BigQueryServer;
  let directory: string;
  let store: Store;
  let bigQuery: ResultReader;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "stockfeed-windows-"));
    store = await openStore(join(directory, "store.duckdb"));
    server = await startBigQuery();
    const id = { projectId: server.project, dataset: "markets" };
    await server.query(datasetStatements(id).join(";\n"));
    bigQuery = bigQueryReader({ ...id, endpoint: server.url });
    await store.writeRows(rows);
    await bigQuerySink({ ...id, endpoint: server.url }).writeRows(rows);
  });
  afterAll(async () => {
    await server.stop();
    await store.close();
    await rm(directory, { recursive: true });
  });

  async function run(view: WindowView, reader: ResultReader, args: readonly string[]): Promise<string> {
    const source: WindowSource = {
      declare: (command) => command.option("--feed <name>"),
      read: async (command, work) => work(reader, command.opts<{ readonly feed?: string }>().feed),
      examples: "",
    };
    const command = (io: Pick<CommandIo, "stdout">) => windowCommand(view, source, io);
    const { stdout } = await runCommand(command, { args });
    // BigQuery leaves zeros at the end of decimals out, and the columns are narrower by them.
    return stdout
      .replaceAll(/(\.[0-9]*?)0+(?=[\s"])/g, "$1")
      .replaceAll(/\.(?=[\s"])/g, "")
      .replaceAll(/ +/g, " ");
  }

  const flags = [
    [],
    ["--json"],
    ["--feed", "markets/tech"],
    ["--feed", odd],
    ["--feed", "none/such"],
    ["--resolution", "10s"],
    ["--resolution", "5m", "--json"],
    ["--at", "2024-03-01T14:35:00Z"],
  ];
  it.each(flags.flatMap((args) => [TOP_STOCKS, PERCENTAGE_GAIN].map((view) => ({ view, args }))))(
    "say of BigQuery what they say of the laptop's store: $view.name $args",
    async ({ view, args }) => {
      const said = await run(view, bigQuery, args);
      expect(said).toBe(await run(view, store, args));
      if (args.length === 0) expect(said).toContain("MSFT");
    },
  );

  it("look at recent partitions first, and at all where nothing is recent", async () => {
    const flags = { feed: "markets/tech", resolution: "5m" };
    const asked: string[] = [];
    const spy: ResultReader = { query: async (sql) => (asked.push(sql), bigQuery.query(sql)) };
    const recent = await lastWindows(spy, flags, WINDOW_END - 1);
    expect(recent).toHaveLength(1);
    expect(asked).toEqual([expect.stringContaining("window_end > TIMESTAMP '2024-03-01T14:35:04.999Z'")]);
    expect(await lastWindows(spy, flags, WINDOW_END + 1)).toEqual(recent);
    expect(asked).toHaveLength(3);
  });
});
