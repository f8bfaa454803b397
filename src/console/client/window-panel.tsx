import { useState } from "preact/hooks";
import type { Gain, TopStock, WindowState } from "../wire.ts";
import { direction, formatClock, formatCount, formatMean, formatPercent, formatSpan } from "./format.ts";
import type { LiveFeed } from "./live-state.ts";

type ClosedWindow = NonNullable<WindowState["closed"]>;

/** Top stocks and percentage gain of the last closed window, one tab a resolution. */
export function WindowPanel({ feed }: { readonly feed: LiveFeed }) {
  const [chosen, choose] = useState(0);
  const state = feed.windows[chosen] ?? feed.windows[0];
  if (!state) return null;
  return (
    <section class="card" aria-labelledby="windows-title">
      <div class="card-head">
        <h2 id="windows-title">Last closed window</h2>
        <Tabs windows={feed.windows} chosen={chosen} onChoose={choose} />
      </div>
      <div role="tabpanel" id="window-panel" aria-labelledby={`window-tab-${chosen}`} tabIndex={0}>
        {state.closed ? (
          <Window state={state} closed={state.closed} />
        ) : (
          <p class="empty">The first {formatSpan(state.sizeMs)} window has not closed yet.</p>
        )}
      </div>
    </section>
  );
}

function Tabs({
  windows,
  chosen,
  onChoose,
}: {
  readonly windows: readonly WindowState[];
  readonly chosen: number;
  readonly onChoose: (index: number) => void;
}) {
  const onKeyDown = (event: KeyboardEvent & { readonly currentTarget: HTMLElement }) => {
    const { length } = windows;
    const to = {
      ArrowRight: (chosen + 1) % length,
      ArrowLeft: (chosen + length - 1) % length,
      Home: 0,
      End: length - 1,
    }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    onChoose(to);
    event.currentTarget.querySelectorAll<HTMLButtonElement>("[role=tab]")[to]?.focus();
  };
  return (
    <div class="tabs" role="tablist" aria-label="Window length" onKeyDown={onKeyDown}>
      {windows.map(({ resolution, sizeMs }, index) => (
        <button
          key={resolution}
          type="button"
          role="tab"
          id={`window-tab-${index}`}
          aria-controls="window-panel"
          aria-selected={index === chosen}
          tabIndex={index === chosen ? 0 : -1}
          onClick={() => {
            onChoose(index);
          }}
        >
          {formatSpan(sizeMs)}
        </button>
      ))}
    </div>
  );
}

function Window({ state, closed }: { readonly state: WindowState; readonly closed: ClosedWindow }) {
  const { windowStart, windowEnd, fewestQuotes, symbols, gains } = closed;
  const full = fewestQuotes === state.expectedCount;
  return (
    <>
      <p class="window-times">
        <time dateTime={new Date(windowStart).toISOString()}>{formatClock(windowStart)}</time>
        {" to "}
        <time dateTime={new Date(windowEnd).toISOString()}>{formatClock(windowEnd)}</time>
      </p>
      <p class={full ? "warmth" : "warmth partial"}>
        <progress
          max={state.expectedCount}
          value={fewestQuotes}
          aria-label="Fewest quotes of a symbol in this window"
        />
        <span>{quotesText(closed, state.expectedCount)}</span>
      </p>
      <TopStocks topStocks={closed.topStocks} />
      <Gains gains={gains} />
      {gains.length < symbols && (
        <p class="empty">
          The {formatCount(gains.length / 2)} highest and lowest of {formatCount(symbols)} symbols.
        </p>
      )}
    </>
  );
}

function quotesText({ fewestQuotes, mostQuotes }: ClosedWindow, expected: number): string {
  if (fewestQuotes === expected) return `Full: ${formatCount(expected)} quotes a symbol`;
  const range = fewestQuotes === mostQuotes ? formatCount(fewestQuotes) : `${fewestQuotes} to ${mostQuotes}`;
  return `Partial: ${range} of ${formatCount(expected)} quotes a symbol`;
}

function TopStocks({ topStocks }: { readonly topStocks: readonly TopStock[] }) {
  return (
    <table class="top-stocks">
      <caption>Top stocks by mean price</caption>
      <thead class="visually-hidden">
        <tr>
          <th scope="col">Rank</th>
          <th scope="col">Symbol</th>
          <th scope="col">Mean price</th>
        </tr>
      </thead>
      <tbody>
        {topStocks.map(({ rank, symbol, meanPrice }) => (
          <tr key={symbol}>
            <td class={`rank rank-${rank}`}>{rank}</td>
            <th scope="row">{symbol}</th>
            <td class="number">
              <data value={meanPrice}>{formatMean(meanPrice)}</data>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Gains({ gains }: { readonly gains: readonly Gain[] }) {
  const widest = gains.reduce((most, { gainPercent }) => Math.max(most, Math.abs(Number(gainPercent))), 0) || 1;
  return (
    <table class="gains">
      <caption>Percentage gain</caption>
      <thead class="visually-hidden">
        <tr>
          <th scope="col">Symbol</th>
          <th scope="col">Gain</th>
        </tr>
      </thead>
      <tbody>
        {gains.map(({ symbol, gainPercent }) => {
          const percent = Number(gainPercent);
          return (
            <tr key={symbol}>
              <th scope="row">{symbol}</th>
              <td class={`number ${direction(percent)}`}>
                <data value={gainPercent}>{formatPercent(percent)}</data>
              </td>
              <td class="bar-cell" aria-hidden="true">
                <GainBar share={percent / widest} />
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

/** A bar from the middle to the right for a gain, to the left for a loss; `share` in [-1, 1]. */
function GainBar({ share }: { readonly share: number }) {
  const width = Math.abs(share) * 50;
  return (
    <svg class={`gain-bar ${direction(share)}`} viewBox="0 0 100 10" preserveAspectRatio="none">
      <rect x={share < 0 ? 50 - width : 50} width={width} y="0" height="10" />
      <line x1="50" x2="50" y1="-2" y2="12" vector-effect="non-scaling-stroke" />
    </svg>
  );
}
