import type { ConsoleEvent, Delta, FeedSnapshot } from "../wire.ts";

/** A symbol's prices by time, oldest first. */
export interface Series {
  readonly times: number[];
  readonly prices: number[];
}

/** A feed as the page holds it: the snapshot, its history as a series a symbol. */
export interface LiveFeed extends Omit<FeedSnapshot, "history"> {
  /** Points further apart than this have something missing between them. */
  readonly gapMs: number;
  /** In the order of the symbols; grows in place. */
  readonly series: readonly Series[];
}

/** What the page shows: the last snapshot with every delta since. */
export interface LiveState {
  readonly now: number;
  readonly feeds: readonly LiveFeed[];
}

/** The state after an event; a delta before any snapshot, or of an unknown feed, changes nothing. */
export function applyEvent(state: LiveState | undefined, event: ConsoleEvent): LiveState | undefined {
  if (event.type === "snapshot") return { now: event.data.now, feeds: event.data.feeds.map(liveFeed) };
  if (!state) return undefined;
  const { now, feeds } = event.data;
  const deltas = new Map(feeds.map((delta) => [delta.name, delta]));
  return {
    now,
    feeds: state.feeds.map((feed) => {
      const delta = deltas.get(feed.name);
      return delta ? applyDelta(feed, delta) : feed;
    }),
  };
}

/** The part of a series after `since`. */
export function seriesSince(series: Series, since: number): Series {
  const from = firstAfter(series.times, since);
  return { times: series.times.slice(from), prices: series.prices.slice(from) };
}

/**
 * How a symbol's newest price compares with its first one in the feed's trend span, in per cent; undefined before
 * there are two prices. It is what percentage_gain will say of a window that ends now.
 */
export function trendPercent(series: Series, trendMs: number): number | undefined {
  const last = series.prices.length - 1;
  const from = firstAfter(series.times, (series.times[last] ?? 0) - trendMs);
  const first = series.prices[from];
  const newest = series.prices[last];
  return first === undefined || newest === undefined || from === last ? undefined : (100 * (newest - first)) / first;
}

function liveFeed(feed: FeedSnapshot): LiveFeed {
  const { history, ...rest } = feed;
  return {
    ...rest,
    gapMs: 1.5 * Math.max(history.step, feed.intervalMs),
    series: history.prices.map((prices) => {
      const series: Series = { times: [], prices: [] };
      for (const [index, price] of prices.entries()) {
        if (price !== null) insert(series, history.start + index * history.step, price);
      }
      return series;
    }),
  };
}

function applyDelta(feed: LiveFeed, delta: Delta["feeds"][number]): LiveFeed {
  const latest = [...feed.latest];
  for (const [symbol, slot, price, providerTime] of delta.quotes) {
    const series = feed.series[symbol];
    if (!series) continue;
    insert(series, slot, price);
    if (slot >= (latest[symbol]?.slot ?? -Infinity)) latest[symbol] = { slot, price, providerTime };
  }
  const newest = latest.reduce((time, price) => Math.max(time, price?.slot ?? time), -Infinity);
  for (const series of feed.series) dropUntil(series, newest - feed.historyMs);
  const windows = feed.windows.map(
    (held) => delta.windows.find(({ resolution }) => resolution === held.resolution) ?? held,
  );
  return { ...feed, latest, windows, health: delta.health };
}

/** Puts a price at its time, over the one that is there. Nearly always that is the end. */
function insert(series: Series, time: number, price: number): void {
  const after = firstAfter(series.times, time);
  const replaces = series.times[after - 1] === time;
  series.times.splice(replaces ? after - 1 : after, replaces ? 1 : 0, time);
  series.prices.splice(replaces ? after - 1 : after, replaces ? 1 : 0, price);
}

/** Forgets the prices up to and with this time. */
function dropUntil({ times, prices }: Series, time: number): void {
  let gone = 0;
  while ((times[gone] ?? Infinity) <= time) gone += 1;
  if (gone === 0) return;
  times.splice(0, gone);
  prices.splice(0, gone);
}

/** Index of the first time after this one, from the end, since that is where nearly all of it happens. */
function firstAfter(times: readonly number[], time: number): number {
  let index = times.length;
  while (index > 0 && (times[index - 1] ?? 0) > time) index -= 1;
  return index;
}
