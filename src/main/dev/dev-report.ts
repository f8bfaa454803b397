import type { Logger } from "pino";
import { nameSymbols } from "../../adapters/providers/provider-error.ts";
import { feedLogger } from "../../adapters/telemetry/logger.ts";
import type { Monitor } from "../../console/feed-monitor.ts";
import type { SlotReport } from "../../poll/slot-report.ts";
import type { DeadLetterReason, EpochMs } from "../../quotes/quote.ts";
import { formatTime } from "../../quotes/format-time.ts";
import type { WindowRow } from "../../windows/window-row.ts";
import { count } from "../replay-summary.ts";
import { closedLine } from "./closed-line.ts";
import type { PipelineListener } from "./feed-pipeline.ts";
import { byWindow, windowLine } from "./window-line.ts";

export interface DevReportOptions {
  readonly monitor: Monitor;
  readonly logger: Logger;
  /** Writes a line for people. */
  readonly print: (line: string) => void;
}

/** What the person at the terminal sees of the feeds, beside the page: windows as lines, trouble as log entries. */
export class DevReport {
  readonly #options: DevReportOptions;
  /** While feeds catch up, only the newest window of each resolution is kept, to be shown at the end. */
  #catchingUp: Map<string, WindowRow[]> | undefined = new Map();
  /** End of the newest window shown, by feed and resolution: a window that is written again is no news. */
  readonly #shownUpTo = new Map<string, EpochMs>();
  /** Why the store refuses rows or quotes of a feed, while it does. */
  readonly #refusals = new Map<string, string>();

  constructor(options: DevReportOptions) {
    this.#options = options;
  }

  /** Shows the newest windows of the past, and from now on each window as it closes. */
  caughtUp(): void {
    const last = this.#catchingUp ?? new Map<string, WindowRow[]>();
    this.#catchingUp = undefined;
    for (const rows of last.values()) this.#options.print(windowLine(rows));
  }

  /** What is in the way of the work, a sentence each. */
  get troubles(): readonly string[] {
    const starting = this.#catchingUp === undefined ? [] : ["Feeds are catching up."];
    return [...starting, ...new Set(this.#refusals.values())];
  }

  /** The ears for one feed. */
  listener(feed: string): PipelineListener {
    const events = this.#options.monitor.feed(feed);
    const logger = feedLogger(this.#options.logger, feed);
    let lastFailures = "";
    return {
      ...events,
      onMarket: (state, nextOpen) => {
        events.onMarket(state, nextOpen);
        if (state === "Closed" && nextOpen !== undefined) this.#options.print(closedLine(feed, nextOpen));
        if (state === "Stale") logger.warn("no price has moved for a while, though the market is open");
      },
      onRows: (rows) => {
        events.onRows(rows);
        this.#refusals.delete(`${feed} rows`);
        this.#show(rows);
      },
      onPolled: (report) => {
        const failures = summarize(report);
        if (failures !== lastFailures)
          logger[failures === "" ? "info" : "warn"](failures || "every symbol has a price");
        lastFailures = failures;
      },
      onRecordingEnd: ({ file, span }) => {
        this.#options.print(
          `${feed}  ${file} is played to its end, ${formatTime(span.last)}. The page stays up until Ctrl-C.`,
        );
      },
      onSinkError: (error, rows, retryAt) => {
        this.#refusals.set(`${feed} rows`, error.message);
        logger.error({ err: error, rows, retryAt: new Date(retryAt).toISOString() }, "the store refused rows");
      },
      onQuotes: (quotes) => {
        events.onQuotes(quotes);
        this.#refusals.delete(`${feed} quotes`);
      },
      onRedelivery: (error, quotes) => {
        this.#refusals.set(`${feed} quotes`, error instanceof Error ? error.message : String(error));
        logger.error({ err: error, quotes }, "quotes were not taken in; they come again");
      },
    };
  }

  #show(rows: readonly WindowRow[]): void {
    for (const window of byWindow(rows)) {
      const [first] = window;
      if (first === undefined) continue;
      const key = `${first.feed}/${first.resolutionMinutes}`;
      if (first.windowEnd <= (this.#shownUpTo.get(key) ?? -Infinity)) continue;
      this.#shownUpTo.set(key, first.windowEnd);
      if (this.#catchingUp === undefined) this.#options.print(windowLine(window));
      else this.#catchingUp.set(key, window);
    }
  }
}

/** The troubles of a slot in one line, the first few in full; empty without any. */
function summarize({ failures, deadLetters, undeliveredQuotes, deliveryError }: SlotReport): string {
  const bySymbols = Map.groupBy(failures, ({ message }) => message);
  const messages = [...bySymbols].map(([message, own]) => {
    const symbols = own.map(({ symbol }) => symbol);
    return symbols.some((symbol) => message.includes(symbol)) ? message : `${nameSymbols(symbols)}: ${message}`;
  });
  // Of what is in the dead letter the reason and the symbols: the details differ from slot to slot.
  for (const [reason, own] of Map.groupBy(deadLetters, (letter) => letter.reason)) {
    messages.push(`${count(own.length, "quote")} to the dead letter as ${reason}: ${HINTS[reason]}`);
  }
  const shown = messages.slice(0, 3);
  if (messages.length > shown.length) shown.push(`and ${messages.length - shown.length} more`);
  if (deliveryError !== undefined) shown.push(`${undeliveredQuotes} quotes undelivered: ${deliveryError.message}`);
  return shown.join("; ");
}

const HINTS: Readonly<Record<DeadLetterReason, string>> = {
  Malformed: "no quote could be read.",
  InvalidPrice: "the provider's price is none.",
  UnknownSymbol: "the feed does not list the symbol.",
  InvalidTime: "the time is none, or no slot of the interval.",
  FutureTime: "more than a minute ahead of this machine's clock. Check both clocks.",
  TooLate: "too late for every window.",
};
