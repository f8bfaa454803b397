import { describe, expect, it } from "vitest";
import { feedWith } from "../../../test/feed.ts";
import { createLogger } from "../../adapters/telemetry/logger.ts";
import { createMonitor } from "../../console/feed-monitor.ts";
import type { WindowRow } from "../../windows/window-row.ts";
import { closedLine } from "./closed-line.ts";
import { DevReport } from "./dev-report.ts";

const END = Date.parse("2026-03-04T15:00:05Z");
const row = (change: Partial<WindowRow> = {}): WindowRow => ({
  feed: "default/tech",
  symbol: "AAPL",
  resolutionMinutes: 1,
  windowStart: END - 60_000,
  windowEnd: END,
  eventTime: END - 5_000,
  firstEventTime: END - 55_000,
  firstPrice: 100_000_000,
  lastPrice: 101_000_000,
  minPrice: 100_000_000,
  maxPrice: 101_000_000,
  meanPrice: "100.500000000",
  quoteCount: 6,
  expectedCount: 6,
  engine: "Embedded",
  writtenAt: END,
  ...change,
});
const later = (ms: number): Partial<WindowRow> => ({ windowStart: END - 60_000 + ms, windowEnd: END + ms });

function reportOf() {
  const lines: string[] = [];
  const log: string[] = [];
  const report = new DevReport({
    monitor: createMonitor({ feeds: [feedWith()], now: () => END }),
    logger: createLogger({ pretty: false, destination: { write: (entry) => void log.push(entry) } }),
    print: (line) => lines.push(line),
  });
  return { report, lines, log, listener: report.listener("default/tech") };
}

describe("what dev reports", () => {
  it("shows the newest window of the past once the feeds have caught up, then each window as it closes", () => {
    const { report, lines, listener } = reportOf();
    listener.onRows([row({ ...later(-20_000) }), row({ ...later(-10_000) })]);
    listener.onRows([row()]);
    expect(lines).toEqual([]);
    expect(report.troubles).toEqual(["Feeds are catching up."]);
    report.caughtUp();
    expect(lines).toEqual(["15:00:05Z  default/tech   1m  1 row  top AAPL 100.50  gain AAPL +1.00 %"]);
    expect(report.troubles).toEqual([]);
    listener.onRows([row(later(10_000)), row(later(20_000))]);
    expect(lines.map((line) => line.slice(0, 9))).toEqual(["15:00:05Z", "15:00:15Z", "15:00:25Z"]);
  });

  it("does not show a window again whose rows a late quote changed", () => {
    const { report, lines, listener } = reportOf();
    report.caughtUp();
    listener.onRows([row(later(10_000))]);
    listener.onRows([row({ quoteCount: 6, writtenAt: END + 1 }), row(later(20_000))]);
    expect(lines.map((line) => line.slice(0, 9))).toEqual(["15:00:15Z", "15:00:25Z"]);
  });

  it("says how many slots the warm-up lacks, and the sign of a loss", () => {
    const { report, lines, listener } = reportOf();
    report.caughtUp();
    listener.onRows([row({ quoteCount: 2, lastPrice: 99_000_000 })]);
    expect(lines[0]).toMatch(/gain AAPL -1\.00 % {2}\(2 of 6 slots\)$/);
  });

  it("is in trouble for as long as the store refuses rows or quotes", () => {
    const { report, log, listener } = reportOf();
    report.caughtUp();
    const full = new Error("Store x has no space left.");
    listener.onSinkError(full, 3, END);
    listener.onRedelivery(full, 2);
    expect(report.troubles).toEqual(["Store x has no space left."]);
    expect(log.map((entry) => (JSON.parse(entry) as { message: string }).message)).toEqual([
      "the store refused rows",
      "quotes were not taken in; they come again",
    ]);
    listener.onRows([row()]);
    expect(report.troubles).toEqual(["Store x has no space left."]);
    listener.onQuotes([]);
    expect(report.troubles).toEqual([]);
  });

  it("logs a slot's failures and dead letters when they change, with their symbols, not with every slot", () => {
    const { log, listener } = reportOf();
    const slot = { slot: END, startedAt: END, missed: 0, quotes: 0, staleQuotes: 0, undeliveredQuotes: 0 };
    const polled = (failed: readonly (readonly [string, string])[], details: readonly string[] = []) => {
      const failures = failed.map(([symbol, message]) => ({ symbol, kind: "Timeout" as const, message }));
      const deadLetters = details.map((detail) => {
        return { feed: "default/tech", reason: "FutureTime" as const, detail, payload: "", receivedAt: END };
      });
      listener.onPolled({ ...slot, failures, deadLetters, marketState: "Open" });
    };
    const hanging = ["AAPL", "MSFT"].map((symbol) => [symbol, "Alpaca hangs."] as const);
    polled([]);
    polled(hanging);
    polled(hanging);
    polled([["AAPL", "Alpaca refused AAPL."]]);
    polled(["a", "b", "c", "d", "e"].map((message) => [message, `${message} failed`] as const));
    polled([], ["61000 ms ahead", "61500 ms ahead"]);
    polled([], ["61001 ms ahead", "61501 ms ahead"]);
    polled([]);
    polled([]);
    expect(log.map((entry) => (JSON.parse(entry) as { message: string }).message)).toEqual([
      "AAPL, MSFT: Alpaca hangs.",
      "Alpaca refused AAPL.",
      "a failed; b failed; c failed; and 2 more",
      "2 quotes to the dead letter as FutureTime: more than a minute ahead of this machine's clock. Check both clocks.",
      "every symbol has a price",
    ]);
  });

  it("says outside the session when the market opens and what to run meanwhile, as often as it closes", () => {
    const { lines, listener } = reportOf();
    const open = Date.parse("2026-11-27T14:30:00Z");
    listener.onMarket("Open");
    listener.onMarket("Closed", open);
    expect(lines).toEqual([closedLine("default/tech", open)]);
    expect(lines[0]).toMatch(
      /^default\/tech {2}the market is closed; it opens Friday, November 27, 2026 at 09:30 New York time \(2026-11-27T14:30:00Z\)/,
    );
    expect(lines[0]).toContain("stockfeed dev -f examples/ten-stocks.yaml");
    expect(lines[0]).toContain("stockfeed dev -f examples/replay.yaml");
  });
});
