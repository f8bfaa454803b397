import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { sampleFeed, sampleQuotes, sampleRows } from "../../test/fakes/sample-market.ts";
import { openStore } from "../adapters/duckdb/store.ts";
import { createMonitor } from "./feed-monitor.ts";

const START = Date.parse("2026-03-04T15:00:00Z");
const END = START + 930_000;

const folder = mkdtempSync(join(tmpdir(), "stockfeed-console-"));
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe("the console beside the store", () => {
  it("shows the last digit of what the store's views say, partial and repeated rows included", async () => {
    const feed = sampleFeed();
    const monitor = createMonitor({ feeds: [feed], now: () => END });
    const store = await openStore(join(folder, "store.duckdb"));
    const quotes = sampleQuotes(feed, START, END);
    const full = sampleRows(feed, quotes, END + 6_000);
    // A drain's rows, with half of the quotes, and every full row twice, in two orders.
    const partial = sampleRows(
      feed,
      quotes.filter(({ observedAt }) => observedAt % 20_000 === 0),
      END + 6_000,
    ).map((row) => ({ ...row, writtenAt: row.writtenAt + 1_000 }));
    for (const rows of [full, partial, full.toReversed()]) {
      await store.writeRows(rows);
      monitor.feed("markets/tech").onRows(rows);
    }
    const top = await store.query("SELECT resolution_minutes, rank, symbol, mean_price FROM top_stocks");
    const gains = await store.query("SELECT resolution_minutes, symbol, gain_percent FROM percentage_gain");
    await store.close();

    const windows = monitor.snapshot().feeds[0]!.windows;
    const shownTop = windows.flatMap(({ sizeMs, closed }) =>
      closed!.topStocks.map(({ rank, symbol, meanPrice }) => [sizeMs / 60_000, rank, symbol, Number(meanPrice)]),
    );
    const shownGains = windows.flatMap(({ sizeMs, closed }) =>
      closed!.gains.map(({ symbol, gainPercent }) => [sizeMs / 60_000, symbol, gainPercent]),
    );
    const sorted = (rows: readonly (readonly unknown[])[]) => rows.map((row) => JSON.stringify(row)).toSorted();
    const storedTop = top.rows.map(([minutes, rank, symbol, mean]) => [
      Number(minutes),
      Number(rank),
      symbol,
      Number(mean),
    ]);
    const storedGains = gains.rows.map(([minutes, symbol, gain]) => [Number(minutes), symbol, Number(gain).toFixed(9)]);
    expect(storedTop).toHaveLength(9);
    expect(storedGains).toHaveLength(30);
    expect(sorted(shownTop)).toEqual(sorted(storedTop));
    expect(sorted(shownGains)).toEqual(sorted(storedGains));
  });
});
