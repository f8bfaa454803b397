import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { formatPrice } from "../../quotes/price.ts";
import type { DeadLetter, Quote } from "../../quotes/quote.ts";
import type { WindowRow } from "../../windows/window-row.ts";
import { openStore, type Store } from "./store.ts";

const SLOT = Date.parse("2024-03-01T14:30:00Z");
const quote: Quote = {
  feed: "default/ten",
  symbol: "AAPL",
  price: 167_410_000,
  observedAt: SLOT,
  providerTime: SLOT - 1_234,
  volume: 12_345_678,
  provider: "Simulated",
};
const row: WindowRow = {
  feed: "default/ten",
  symbol: "AAPL",
  resolutionMinutes: 1,
  windowStart: SLOT - 55_000,
  windowEnd: SLOT + 5_000,
  eventTime: SLOT,
  firstEventTime: SLOT - 50_000,
  firstPrice: 1,
  lastPrice: 9_999_999_999_999,
  minPrice: 1,
  maxPrice: 9_999_999_999_999,
  meanPrice: "9999999.999998999",
  quoteCount: 6,
  expectedCount: 6,
  engine: "Embedded",
  writtenAt: SLOT + 5_012,
};

let directory: string;
let store: Store;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "stockfeed-store-"));
  store = await openStore(join(directory, "store.duckdb"));
});
afterEach(async () => {
  await store.close();
  await rm(directory, { recursive: true });
});

async function select(sql: string) {
  return (await store.query(sql)).rows;
}

async function quotesFrom(feed: string, from: number): Promise<Quote[]> {
  const quotes: Quote[] = [];
  for await (const batch of store.readQuotes(feed, from)) quotes.push(...batch);
  return quotes;
}

async function reopen(): Promise<void> {
  const { path } = store;
  await store.close();
  store = await openStore(path);
}

describe("a store", () => {
  it("gives a window row back as it was written", async () => {
    await store.writeRows([row]);
    await reopen();
    expect(await select("SELECT * FROM windows")).toEqual([
      [
        "default/ten",
        "AAPL",
        "1.000000000",
        "2024-03-01T14:29:05.000Z",
        "2024-03-01T14:30:05.000Z",
        "2024-03-01T14:30:00.000Z",
        "2024-03-01T14:29:10.000Z",
        "0.000001",
        "9999999.999999",
        "0.000001",
        "9999999.999999",
        "9999999.999998999",
        6,
        6,
        "Embedded",
        "2024-03-01T14:30:05.012Z",
      ],
    ]);
  });

  it("holds every price, mean and resolution exactly", async () => {
    const price = fc.integer({ min: 1, max: 9_999_999_999_999 });
    const billionths = fc.bigInt({ min: 1n, max: 9_999_999_999_999_999n });
    const mean = billionths.map((n) =>
      String(n)
        .padStart(10, "0")
        .replace(/(.{9})$/, ".$1"),
    );
    const seconds = fc.integer({ min: 1, max: 86_400 });
    const drawn = fc.array(fc.record({ price, mean, seconds }), { minLength: 1, maxLength: 3_000 });
    await fc.assert(
      fc.asyncProperty(drawn, async (values) => {
        const feed = crypto.randomUUID();
        await store.writeRows(
          values.map(({ price, mean, seconds }, i) => {
            return { ...row, feed, quoteCount: i, lastPrice: price, meanPrice: mean, resolutionMinutes: seconds / 60 };
          }),
        );
        const found = await select(
          `SELECT last_price, mean_price, CAST(ROUND(resolution_minutes * 60) AS INT64) FROM windows WHERE feed = '${feed}' ORDER BY quote_count`,
        );
        expect(found).toEqual(values.map(({ price, mean, seconds }) => [formatPrice(price), mean, seconds]));
      }),
      { numRuns: 15 },
    );
  });

  it("gives quotes back as they were written, slots in order, from the slot asked for", async () => {
    const { volume, ...silent } = quote;
    expect(volume).toBeDefined();
    const hours = [3, 0, 1, 2, 1].map((hour) => ({ ...quote, observedAt: SLOT + hour * 3_600_000 }));
    await store.appendQuotes([...hours, { ...silent, observedAt: SLOT + 3_600_000 + 59_999 }]);
    await store.appendQuotes([{ ...quote, feed: "default/other" }]);
    const read = await quotesFrom("default/ten", SLOT + 1);
    expect(read).toEqual([hours[2], hours[4], { ...silent, observedAt: SLOT + 3_659_999 }, hours[3], hours[0]]);
    expect(await quotesFrom("default/none", 0)).toEqual([]);
  });

  it("keeps dead letters as they came", async () => {
    const payload = '{"price": "NaN", "é": "\u0000\n"}';
    const letter: DeadLetter = {
      feed: "a/b",
      reason: "InvalidPrice",
      detail: "price is NaN",
      payload,
      receivedAt: SLOT,
    };
    await store.putDeadLetters([letter]);
    const found = await select("SELECT feed, reason, detail, payload, received_at FROM dead_letters");
    expect(found).toEqual([["a/b", "InvalidPrice", "price is NaN", payload, "2024-03-01T14:30:00.000Z"]]);
  });

  it("tells the newest slot and window end of a feed, and nothing of an unknown one", async () => {
    await store.appendQuotes([quote, { ...quote, observedAt: SLOT - 10_000 }]);
    await store.writeRows([row, { ...row, windowEnd: SLOT - 5_000 }]);
    expect(await store.lastQuoteSlot("default/ten")).toBe(SLOT);
    expect(await store.newestWindowEnd("default/ten")).toBe(SLOT + 5_000);
    expect(await store.lastQuoteSlot("default/none")).toBeUndefined();
    expect(await store.newestWindowEnd("default/none")).toBeUndefined();
  });

  it("counts a row once however often it is written, in whatever order, over a restart too", async () => {
    const partial = { ...row, quoteCount: 2, lastPrice: 2, writtenAt: SLOT + 99_000 };
    await store.writeRows([row]);
    await store.writeRows([partial, row]);
    await reopen();
    await store.writeRows([partial]);
    expect(await select("SELECT quote_count, last_price FROM winning_windows")).toEqual([[6, "9999999.999999"]]);
  });

  it("stores all of a batch or nothing, and goes on after one that fails", async () => {
    await expect(store.writeRows([row, { ...row, meanPrice: "none" }])).rejects.toThrow(/"none" is no decimal/);
    expect(await select("SELECT COUNT(*) FROM windows")).toEqual([[0]]);
    await store.writeRows([row]);
    expect(await select("SELECT COUNT(*) FROM windows")).toEqual([[1]]);
  });

  it("takes writes at once and ends them before it closes", async () => {
    const writes = Array.from({ length: 20 }, async (_, i) => store.appendQuotes([{ ...quote, observedAt: SLOT + i }]));
    await reopen();
    await Promise.all(writes);
    expect(await select("SELECT COUNT(*) FROM quotes")).toEqual([[20]]);
  });

  it("lets a query see one state while rows are being written", async () => {
    const rows = Array.from({ length: 100 }, () => row);
    let counted: unknown[] = [];
    const reading = (async () => {
      for (let i = 0; i < 20; i++) counted = counted.concat((await select("SELECT COUNT(*) FROM windows")).flat());
    })();
    for (let i = 0; i < 10; i++) await store.writeRows(rows);
    await reading;
    expect(counted.every((n) => Number(n) % 100 === 0)).toBe(true);
  });

  it("makes the last directory of its path", async () => {
    const nested = await openStore(join(directory, ".stockfeed", "store.duckdb"));
    await nested.close();
    expect((await stat(join(directory, ".stockfeed", "store.duckdb"))).isFile()).toBe(true);
  });

  it("opened to be read, answers queries and refuses to write", async () => {
    await store.writeRows([row]);
    const { path } = store;
    await store.close();
    store = await openStore(path, { readOnly: true });
    expect(await select("SELECT symbol FROM top_stocks")).toEqual([["AAPL"]]);
    await expect(store.writeRows([row])).rejects.toThrow(`Store ${path} is open to be read alone`);
  });

  it("says that it is closed to whoever comes after", async () => {
    await store.close();
    await expect(store.writeRows([row])).rejects.toThrow(/is closed/);
    await expect(store.query("SELECT 1")).rejects.toThrow(/is closed/);
  });

  it("breaks off a query that runs while it closes", async () => {
    const endless = store.query("SELECT COUNT(*) FROM range(1000000000) a, range(1000000000) b");
    const refused = expect(endless).rejects.toThrow(/is closed/);
    await store.query("SELECT 1");
    await store.close();
    await refused;
  });
});
