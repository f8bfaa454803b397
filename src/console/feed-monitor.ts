import type { MarketState } from "../api/status.ts";
import { durationMs } from "../api/duration.ts";
import { feedName, type StockFeed } from "../api/stockfeed.ts";
import type { SymbolFailure, Telemetry } from "../ports.ts";
import type { EpochMs, Quote } from "../quotes/quote.ts";
import type { WindowRow } from "../windows/window-row.ts";
import { FeedState } from "./feed-state.ts";
import type { ConsoleEvent, Delta, Snapshot } from "./wire.ts";

/** Points of all series in one snapshot at most: about 4 MB of JSON. */
const SNAPSHOT_POINTS = 400_000;

/** What the pipeline of one feed tells the console. */
export interface FeedEvents {
  /** A slot was polled: how many slots were missed before it, and which symbols got no price. */
  onSlot(report: {
    readonly slot: EpochMs;
    readonly missed: number;
    readonly failures: readonly SymbolFailure[];
  }): void;
  /** The session opened or closed, or no price has moved for a while. */
  onMarket(state: MarketState, nextOpen?: EpochMs): void;
  onQuotes(quotes: readonly Quote[]): void;
  /** Rows as written to the store: of one key the greatest (quoteCount, writtenAt) counts here too. */
  onRows(rows: readonly WindowRow[]): void;
  onWatermark(watermark: EpochMs): void;
}

/** Follows the state for one reader; what it has not read yet is never queued, only found out when it reads. */
export interface ChangeReader {
  /**
   * The next event for this reader: the snapshot first, then what changed since the last read, or a snapshot again
   * when that is no longer known. Undefined when nothing changed, unless `always` asks for a sign of life.
   */
  read(options?: { readonly always: boolean }): ConsoleEvent | undefined;
}

/** The live state of all feeds of a process, held in bounded memory. */
export interface Monitor {
  /**
   * Where the pipeline of a feed reports.
   * @throws RangeError for a feed that the monitor was not made with
   */
  feed(name: string): FeedEvents;
  /** Counts for the health cards what the pipeline counts for Prometheus; give it beside the real one. */
  readonly telemetry: Telemetry;
  snapshot(): Snapshot;
  follow(): ChangeReader;
  /** Calls back after every change, in the same turn; returns how to stop that. */
  onChange(listener: () => void): () => void;
}

/**
 * A monitor of these feeds.
 * @param options.feeds as parsed from the manifests
 * @param options.now the feeds' clock, real or virtual; measures the watermark's lag
 */
export function createMonitor(options: { readonly feeds: readonly StockFeed[]; readonly now: () => EpochMs }): Monitor {
  const { now } = options;
  const listeners = new Set<() => void>();
  const changed = () => {
    for (const listener of listeners) listener();
  };
  const states = new Map(options.feeds.map((feed) => [feedName(feed), new FeedState(describe(feed))]));
  const symbols = options.feeds.reduce((sum, feed) => sum + feed.spec.symbols.length, 0);
  const snapshot = (): Snapshot => ({
    now: now(),
    feeds: [...states.values()].map((state) => state.snapshot(now(), Math.floor(SNAPSHOT_POINTS / symbols))),
  });
  return {
    feed: (name) => feedEvents(stateOf(states, name), changed),
    telemetry: countInto(states, changed),
    snapshot,
    follow: () => follow([...states.values()], now, snapshot),
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

function describe(feed: StockFeed) {
  const { spec } = feed;
  return {
    name: feedName(feed),
    provider: spec.provider.type,
    session: spec.polling.session,
    engine: spec.engine,
    intervalMs: durationMs(spec.polling.interval),
    symbols: spec.symbols,
    resolutions: spec.resolutions.map(({ window }) => ({ resolution: window, sizeMs: durationMs(window) })),
  };
}

function stateOf(states: ReadonlyMap<string, FeedState>, name: string): FeedState {
  const state = states.get(name);
  if (!state) throw new RangeError(`No feed "${name}" in the console; it has ${[...states.keys()].join(", ")}.`);
  return state;
}

function feedEvents(state: FeedState, changed: () => void): FeedEvents {
  return {
    onSlot({ slot, missed, failures }) {
      state.polled(slot, missed, failures);
      changed();
    },
    onMarket(market, nextOpen) {
      state.market(market, nextOpen);
      changed();
    },
    onQuotes(quotes) {
      for (const quote of quotes) state.prices.add(quote);
      changed();
    },
    onRows(rows) {
      state.rows(rows);
      changed();
    },
    onWatermark(watermark) {
      state.watermark(watermark);
      changed();
    },
  };
}

/** The counts of a Telemetry that the health cards show; what they do not show is left to Prometheus. */
function countInto(states: ReadonlyMap<string, FeedState>, changed: () => void): Telemetry {
  const add = (feed: string, field: Parameters<FeedState["add"]>[0], count: number) => {
    states.get(feed)?.add(field, count);
    changed();
  };
  const quoteFields = {
    accepted: "quotesAccepted",
    duplicate: "quotesDuplicate",
    stale: "quotesStale",
    dead_letter: "deadLetters",
  } as const;
  const elsewhere = () => undefined;
  return {
    countQuotes: (feed, outcome, count) => {
      add(feed, quoteFields[outcome], count);
    },
    countLateQuotes: (feed, _resolution, count) => {
      add(feed, "lateQuotes", count);
    },
    countSinkRows: (feed, outcome, count) => {
      add(feed, outcome === "written" ? "sinkRowsWritten" : "sinkRowsFailed", count);
    },
    countPolledSlots: elsewhere,
    countMissedSlots: elsewhere,
    setMarketState: elsewhere,
    observeProviderRequest: elsewhere,
    countWindows: elsewhere,
    observeWindowClose: elsewhere,
    measureWatermarkLag: elsewhere,
  };
}

function follow(states: readonly FeedState[], now: () => EpochMs, snapshot: () => Snapshot): ChangeReader {
  let positions: readonly ReturnType<FeedState["position"]>[] | undefined;
  return {
    read({ always } = { always: false }) {
      const before = positions;
      positions = states.map((state) => state.position());
      if (!before) return { type: "snapshot", data: snapshot() };
      const time = now();
      const feeds: Delta["feeds"][number][] = [];
      for (const [index, state] of states.entries()) {
        const position = before[index] ?? state.position();
        const delta = state.deltaSince(position, time, always);
        if (delta === null) return { type: "snapshot", data: snapshot() };
        if (delta) feeds.push(delta);
      }
      return feeds.length > 0 ? { type: "delta", data: { now: time, feeds } } : undefined;
    },
  };
}
