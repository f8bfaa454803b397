import { useEffect, useRef, useState } from "preact/hooks";
import { formatPercent, formatPrice, formatSpan } from "./format.ts";
import { trendPercent, type LiveFeed } from "./live-state.ts";

/** Prices are read out at most this often. */
const QUIET_MS = 60_000;

/**
 * What a screen reader says by itself: at once when the connection or the market changes or another symbol is
 * chosen, and the chosen symbol's price once a minute.
 */
export function Announcer({
  feed,
  symbol,
  lost,
}: {
  readonly feed: LiveFeed;
  readonly symbol: number;
  readonly lost: boolean;
}) {
  const text = useRef("");
  text.current = lost ? "Connection to StockFeed lost." : announcement(feed, symbol);
  const [spoken, speak] = useState("");
  useEffect(() => {
    speak(text.current);
    const timer = window.setInterval(() => {
      speak(text.current);
    }, QUIET_MS);
    return () => {
      window.clearInterval(timer);
    };
  }, [feed.name, symbol, lost, feed.health.marketState]);
  return (
    <p class="visually-hidden" role="status">
      {spoken}
    </p>
  );
}

function announcement(feed: LiveFeed, symbol: number): string {
  const series = feed.series[symbol];
  const percent = series && trendPercent(series, feed.trendMs);
  const market = { Open: "Market open", Closed: "Market closed", Stale: "Prices stale" }[feed.health.marketState];
  const change = percent === undefined ? "" : `, ${formatPercent(percent)} in ${formatSpan(feed.trendMs)}`;
  return `${market}. ${feed.symbols[symbol] ?? ""} ${formatPrice(feed.latest[symbol]?.price)}${change}.`;
}
