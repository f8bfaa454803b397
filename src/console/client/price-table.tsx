import { useState } from "preact/hooks";
import { direction, formatClock, formatCount, formatPercent, formatPrice, formatSpan, NOTHING } from "./format.ts";
import { seriesSince, trendPercent, type LiveFeed } from "./live-state.ts";
import { Sparkline } from "./sparkline.tsx";

/** Rows shown at first; a feed of thousands would make every event slow. */
const ROWS = 50;
/** From so many symbols on there is a field to find one. */
const FILTER_FROM = 15;

interface Row {
  readonly index: number;
  readonly symbol: string;
  readonly percent: number | undefined;
}

/** Every symbol's newest price with its trend; choosing one draws it in the chart. */
export function PriceTable({
  feed,
  selected,
  onSelect,
}: {
  readonly feed: LiveFeed;
  readonly selected: number;
  readonly onSelect: (symbol: number) => void;
}) {
  const [filter, setFilter] = useState("");
  const [shown, setShown] = useState(ROWS);
  const matching = feed.symbols
    .map((symbol, index) => ({ symbol, index }))
    .filter(({ symbol }) => symbol.includes(filter.trim().toUpperCase()));
  const rows = matching.slice(0, shown).map(({ symbol, index }) => {
    const series = feed.series[index];
    return { symbol, index, percent: series && trendPercent(series, feed.trendMs) };
  });
  return (
    <section class="card" aria-labelledby="prices-title">
      <div class="card-head">
        <h2 id="prices-title">Prices</h2>
        {feed.symbols.length >= FILTER_FROM && <Filter value={filter} onChange={setFilter} />}
      </div>
      <table class="prices" onKeyDown={moveFocus}>
        <caption class="visually-hidden">
          Newest price of each symbol. Choose a symbol to see its chart; the arrow keys go up and down.
        </caption>
        <TableHead trendMs={feed.trendMs} />
        <tbody>
          {rows.map((row) => (
            <PriceRow key={row.symbol} feed={feed} row={row} selected={row.index === selected} onSelect={onSelect} />
          ))}
        </tbody>
      </table>
      {matching.length === 0 && <p class="empty">No symbol has “{filter}” in its name.</p>}
      {matching.length > shown && (
        <button
          type="button"
          class="more"
          onClick={() => {
            setShown(shown + 4 * ROWS);
          }}
        >
          Show more of {formatCount(matching.length)} symbols
        </button>
      )}
    </section>
  );
}

function TableHead({ trendMs }: { readonly trendMs: number }) {
  return (
    <thead>
      <tr>
        <th scope="col">Symbol</th>
        <th scope="col" class="number">
          Price
        </th>
        <th scope="col" class="number">
          <span class="visually-hidden">Change over </span>
          {formatSpan(trendMs)}
        </th>
        <th scope="col" class="trend" aria-hidden="true">
          Trend
        </th>
        <th scope="col" class="number wide-only">
          Last trade
        </th>
      </tr>
    </thead>
  );
}

function Filter({ value, onChange }: { readonly value: string; readonly onChange: (value: string) => void }) {
  return (
    <label>
      <span class="visually-hidden">Find a symbol</span>
      <input
        type="search"
        placeholder="Find a symbol"
        value={value}
        onInput={({ currentTarget }) => {
          onChange(currentTarget.value);
        }}
      />
    </label>
  );
}

function PriceRow({
  feed,
  row,
  selected,
  onSelect,
}: {
  readonly feed: LiveFeed;
  readonly row: Row;
  readonly selected: boolean;
  readonly onSelect: (symbol: number) => void;
}) {
  const latest = feed.latest[row.index];
  const series = feed.series[row.index] ?? { times: [], prices: [] };
  const tone = direction(row.percent);
  const choose = () => {
    onSelect(row.index);
  };
  return (
    <tr class={selected ? "selected" : ""} onClick={choose}>
      <th scope="row">
        <button type="button" class="symbol" aria-pressed={selected} onClick={choose}>
          {row.symbol}
        </button>
      </th>
      <td class="number">
        {/* A new price is a new element, which plays its animation. */}
        <span key={latest?.price} class={`price tick-${direction(lastMove(series.prices))}`}>
          {formatPrice(latest?.price)}
        </span>
      </td>
      <td class={`number ${tone}`}>{formatPercent(row.percent)}</td>
      <td class="trend" aria-hidden="true">
        <Sparkline series={seriesSince(series, (latest?.slot ?? 0) - feed.trendMs)} tone={tone} />
      </td>
      <td class="number quiet wide-only">
        {latest ? (
          <time dateTime={new Date(latest.providerTime).toISOString()}>{formatClock(latest.providerTime)}</time>
        ) : (
          NOTHING
        )}
      </td>
    </tr>
  );
}

function lastMove(prices: readonly number[]): number | undefined {
  const [before, now] = prices.slice(-2);
  return before === undefined || now === undefined ? undefined : now - before;
}

/** Arrow keys, Home and End move between the symbols of a table. */
function moveFocus(event: KeyboardEvent & { readonly currentTarget: HTMLElement }): void {
  const buttons = [...event.currentTarget.querySelectorAll<HTMLButtonElement>("button.symbol")];
  const at = buttons.findIndex((button) => button === document.activeElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: buttons.length - 1 }[event.key];
  const button = at < 0 || to === undefined ? undefined : buttons[to];
  if (!button) return;
  event.preventDefault();
  button.focus();
  button.click();
}
