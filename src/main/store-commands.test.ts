import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { DuckDBInstance } from "@duckdb/node-api";
import { createAdaptorServer } from "@hono/node-server";
import type { Command } from "commander";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { removeSession, sessionPath, writeSession } from "../adapters/duckdb/store-session.ts";
import { openStore, type Store } from "../adapters/duckdb/store.ts";
import { createMonitor } from "../console/feed-monitor.ts";
import { routes } from "../console/routes.ts";
import { QueryError } from "../ports.ts";
import type { Quote } from "../quotes/quote.ts";
import type { WindowRow } from "../windows/window-row.ts";
import { CliError } from "./cli-error.ts";
import type { CommandIo } from "./command-io.ts";
import { EXIT } from "./exit-codes.ts";
import { exportCommand } from "./export.ts";
import { gainCommand } from "./gain.ts";
import { queryCommand } from "./query.ts";
import { topCommand } from "./top.ts";

const END = Date.parse("2024-03-01T14:35:05Z");
const row: WindowRow = {
  feed: "default/ten",
  symbol: "AAPL",
  resolutionMinutes: 5,
  windowStart: END - 300_000,
  windowEnd: END,
  eventTime: END - 5_000,
  firstEventTime: END - 295_000,
  firstPrice: 100_000_000,
  lastPrice: 101_500_000,
  minPrice: 99_000_000,
  maxPrice: 102_000_000,
  meanPrice: "100.500000000",
  quoteCount: 29,
  expectedCount: 30,
  engine: "Embedded",
  writtenAt: END,
};
const quote: Quote = {
  feed: "default/ten",
  symbol: "AAPL",
  price: 167_410_000,
  observedAt: END - 5_000,
  providerTime: END - 6_500,
  provider: "Simulated",
};
/** Two resolutions of one feed, an older window, a partial row that lost, and a second feed. */
const rows: readonly WindowRow[] = [
  row,
  { ...row, quoteCount: 3, meanPrice: "1", writtenAt: END + 9_000 },
  { ...row, symbol: "MSFT", meanPrice: "412.123456789", firstPrice: 400_000_000, lastPrice: 399_000_000 },
  { ...row, resolutionMinutes: 0.5, windowStart: END - 30_000, expectedCount: 3, quoteCount: 3 },
  { ...row, windowEnd: END - 10_000, meanPrice: "99" },
  { ...row, feed: "markets/o'hara", symbol: "IBM" },
];

let directory: string;
let path: string;
let store: Store | undefined;
const servers: Server[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "stockfeed-commands-"));
  path = join(directory, "store.duckdb");
  store = await openStore(path);
});
afterEach(async () => {
  for (const server of servers.splice(0)) server.close().closeAllConnections();
  await letGo();
  await rm(directory, { recursive: true });
});

/** Closes the store, so that commands open the file themselves. */
async function letGo(): Promise<void> {
  await store?.close();
  store = undefined;
}

async function run(make: (io: Pick<CommandIo, "stdout">) => Command, ...args: string[]): Promise<string> {
  const stdout = new PassThrough();
  await make({ stdout }).parseAsync(["--store", path, ...args], { from: "user" });
  stdout.end();
  return stdout
    .setEncoding("utf8")
    .toArray()
    .then((chunks) => chunks.join(""));
}

async function refusal(make: (io: Pick<CommandIo, "stdout">) => Command, ...args: string[]): Promise<CliError> {
  const error = await run(make, ...args).catch((error: unknown) => error);
  if (error instanceof CliError) return error;
  throw new Error(`It was not refused: ${String(error)}`);
}

/** Serves the open store as `stockfeed dev` does. */
async function serve(token = "token"): Promise<void> {
  const app = routes({
    monitor: createMonitor({ feeds: [], now: () => 0 }),
    reader: store!,
    metrics: async () => Promise.resolve(""),
    readiness: () => ({ ready: true, reasons: [] }),
    token,
    host: "127.0.0.1",
    pacing: { coalesceMs: 1, heartbeatMs: 1_000 },
    assets: new Map(),
    closing: new AbortController().signal,
  });
  await listen(createAdaptorServer({ fetch: app.fetch }) as Server, token);
}

async function listen(server: Server, token: string): Promise<void> {
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await writeSession(path, { url: `http://127.0.0.1:${port}`, token, pid: process.pid });
}

describe("stockfeed top", () => {
  it("shows the last closed window of each feed and resolution", async () => {
    await store!.writeRows(rows);
    await letGo();
    expect(await run(topCommand)).toBe(`\
Top stocks of default/ten, 30s to 2024-03-01T14:35:05Z
rank  symbol     mean_price  quote_count  expected_count
   1  AAPL    100.500000000            3               3

Top stocks of default/ten, 5m to 2024-03-01T14:35:05Z
rank  symbol     mean_price  quote_count  expected_count
   1  MSFT    412.123456789           29              30
   2  AAPL    100.500000000           29              30

Top stocks of markets/o'hara, 5m to 2024-03-01T14:35:05Z
rank  symbol     mean_price  quote_count  expected_count
   1  IBM     100.500000000           29              30
`);
  });

  it("shows one feed, one resolution, and the window that was last at a time", async () => {
    await store!.writeRows(rows);
    await letGo();
    expect(await run(topCommand, "--feed", "markets/o'hara")).toContain("IBM");
    expect(await run(topCommand, "--feed", "markets/o'hara")).not.toContain("AAPL");
    expect(await run(topCommand, "--resolution", "30s")).not.toContain("5m");
    expect(await run(topCommand, "--at", "2024-03-01T09:35:04-05:00")).toContain("5m to 2024-03-01T14:34:55Z");
    expect(await run(topCommand, "--feed", "none/such")).toContain("has no such window");
  });

  it("gives programs rows with the names of the view", async () => {
    await store!.writeRows(rows);
    await letGo();
    expect(JSON.parse(await run(topCommand, "--json", "--resolution", "30s"))).toEqual([
      {
        feed: "default/ten",
        resolution_minutes: "0.500000000",
        window_start: "2024-03-01T14:34:35.000Z",
        window_end: "2024-03-01T14:35:05.000Z",
        rank: 1,
        symbol: "AAPL",
        mean_price: "100.500000000",
        quote_count: 3,
        expected_count: 3,
      },
    ]);
    expect(await run(topCommand, "--json", "--feed", "none/such")).toBe("[]\n");
  });

  it.each([
    [["--at", "yesterday"], "--at yesterday is no time"],
    [["--at", "2024-03-01T14:35:00"], "Write one with its zone"],
    [["--resolution", "5"], '--resolution "5" is not a duration'],
  ])("refuses %j", async (args, message) => {
    await letGo();
    const error = await refusal(topCommand, ...args);
    expect(error.message).toContain(message);
    expect(error.exitCode).toBe(EXIT.usage);
  });
});

describe("stockfeed gain", () => {
  it("shows the highest gain first", async () => {
    await store!.writeRows(rows);
    await letGo();
    expect(await run(gainCommand, "--feed", "default/ten", "--resolution", "5m")).toBe(`\
Percentage gain of default/ten, 5m to 2024-03-01T14:35:05Z
symbol  gain_percent  first_price  last_price  quote_count  expected_count
AAPL     1.500000000   100.000000  101.500000           29              30
MSFT    -0.250000000   400.000000  399.000000           29              30
`);
  });
});

describe("stockfeed query", () => {
  it("answers as a table, in which nothing moves the cursor", async () => {
    await letGo();
    expect(await run(queryCommand, "SELECT 1 AS a, NULL AS b UNION ALL SELECT 20, 'x' || chr(27) ORDER BY 1")).toBe(
      " a  b\n 1\n20  x\\u001b\n(2 rows)\n",
    );
  });

  it("answers as JSON, with decimals as text", async () => {
    await letGo();
    expect(JSON.parse(await run(queryCommand, "--json", "SELECT 1.50 AS price"))).toEqual({
      columns: [{ name: "price", type: "DECIMAL(3,2)" }],
      rows: [["1.50"]],
    });
  });

  it("refuses what does more than read, as a mistake in the command line", async () => {
    await letGo();
    const error = await refusal(queryCommand, "DROP TABLE quotes");
    expect(error.message).toMatch(/^Only a statement that reads/);
    expect(error.exitCode).toBe(EXIT.usage);
  });

  it("names the store that does not exist", async () => {
    await letGo();
    const error = await refusal(queryCommand, "--store", join(directory, "none.duckdb"), "SELECT 1");
    expect(error.message).toContain("none.duckdb does not exist. Start `stockfeed dev`");
    expect(error.exitCode).toBe(EXIT.failed);
  });
});

describe("a store that stockfeed dev has open", () => {
  it("is read through it, and gives the same answers as the file", async () => {
    await store!.writeRows(rows);
    await serve();
    const commands = [
      async () => run(topCommand),
      async () => run(gainCommand, "--json"),
      async () => run(queryCommand, "SELECT * FROM windows ORDER BY ALL"),
      async () => run(queryCommand, "--json", "SELECT 9007199254740993 AS big, NULL, true, 0.5::DOUBLE"),
    ];
    const through: string[] = [];
    for (const command of commands) through.push(await command());
    await removeSession(path, process.pid);
    await letGo();
    for (const [index, command] of commands.entries()) expect(await command()).toBe(through[index]);
  });

  it("refuses a statement with the same words", async () => {
    await serve();
    const error = await refusal(queryCommand, "DROP TABLE quotes");
    expect(error.message).toMatch(/^Only a statement that reads/);
    expect(error.exitCode).toBe(EXIT.usage);
  });

  it.each([
    ["fails, which is no mistake in the command line", new Error("Store x is damaged."), EXIT.failed],
    ["can't run the statement", new QueryError("Store x has no such column."), EXIT.usage],
  ])("says when it %s", async (_, failure, exitCode) => {
    const reader = store!;
    store = { ...reader, query: async (sql) => (sql === "SELECT 1" ? reader.query(sql) : Promise.reject(failure)) };
    await serve();
    const error = await refusal(topCommand);
    expect(error.message).toContain(failure.message);
    expect(error.exitCode).toBe(exitCode);
  });

  it("is not asked with a token that it does not know, and the token is not shown", async () => {
    await serve("right-token");
    const session = JSON.parse(await readFile(sessionPath(path), "utf8")) as Parameters<typeof writeSession>[1];
    await writeSession(path, { ...session, token: "wrong-token" });
    const error = await refusal(queryCommand, "SELECT 1");
    expect(error.message).toContain("answered a query with status 401. Stop it");
    expect(error.message).not.toMatch(/(right|wrong)-token/);
  });

  it("is read from the file when nobody answers, as after a crash", async () => {
    await store!.writeRows(rows);
    await letGo();
    const gone = createServer();
    await listen(gone, "token");
    gone.close();
    await once(gone, "close");
    expect(await run(topCommand)).toContain("MSFT");
  });

  it("is named when what answers is something else", async () => {
    await listen(
      createServer((_, response) => response.end("<html>")),
      "token",
    );
    expect((await refusal(queryCommand, "SELECT 1")).message).toContain("something else than rows");
  });
});

describe("stockfeed export", () => {
  /** More than a page, over some minutes, each quote twice and once as a loser. */
  const slots = 12;
  const symbols = 5_000;
  const quotes = Array.from({ length: slots * symbols }, (_, i): Quote => {
    const observedAt = END - 5_000 + Math.floor(i / symbols) * 10_000;
    const volume = i % 2 === 0 ? { volume: i } : {};
    return {
      ...quote,
      symbol: `S${i % symbols}`,
      price: 1 + i * 1_000,
      observedAt,
      providerTime: observedAt,
      ...volume,
    };
  });

  it("writes every quote that counts once, in time's order, page by page", async () => {
    await store!.appendQuotes(quotes.flatMap((q) => [q, { ...q, providerTime: 0 }]));
    await letGo();
    const output = join(directory, "quotes.ndjson");
    expect(await run(exportCommand, "--table", "quotes", "--output", output)).toBe(
      `Wrote 60,000 rows of quotes to ${output}.\n`,
    );
    const lines = (await readFile(output, "utf8")).trimEnd().split("\n");
    expect(lines).toHaveLength(60_000);
    expect(lines[0]).toBe(
      '{"feed":"default/ten","symbol":"S0","price":0.000001,"observed_at":"2024-03-01T14:35:00Z","provider_time":"2024-03-01T14:35:00Z","volume":0,"provider":"Simulated"}',
    );
    const read = lines.map(
      (line) => JSON.parse(line) as { symbol: string; price: number; observed_at: string; volume: number | null },
    );
    const key = (q: { symbol: string; at: number; price: number }) => `${q.at} ${q.symbol} ${q.price}`;
    const found = read.map((q) => ({
      symbol: q.symbol,
      at: Date.parse(q.observed_at),
      price: Math.round(q.price * 1e6),
    }));
    expect(found.map(key).sort()).toEqual(
      quotes.map((q) => key({ symbol: q.symbol, at: q.observedAt, price: q.price })).sort(),
    );
    expect(found.every((q, i) => i === 0 || found[i - 1]!.at <= q.at)).toBe(true);
    expect(read.filter((q) => q.volume === null)).toHaveLength(30_000);
  });

  it("writes more rows of one minute than one answer may have, each once and in time's order", async () => {
    await letGo();
    const output = join(directory, "quotes.csv");
    const file = await DuckDBInstance.create(path);
    const writer = await file.connect();
    await writer.run(`
      INSERT INTO quotes SELECT 'default/all', 'S' || symbol.range, 1, slot, slot, NULL, 'Simulated'
      FROM range(8400) symbol,
        range(TIMESTAMPTZ '2024-03-01T14:35:00Z', TIMESTAMPTZ '2024-03-01T14:36:00Z', INTERVAL 1 SECOND) times(slot)`);
    writer.closeSync();
    file.closeSync();
    expect(await run(exportCommand, "--table", "quotes", "--output", output)).toContain("Wrote 504,000 rows");
    const lines = (await readFile(output, "utf8")).trimEnd().split("\n").slice(1);
    expect(new Set(lines).size).toBe(504_000);
    const times = lines.map((line) => line.split(",")[3]!);
    expect(times.every((time, i) => i === 0 || times[i - 1]! <= time)).toBe(true);
  });

  it("writes the same through stockfeed dev as from the file", async () => {
    await store!.appendQuotes(quotes.slice(0, 10_000));
    await serve();
    const [one, two] = [join(directory, "one.csv"), join(directory, "two.csv")];
    await run(exportCommand, "--table", "quotes", "--output", one);
    await removeSession(path, process.pid);
    await letGo();
    await run(exportCommand, "--table", "quotes", "--output", two);
    expect(await readFile(one, "utf8")).toBe(await readFile(two, "utf8"));
  });

  it.each(["ndjson", "csv", "parquet"])("writes windows as %s that say what the store says", async (ending) => {
    await store!.writeRows(rows);
    const order = "window_end, feed, resolution_minutes, symbol";
    const stored = await store!.query(`SELECT * FROM winning_windows ORDER BY ${order}`);
    await letGo();
    const output = join(directory, `rows.${ending}`);
    await run(exportCommand, "--table", "windows", "--output", output);
    const instance = await DuckDBInstance.create(":memory:");
    const connection = await instance.connect();
    await connection.run("SET TimeZone = 'UTC'");
    const casts = stored.columns.map(({ name, type }) => `CAST(${name} AS ${type}) AS ${name}`).join(", ");
    const found = await connection.runAndReadAll(`SELECT ${casts} FROM '${output}' ORDER BY ${order}`);
    const texts = found.getRowsJson().map((row) =>
      row.map((value) =>
        JSON.stringify(value)
          .replaceAll('"', "")
          .replace(/^(.*) (.*)\+00$/, "$1T$2Z"),
      ),
    );
    expect(texts).toEqual(stored.rows.map((row) => row.map((value) => String(value).replace(".000Z", "Z"))));
    connection.closeSync();
    instance.closeSync();
  });

  it("gives a Parquet file the store's types", async () => {
    await store!.writeRows(rows);
    const { columns } = await store!.query("SELECT * FROM percentage_gain");
    await letGo();
    const output = join(directory, "gain.parquet");
    await run(exportCommand, "--table", "percentage_gain", "--output", output);
    const instance = await DuckDBInstance.create(":memory:");
    const connection = await instance.connect();
    const described = (await connection.runAndReadAll(`DESCRIBE FROM '${output}'`)).getRows();
    expect(described.map(([name, type]) => ({ name, type }))).toEqual(columns);
    connection.closeSync();
    instance.closeSync();
  });

  it("writes top stocks as CSV, from a time on and before another", async () => {
    await store!.writeRows(rows);
    await letGo();
    const output = join(directory, "top.csv");
    const summary = await run(
      exportCommand,
      ...["--table", "top_stocks", "--output", output, "--json"],
      ...["--from", "2024-03-01T14:34:55Z", "--to", "2024-03-01T14:35:05Z"],
    );
    expect(JSON.parse(summary)).toEqual({ table: "top_stocks", output, rows: 1 });
    expect(await readFile(output, "utf8")).toBe(
      "feed,resolution_minutes,window_start,window_end,rank,symbol,mean_price,quote_count,expected_count\n" +
        "default/ten,5,2024-03-01T14:30:05Z,2024-03-01T14:34:55Z,1,AAPL,99,29,30\n",
    );
  });

  it("writes a header alone of an empty store", async () => {
    await letGo();
    const output = join(directory, "rows.csv");
    expect(await run(exportCommand, "--table", "quotes", "--output", output)).toContain("Wrote 0 rows");
    expect(await readFile(output, "utf8")).toBe("feed,symbol,price,observed_at,provider_time,volume,provider\n");
  });

  it("leaves an earlier file as it was, and nothing else, when it fails", async () => {
    await store!.writeRows(rows);
    const output = join(directory, "rows.csv");
    await writeFile(output, "earlier");
    let queries = 0;
    const reader = store!;
    store = {
      ...reader,
      query: async (sql) => (++queries > 3 ? Promise.reject(new Error("lost")) : reader.query(sql)),
    };
    await serve();
    await refusal(exportCommand, "--table", "windows", "--output", output);
    expect(queries).toBeGreaterThan(3);
    expect(await readFile(output, "utf8")).toBe("earlier");
    expect((await readdir(directory)).filter((name) => name.includes("partial"))).toEqual([]);
  });

  it.each([
    [["--output", "rows.xlsx"], "--output rows.xlsx must end in .ndjson, .csv, .parquet"],
    [["--output", "rows.csv", "--from", "noon"], "--from noon is no time"],
  ])("refuses %j", async (args, message) => {
    await letGo();
    const error = await refusal(exportCommand, "--table", "quotes", ...args);
    expect(error.message).toContain(message);
    expect(error.exitCode).toBe(EXIT.usage);
  });

  it("names the directory that is missing", async () => {
    await letGo();
    const error = await refusal(exportCommand, "--table", "quotes", "--output", join(directory, "none", "rows.csv"));
    expect(error.message).toContain("its directory does not exist");
    expect(error.exitCode).toBe(EXIT.failed);
  });
});
