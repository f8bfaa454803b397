import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startBigQuery, type BigQueryServer } from "../../../test/bigquery/bigquery-server.ts";
import { makeTables } from "../../../test/bigquery/stockfeed-dataset.ts";
import { WINDOW_END, WINDOW_ROW } from "../../../test/bigquery/window-rows.ts";
import type { WindowRow } from "../../windows/window-row.ts";
import { QUOTES_TABLE, WINDOWS_TABLE } from "../../views/bigquery-schema.ts";
import { bigQuerySink } from "./sink.ts";

const END = WINDOW_END;
const row: WindowRow = {
  ...WINDOW_ROW,
  resolutionMinutes: 1 / 6,
  windowStart: END - 10_000,
  firstEventTime: END - 5_000,
  firstPrice: 1,
  lastPrice: 9_999_999_999_999,
  minPrice: 100_000_000,
  maxPrice: 167_410_000,
  meanPrice: "167.333333333",
  quoteCount: 1,
  expectedCount: 1,
};
const many = (count: number) => Array.from({ length: count }, (_, i) => ({ ...row, symbol: `S${i}` }));

let server: BigQueryServer;
let now = 0;

beforeEach(async () => {
  now = 0;
  server = await startBigQuery({ now: () => now });
  await makeTables(server, "markets");
});
afterEach(async () => server.stop());

const sink = (dataset = "markets") =>
  bigQuerySink({ projectId: "acme", dataset, endpoint: server.host, timeoutMs: 2_000 });
const stored = () => server.rows("markets", "windows");
const insertCalls = () => server.requests.get("tabledata.insertAll") ?? 0;

describe("rows", () => {
  it("land with every digit, as the columns have them", async () => {
    await sink().writeRows([row]);
    const micros = (time: number) => BigInt(time) * 1000n;
    expect(stored()).toEqual([
      {
        feed: "markets/tech",
        symbol: "AAPL",
        resolution_minutes: "0.166666667",
        window_start: micros(END - 10_000),
        window_end: micros(END),
        event_time: micros(END - 5_000),
        first_event_time: micros(END - 5_000),
        first_price: "0.000001",
        last_price: "9999999.999999",
        min_price: "100",
        max_price: "167.41",
        mean_price: "167.333333333",
        quote_count: 1n,
        expected_count: 1n,
        engine: "Embedded",
        written_at: micros(END + 1_234),
      },
    ]);
  });

  it("have any price and time exactly", async () => {
    const arbitrary = fc.record({
      price: fc.integer({ min: 1, max: 9_999_999_999_999 }),
      time: fc.integer({ min: 0, max: Date.UTC(2100, 0) }),
      mean: fc.tuple(fc.integer({ min: 0, max: 9_999_999 }), fc.integer({ min: 0, max: 999_999_999 })),
    });
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(arbitrary, { minLength: 1, maxLength: 50 }), async (samples) => {
        const before = stored().length;
        const rows = samples.map(({ price, time, mean: [whole, billionths] }, i) => ({
          ...row,
          symbol: `S${i}`,
          firstPrice: price,
          windowEnd: time,
          meanPrice: `${whole}.${String(billionths).padStart(9, "0")}`,
        }));
        await sink().writeRows(rows);
        const found = stored().slice(before);
        expect(found.map((each) => BigInt(Math.round(Number(each.first_price) * 1e6)))).toEqual(
          samples.map(({ price }) => BigInt(price)),
        );
        expect(found.map((each) => each.window_end)).toEqual(samples.map(({ time }) => BigInt(time) * 1000n));
        const trimmed = (text: string) => text.replace(/\.?0+$/, "");
        expect(found.map((each) => each.mean_price)).toEqual(rows.map(({ meanPrice }) => trimmed(meanPrice)));
      }),
      { numRuns: 20 },
    );
  });

  it("go in requests of at most 500", async () => {
    await sink().writeRows(many(1_201));
    expect(stored()).toHaveLength(1_201);
    expect(insertCalls()).toBe(3);
  });

  it("of none, ask nothing", async () => {
    await sink().writeRows([]);
    expect(insertCalls()).toBe(0);
  });
});

describe("a write that is repeated", () => {
  it("after a lost answer stores each row once", async () => {
    server.fail({ kind: "lostAnswer", calls: ["insertAll"], times: 1 });
    const to = sink();
    await expect(to.writeRows([row])).rejects.toMatchObject({ fault: "Unavailable", retryable: true });
    await to.writeRows([row]);
    expect(stored()).toHaveLength(1);
    expect(insertCalls()).toBe(2);
  });

  it("by another process within a minute stores an equal row once, and a fuller or newer one beside it", async () => {
    await sink().writeRows([row]);
    await sink().writeRows([{ ...row }]);
    await sink().writeRows([{ ...row, quoteCount: 2 }]);
    await sink().writeRows([{ ...row, writtenAt: row.writtenAt + 1 }]);
    expect(stored()).toHaveLength(3);
  });

  it("sends only the requests that had failed", async () => {
    const rows = many(2_000);
    server.fail({ kind: "unavailable", calls: ["insertAll"], times: 1 });
    const to = sink();
    await expect(to.writeRows(rows)).rejects.toThrow("took no rows");
    expect(insertCalls()).toBe(4);
    // Past the time in which insert IDs help.
    now += 120_000;
    await to.writeRows(rows);
    expect(insertCalls()).toBe(5);
    expect(stored()).toHaveLength(2_000);
  });

  it("sends only the rows that had not been taken", async () => {
    const rows = many(10);
    server.fail({ kind: "rowErrors", reason: "backendError", pick: ({ symbol }) => symbol === "S3", times: 1 });
    const to = sink();
    await expect(to.writeRows(rows)).rejects.toMatchObject({ retryable: true });
    expect(stored()).toHaveLength(9);
    now += 120_000;
    await to.writeRows(rows);
    expect(stored().map(({ symbol }) => symbol)).toHaveLength(10);
    expect(new Set(stored().map(({ symbol }) => symbol)).size).toBe(10);
  });

  it("of rows that were stored long ago is a new write", async () => {
    const to = sink();
    await to.writeRows([row]);
    now += 120_000;
    await to.writeRows([row]);
    expect(stored()).toHaveLength(2);
  });
});

describe("an error", () => {
  it("of a server that is down passes", async () => {
    await server.down();
    const to = sink();
    await expect(to.writeRows([row])).rejects.toMatchObject({ fault: "Unavailable", retryable: true });
    await server.up();
    await to.writeRows([row]);
    expect(stored()).toHaveLength(1);
  });

  it("of a server that does not answer comes in the time that one call may take", async () => {
    server.fail({ kind: "slow", ms: 60_000, calls: ["insertAll"] });
    const to = bigQuerySink({ projectId: "acme", dataset: "markets", endpoint: server.url, timeoutMs: 100 });
    await expect(to.writeRows([row])).rejects.toMatchObject({ fault: "Unavailable" });
  });

  it("of a quota passes, and is told from an outage", async () => {
    server.fail({ kind: "quota", calls: ["insertAll"] });
    await expect(sink().writeRows([row])).rejects.toMatchObject({ fault: "Throttled", retryable: true });
  });

  it("of a missing table brings the statement that makes it", async () => {
    const attempt = sink("nowhere").writeRows([row]);
    await expect(attempt).rejects.toMatchObject({ fault: "Missing", retryable: false, status: 404 });
    await expect(attempt).rejects.toThrow(
      "CREATE TABLE IF NOT EXISTS `acme.nowhere.windows` (\n  feed STRING NOT NULL",
    );
  });

  it("of missing rights names the role", async () => {
    server.fail({ kind: "forbidden", permissions: ["bigquery.tables.updateData"] });
    const attempt = sink().writeRows([row]);
    await expect(attempt).rejects.toMatchObject({ fault: "Forbidden", retryable: false });
    await expect(attempt).rejects.toThrow("Grant roles/bigquery.dataEditor");
  });

  it("of another schema names the column, and where the statements are", async () => {
    await makeTables(server, "old", [
      { ...WINDOWS_TABLE, columns: WINDOWS_TABLE.columns.filter(({ name }) => name !== "engine") },
      QUOTES_TABLE,
    ]);
    const attempt = sink("old").writeRows([row]);
    await expect(attempt).rejects.toMatchObject({ fault: "SchemaDiffers", retryable: false });
    await expect(attempt).rejects.toThrow(/no such field: engine.*`stockfeed ddl`/s);
  });

  it("of one row that no table would take lets the others land", async () => {
    const bad = { ...row, symbol: "BAD", meanPrice: "12345678.1" };
    const attempt = sink().writeRows([...many(3), bad]);
    await expect(attempt).rejects.toThrow(/did not take 1 of 4 rows.*BAD/s);
    expect(stored()).toHaveLength(3);
  });
});
