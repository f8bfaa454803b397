import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sampleFeed, sampleQuotes, sampleRows } from "../../test/fakes/sample-market.ts";
import { MICROS } from "../quotes/price.ts";
import { wins, type Quote } from "../quotes/quote.ts";
import type { WindowRow } from "../windows/window-row.ts";
import { createMonitor, type ChangeReader, type Monitor } from "./feed-monitor.ts";
import { applyEvent, type LiveState } from "./client/live-state.ts";
import type { FeedSnapshot, WindowState } from "./wire.ts";

const NAME = "markets/tech";
const START = Date.parse("2026-03-04T15:00:00Z");
const INTERVAL = 10_000;

function monitorOf(symbols?: readonly string[], now = () => START): Monitor {
  return createMonitor({ feeds: [sampleFeed({ symbols })], now });
}

const onlyFeed = (monitor: Monitor): FeedSnapshot => monitor.snapshot().feeds[0]!;

function quote(symbol: string, slot: number, price: number, providerTime = slot): Quote {
  return {
    feed: NAME,
    symbol,
    price: Math.round(price * MICROS),
    observedAt: slot,
    providerTime,
    provider: "Simulated",
  };
}

function row(symbol: string, mean: string, fields: Partial<WindowRow> = {}): WindowRow {
  return {
    feed: NAME,
    symbol,
    resolutionMinutes: 1,
    windowStart: START - 55_000,
    windowEnd: START + 5_000,
    eventTime: START,
    firstEventTime: START - 50_000,
    firstPrice: 100 * MICROS,
    lastPrice: 101 * MICROS,
    minPrice: 100 * MICROS,
    maxPrice: 101 * MICROS,
    meanPrice: mean,
    quoteCount: 6,
    expectedCount: 6,
    engine: "Embedded",
    writtenAt: START + 5_020,
    ...fields,
  };
}

/** A few symbols' quotes over some slots, in any order, with rivals for one slot. */
const anyQuotes = fc.array(
  fc
    .tuple(
      fc.constantFrom("AAPL", "IBM", "MSFT"),
      // Few slots, so that many quotes are rivals; the last ones leave the first ones out of the history.
      fc.oneof(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 358, max: 364 })),
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 0, max: 2 }),
    )
    .map(([symbol, slot, price, age]) => quote(symbol, START + slot * INTERVAL, price, START - age)),
  { maxLength: 300 },
);

/** The newest `slots` slots' winners of each symbol, straight from the definition. */
function winnersByBruteForce(quotes: readonly Quote[], slots: number): Map<string, number> {
  const newest = Math.max(...quotes.map(({ observedAt }) => observedAt));
  const winners = new Map<string, Quote>();
  for (const candidate of quotes.filter(({ observedAt }) => observedAt > newest - slots * INTERVAL)) {
    const key = `${candidate.symbol} ${candidate.observedAt}`;
    const held = winners.get(key);
    if (!held || wins(candidate, held)) winners.set(key, candidate);
  }
  return new Map([...winners].map(([key, { price }]) => [key, price / MICROS]));
}

function pricesBySlot({ symbols, history }: FeedSnapshot): Map<string, number> {
  const prices = new Map<string, number>();
  for (const [index, symbol] of symbols.entries()) {
    for (const [point, price] of history.prices[index]!.entries()) {
      if (price !== null) prices.set(`${symbol} ${history.start + point * history.step}`, price);
    }
  }
  return prices;
}

describe("prices", () => {
  it("are each slot's winner, whatever the order of arrival, as far back as they are kept", () => {
    fc.assert(
      fc.property(anyQuotes, (quotes) => {
        fc.pre(quotes.length > 0);
        const monitor = monitorOf(["AAPL", "IBM", "MSFT"]);
        for (const each of quotes) monitor.feed(NAME).onQuotes([each]);
        // 360 slots are kept of a small feed.
        expect(pricesBySlot(onlyFeed(monitor))).toEqual(winnersByBruteForce(quotes, 360));
      }),
    );
  });

  it("end with each symbol's newest slot", () => {
    const monitor = monitorOf(["AAPL", "IBM", "MSFT"]);
    monitor.feed(NAME).onQuotes([quote("AAPL", START, 3), quote("IBM", START, 4), quote("AAPL", START + INTERVAL, 5)]);
    monitor.feed(NAME).onQuotes([quote("AAPL", START - INTERVAL, 9)]);
    expect(onlyFeed(monitor).latest).toEqual([
      { slot: START + INTERVAL, price: 5, providerTime: START + INTERVAL },
      { slot: START, price: 4, providerTime: START },
      null,
    ]);
  });

  it("keep the newest one of a symbol that has been silent for longer than the history", () => {
    const monitor = monitorOf(["AAPL", "IBM"]);
    monitor.feed(NAME).onQuotes([quote("IBM", START, 4), quote("AAPL", START + 1_000 * INTERVAL, 5)]);
    expect(onlyFeed(monitor).latest[1]).toEqual({ slot: START, price: 4, providerTime: START });
    expect(onlyFeed(monitor).history.prices[1]!.every((price) => price === null)).toBe(true);
  });

  it("of a symbol that the feed does not have are left out", () => {
    const monitor = monitorOf(["AAPL"]);
    monitor.feed(NAME).onQuotes([quote("ZZZZ", START, 3)]);
    expect(onlyFeed(monitor).latest).toEqual([null]);
  });

  it("of 5,000 symbols fit in one snapshot of a few megabytes", () => {
    const symbols = Array.from({ length: 5_000 }, (_, index) => `S${index}`);
    const monitor = monitorOf(symbols);
    for (let slot = 0; slot < 40; slot += 1) {
      monitor.feed(NAME).onQuotes(symbols.map((symbol) => quote(symbol, START + slot * INTERVAL, 1234.56)));
    }
    expect(JSON.stringify(monitor.snapshot()).length).toBeLessThan(6_000_000);
    expect(onlyFeed(monitor).history.step).toBeGreaterThan(INTERVAL);
    expect(onlyFeed(monitor).history.prices[4_999]!.at(-1)).toBe(1234.56);
  });
});

/** What `top_stocks` and `percentage_gain` say, by their SQL read aloud: RANK is one more than how many are above. */
function viewsByBruteForce(rows: readonly WindowRow[]) {
  const nanos = ({ meanPrice }: WindowRow) => BigInt(meanPrice.replace(".", ""));
  const ranked = rows.map((each) => ({
    symbol: each.symbol,
    rank: 1 + rows.filter((other) => nanos(other) > nanos(each)).length,
  }));
  return {
    top: ranked.filter(({ rank }) => rank <= 3).sort((a, b) => a.rank - b.rank || (a.symbol < b.symbol ? -1 : 1)),
    gains: new Map(rows.map((each) => [each.symbol, (100 * (each.lastPrice - each.firstPrice)) / each.firstPrice])),
  };
}

const windowOf = (monitor: Monitor, resolution: string): WindowState =>
  onlyFeed(monitor).windows.find((window) => window.resolution === resolution)!;

const anyRows = fc
  .uniqueArray(fc.constantFrom("A", "B", "C", "D", "E", "F", "G"), { minLength: 1 })
  .chain((symbols) =>
    fc.tuple(
      ...symbols.map((symbol) =>
        fc
          .tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 9e9 }), fc.integer({ min: 1, max: 9e9 }))
          .map(([mean, firstPrice, lastPrice]) => row(symbol, `${mean}.000000001`, { firstPrice, lastPrice })),
      ),
    ),
  );

describe("the last closed window", () => {
  it("ranks and gains as the views do, ties included", () => {
    fc.assert(
      fc.property(anyRows, (rows) => {
        const monitor = monitorOf();
        monitor.feed(NAME).onRows(rows);
        const { topStocks, gains } = windowOf(monitor, "1m").closed!;
        const expected = viewsByBruteForce(rows);
        expect(topStocks.map(({ symbol, rank }) => ({ symbol, rank }))).toEqual(expected.top);
        expect(gains).toHaveLength(rows.length);
        for (const { symbol, gainPercent } of gains) {
          expect(gainPercent).toMatch(/^-?\d+\.\d{9}$/);
          const error = Math.abs(Number(gainPercent) - expected.gains.get(symbol)!);
          expect(error).toBeLessThanOrEqual(5.1e-10 + 1e-14 * Math.abs(Number(gainPercent)));
        }
        expect(gains.map(({ gainPercent }) => Number(gainPercent))).toEqual(
          gains.map(({ gainPercent }) => Number(gainPercent)).sort((a, b) => b - a),
        );
      }),
    );
  });

  it.each([
    { firstPrice: 3_000_000, lastPrice: 4_000_000, gain: "33.333333333" },
    { firstPrice: 3_000_000, lastPrice: 5_000_000, gain: "66.666666667" },
    { firstPrice: 3_000_000, lastPrice: 1_000_000, gain: "-66.666666667" },
    { firstPrice: 7_000_000, lastPrice: 7_000_000, gain: "0.000000000" },
    // 0.0000000005 exactly: away from zero.
    { firstPrice: 200_000_000_000 * 10, lastPrice: 200_000_000_000 * 10 + 10, gain: "0.000000001" },
    { firstPrice: 200_000_000_000 * 10, lastPrice: 200_000_000_000 * 10 - 10, gain: "-0.000000001" },
  ])("gains $gain from $firstPrice to $lastPrice", ({ gain, ...prices }) => {
    const monitor = monitorOf();
    monitor.feed(NAME).onRows([row("AAPL", "1.0", prices)]);
    expect(windowOf(monitor, "1m").closed!.gains[0]!.gainPercent).toBe(gain);
  });

  it("is the newest, and an older one that is written again changes nothing", () => {
    const monitor = monitorOf();
    const events = monitor.feed(NAME);
    events.onRows([row("AAPL", "2.0"), row("IBM", "1.0")]);
    events.onRows([row("IBM", "3.0", { windowEnd: START + 15_000, windowStart: START - 45_000 })]);
    events.onRows([row("AAPL", "9.0")]);
    const closed = windowOf(monitor, "1m").closed!;
    expect(closed).toMatchObject({ windowEnd: START + 15_000, symbols: 1 });
    expect(closed.topStocks.map(({ symbol }) => symbol)).toEqual(["IBM"]);
  });

  it("counts of several rows with one key the one with the most quotes, then the last written", () => {
    const monitor = monitorOf();
    const full = row("AAPL", "2.0", { quoteCount: 6 });
    monitor.feed(NAME).onRows([full, row("AAPL", "9.0", { quoteCount: 2, writtenAt: full.writtenAt + 1 })]);
    expect(windowOf(monitor, "1m").closed!.topStocks[0]!.meanPrice).toBe("2.0");
    monitor.feed(NAME).onRows([row("AAPL", "3.0", { quoteCount: 6, writtenAt: full.writtenAt + 2 })]);
    expect(windowOf(monitor, "1m").closed!.topStocks[0]!.meanPrice).toBe("3.0");
    monitor.feed(NAME).onRows([full]);
    expect(windowOf(monitor, "1m").closed!.topStocks[0]!.meanPrice).toBe("3.0");
  });

  it("says how full it is", () => {
    const monitor = monitorOf();
    const rows = [row("AAPL", "2.0", { quoteCount: 2 }), row("IBM", "1.0", { quoteCount: 5 })];
    monitor.feed(NAME).onRows(rows);
    expect(windowOf(monitor, "1m")).toMatchObject({
      expectedCount: 6,
      closed: { fewestQuotes: 2, mostQuotes: 5, symbols: 2 },
    });
  });

  it("shows both ends of the gains of a very large feed", () => {
    const symbols = Array.from({ length: 5_000 }, (_, index) => `S${index}`);
    const monitor = monitorOf(symbols);
    const rows = symbols.map((symbol, index) => row(symbol, "1.0", { lastPrice: (100 + index) * MICROS }));
    monitor.feed(NAME).onRows(rows);
    const { gains, symbols: count } = windowOf(monitor, "1m").closed!;
    expect(count).toBe(5_000);
    expect(gains.map(({ symbol }) => symbol)).toEqual([
      ...symbols.slice(-100).reverse(),
      ...symbols.slice(0, 100).reverse(),
    ]);
  });

  it("is absent until there is one", () => {
    expect(onlyFeed(monitorOf()).windows.map(({ resolution, closed }) => [resolution, closed])).toEqual([
      ["1m", undefined],
      ["5m", undefined],
      ["15m", undefined],
    ]);
  });
});

describe("health", () => {
  it("adds up slots, failures, rows and counts, and measures the watermark against the clock", () => {
    const monitor = monitorOf(undefined, () => START + 2_500);
    const { telemetry } = monitor;
    const events = monitor.feed(NAME);
    events.onSlot({ slot: START - INTERVAL, missed: 4, failures: [] });
    const failure = { symbol: "IBM", kind: "RateLimited", message: "Alpaca asked to wait 3 s." } as const;
    events.onSlot({ slot: START, missed: 1, failures: [{ ...failure, kind: "Timeout" }, failure, failure] });
    events.onRows([row("AAPL", "2.0")]);
    events.onWatermark(START);
    events.onMarket("Stale");
    telemetry.countQuotes(NAME, "accepted", 18);
    telemetry.countQuotes(NAME, "stale", 3);
    telemetry.countQuotes(NAME, "duplicate", 2);
    telemetry.countQuotes(NAME, "dead_letter", 1);
    telemetry.countLateQuotes(NAME, "1m", 5);
    telemetry.countLateQuotes(NAME, "5m", 1);
    telemetry.countSinkRows(NAME, "written", 30);
    telemetry.countSinkRows(NAME, "failed", 7);
    telemetry.countMissedSlots(NAME, 5);
    telemetry.countQuotes("markets/unknown", "accepted", 99);
    expect(onlyFeed(monitor).health).toEqual({
      marketState: "Stale",
      lastSlot: START,
      slotsPolled: 2,
      slotsMissed: 5,
      quotesAccepted: 18,
      quotesStale: 3,
      quotesDuplicate: 2,
      deadLetters: 1,
      lateQuotes: 6,
      windowRows: 1,
      sinkRowsWritten: 30,
      sinkRowsFailed: 7,
      watermark: START,
      watermarkLagSeconds: 2.5,
      failures: { Timeout: 1, RateLimited: 2 },
      lastFailure: { slot: START, ...failure },
    });
  });

  it("says when a closed market opens, until it is open", () => {
    const monitor = monitorOf();
    monitor.feed(NAME).onMarket("Closed", START + 1);
    expect(onlyFeed(monitor).health).toMatchObject({ marketState: "Closed", nextOpen: START + 1 });
    monitor.feed(NAME).onMarket("Open");
    expect(onlyFeed(monitor).health).not.toHaveProperty("nextOpen");
  });

  it("takes no reports for a feed that it does not have, and names those it has", () => {
    expect(() => monitorOf().feed("markets/other")).toThrow(
      'No feed "markets/other" in the console; it has markets/tech.',
    );
  });
});

/** A reader's page: the state after every event it has read so far. */
function page(reader: ChangeReader) {
  let state: LiveState | undefined;
  return {
    read: () => {
      const event = reader.read();
      if (event) state = applyEvent(state, event);
      return event;
    },
    state: () => state!,
  };
}

describe("a reader", () => {
  it("gets the snapshot first, then what changed, then nothing", () => {
    const monitor = monitorOf(["AAPL", "IBM"]);
    const reader = monitor.follow();
    expect(reader.read()?.type).toBe("snapshot");
    expect(reader.read()).toBeUndefined();
    monitor.feed(NAME).onQuotes([quote("IBM", START, 4), quote("IBM", START, 5)]);
    expect(reader.read()).toMatchObject({
      type: "delta",
      data: { feeds: [{ name: NAME, quotes: [[1, START, 5, START]], windows: [] }] },
    });
    expect(reader.read()).toBeUndefined();
    expect(reader.read({ always: true })).toMatchObject({ type: "delta", data: { feeds: [{ quotes: [] }] } });
  });

  it("has, whenever it reads, what a snapshot of that moment says", () => {
    const step = fc.oneof(
      anyQuotes.map((quotes) => ({ quotes })),
      anyRows.map((rows) => ({ rows })),
      fc.constant({ read: true }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
        const monitor = monitorOf(["AAPL", "IBM", "MSFT"]);
        const events = monitor.feed(NAME);
        const live = page(monitor.follow());
        for (const next of [{ read: true }, ...steps, { read: true }]) {
          if ("quotes" in next) events.onQuotes(next.quotes);
          else if ("rows" in next) events.onRows(next.rows);
          else {
            live.read();
            const fresh = page(monitor.follow());
            fresh.read();
            expect(live.state()).toEqual(fresh.state());
          }
        }
      }),
      { numRuns: 50 },
    );
  });

  it("that was away for longer than the log of changes gets a snapshot again", () => {
    const symbols = Array.from({ length: 1_000 }, (_, index) => `S${index}`);
    const monitor = monitorOf(symbols);
    const [quick, slow] = [monitor.follow(), monitor.follow()];
    quick.read();
    slow.read();
    for (let slot = 0; slot < 20; slot += 1) {
      monitor.feed(NAME).onQuotes(symbols.map((symbol) => quote(symbol, START + slot * INTERVAL, slot + 1)));
      expect(quick.read()?.type).toBe("delta");
    }
    expect(slow.read()?.type).toBe("snapshot");
    expect(slow.read()).toBeUndefined();
  });

  it("of several feeds reads of those alone that changed", () => {
    const feeds = [sampleFeed({ name: "tech", symbols: ["AAPL"] }), sampleFeed({ name: "old", symbols: ["IBM"] })];
    const monitor = createMonitor({ feeds, now: () => START });
    const reader = monitor.follow();
    reader.read();
    monitor.feed("markets/old").onQuotes([quote("IBM", START, 4)]);
    const event = reader.read();
    expect(event?.data.feeds.map(({ name }) => name)).toEqual(["markets/old"]);
  });

  it("hears of a change at once, until it stops listening", () => {
    const monitor = monitorOf();
    let heard = 0;
    const stop = monitor.onChange(() => (heard += 1));
    monitor.feed(NAME).onWatermark(START);
    expect(heard).toBe(1);
    stop();
    monitor.feed(NAME).onWatermark(START + 1);
    expect(heard).toBe(1);
  });
});

describe("a sample market", () => {
  it("shows what brute force says of its windows", () => {
    const feed = sampleFeed();
    const quotes = sampleQuotes(feed, START, START + 1_200_000);
    const now = START + 1_206_000;
    const rows = sampleRows(feed, quotes, now);
    const monitor = monitorOf();
    monitor.feed(NAME).onRows(rows);
    for (const { resolution, sizeMs, closed } of onlyFeed(monitor).windows) {
      const own = rows.filter(({ resolutionMinutes }) => resolutionMinutes * 60_000 === sizeMs);
      expect({ resolution, symbols: closed!.symbols }).toEqual({ resolution, symbols: 10 });
      expect(closed!.topStocks.map(({ symbol, rank }) => ({ symbol, rank }))).toEqual(viewsByBruteForce(own).top);
      expect(closed!.windowEnd).toBe(START + 1_205_000);
    }
  });
});
