import type { MarketState } from "../../api/status.ts";
import { formatClock, formatDay, formatSpan } from "./format.ts";
import type { LiveFeed } from "./live-state.ts";

const MARKET: Readonly<Record<MarketState, { readonly tone: string; readonly text: string }>> = {
  Open: { tone: "good", text: "Market open" },
  Closed: { tone: "quiet", text: "Market closed" },
  Stale: { tone: "warn", text: "Prices stale" },
};

/** Which feed this is, whether its market is open, and whether the page is connected. */
export function PageHeader(props: {
  readonly feed: LiveFeed;
  readonly feeds: readonly LiveFeed[];
  readonly now: number;
  readonly lost: boolean;
  readonly onSelect: (name: string) => void;
}) {
  const { feed, now, lost } = props;
  const market = MARKET[feed.health.marketState];
  const { nextOpen } = feed.health;
  return (
    <header class="page-header">
      <h1 class="brand">
        <img src="/icon.svg" alt="" width="28" height="28" />
        StockFeed
      </h1>
      <div class="feed">
        <FeedName {...props} />
        <p class="feed-facts">
          {feed.provider}, every {formatSpan(feed.intervalMs)}, {feed.engine} engine
        </p>
      </div>
      <p class={`pill ${market.tone}`}>
        {market.text}
        {feed.health.marketState === "Closed" && nextOpen !== undefined && `, opens ${formatDay(nextOpen)}`}
      </p>
      <p class={lost ? "connection bad" : "connection good"}>
        <span>{lost ? "Disconnected" : "Live"}</span>
        <time dateTime={new Date(now).toISOString()}>{formatClock(now)}</time>
      </p>
    </header>
  );
}

function FeedName({
  feed,
  feeds,
  onSelect,
}: {
  readonly feed: LiveFeed;
  readonly feeds: readonly LiveFeed[];
  readonly onSelect: (name: string) => void;
}) {
  if (feeds.length === 1) return <p class="feed-name">{feed.name}</p>;
  return (
    <label class="feed-name">
      <span class="visually-hidden">Feed</span>
      <select
        value={feed.name}
        onChange={({ currentTarget }) => {
          onSelect(currentTarget.value);
        }}
      >
        {feeds.map(({ name }) => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}
