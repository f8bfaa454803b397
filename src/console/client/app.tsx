import { useEffect, useState } from "preact/hooks";
import { Announcer } from "./announcer.tsx";
import { connect } from "./connection.ts";
import { formatClock, timeZone } from "./format.ts";
import { HealthPanel } from "./health-panel.tsx";
import { applyEvent, type LiveFeed, type LiveState } from "./live-state.ts";
import { PageHeader } from "./page-header.tsx";
import { PriceChart } from "./price-chart.tsx";
import { PriceTable } from "./price-table.tsx";
import { useSelection } from "./selection.ts";
import { WindowPanel } from "./window-panel.tsx";

/** The page: follows the server and shows one feed. */
export function App() {
  const { state, lost } = useLiveState();
  const [selection, select] = useSelection();
  const feed = state?.feeds.find(({ name }) => name === selection.feed) ?? state?.feeds[0];
  const wanted = feed?.symbols.indexOf(selection.symbol ?? "") ?? -1;
  const symbol = Math.max(0, wanted);
  useTitle(feed, symbol);
  if (!state || !feed)
    return <p class="starting">{lost ? "No connection to StockFeed. Trying again…" : "Connecting…"}</p>;
  return (
    <>
      <PageHeader
        feed={feed}
        feeds={state.feeds}
        now={state.now}
        lost={lost}
        onSelect={(name) => {
          select({ feed: name });
        }}
      />
      {lost && <LostBanner since={state.now} />}
      <main class={lost ? "columns outdated" : "columns"}>
        <div class="column">
          <PriceChart feed={feed} symbol={symbol} />
          <PriceTable
            key={feed.name}
            feed={feed}
            selected={symbol}
            onSelect={(index) => {
              select({ feed: feed.name, symbol: feed.symbols[index] });
            }}
          />
        </div>
        <div class="column">
          <WindowPanel key={feed.name} feed={feed} />
        </div>
        <HealthPanel feed={feed} />
      </main>
      <footer class="page-footer">
        <p>
          Times are in {timeZone()}. Nothing on this page comes from or goes to anywhere but this machine’s StockFeed.
        </p>
      </footer>
      <Announcer feed={feed} symbol={symbol} lost={lost} />
    </>
  );
}

/** The server's state as it comes in, and whether the connection to it is lost. */
function useLiveState(): { readonly state: LiveState | undefined; readonly lost: boolean } {
  const [state, setState] = useState<LiveState>();
  const [lost, setLost] = useState(false);
  useEffect(
    () =>
      connect("/api/events", {
        onEvent: (event) => {
          setState((held) => applyEvent(held, event));
          setLost(false);
        },
        onLost: () => {
          setLost(true);
        },
      }),
    [],
  );
  return { state, lost };
}

function LostBanner({ since }: { readonly since: number }) {
  return (
    <section class="banner" aria-label="Connection">
      <p>
        <strong>Connection lost.</strong> What you see is from {formatClock(since)}. Trying again every second; if it
        stays away, see whether <code>stockfeed dev</code> still runs.
      </p>
    </section>
  );
}

function useTitle(feed: LiveFeed | undefined, symbol: number): void {
  const price = feed?.latest[symbol]?.price;
  useEffect(() => {
    document.title =
      feed && price !== undefined ? `${feed.symbols[symbol] ?? ""} ${price.toFixed(2)} · StockFeed` : "StockFeed";
  }, [feed, symbol, price]);
}
