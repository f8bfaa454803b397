import { useEffect, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import { direction, formatClock, formatPercent, formatPrice, formatSpan } from "./format.ts";
import { trendPercent, type LiveFeed, type Series } from "./live-state.ts";

const HEIGHT = 260;

/** The chosen symbol's price over the history that is kept, in words and as a line. */
export function PriceChart({ feed, symbol }: { readonly feed: LiveFeed; readonly symbol: number }) {
  const name = feed.symbols[symbol] ?? "";
  const series = feed.series[symbol] ?? { times: [], prices: [] };
  const percent = trendPercent(series, feed.trendMs);
  const tone = direction(percent);
  const [hovered, setHovered] = useState<number>();
  const at = hovered === undefined ? undefined : series.times.indexOf(hovered);
  return (
    <section class="card" aria-labelledby="chart-title">
      <div class="card-head quote">
        <h2 id="chart-title">{name}</h2>
        <p class="quote-price">{formatPrice(feed.latest[symbol]?.price)}</p>
        <p class={`quote-change ${tone}`}>
          {formatPercent(percent)} <span class="quiet">in {formatSpan(feed.trendMs)}</span>
        </p>
        <p class="quote-hover" aria-hidden="true">
          {at !== undefined && at >= 0 && `${formatClock(series.times[at] ?? 0)}  ${formatPrice(series.prices[at])}`}
        </p>
      </div>
      <figure class="chart">
        <Plot series={series} gapMs={feed.gapMs} newest={feed.latest[symbol]?.slot} onHover={setHovered} />
        <figcaption>{summary(name, series)}</figcaption>
      </figure>
    </section>
  );
}

/** What the line shows, in words. */
function summary(name: string, { times, prices }: Series): string {
  const [first] = prices;
  const last = prices.at(-1);
  if (first === undefined || last === undefined) return `No price of ${name} yet.`;
  const low = Math.min(...prices);
  const high = Math.max(...prices);
  return (
    `From ${formatPrice(first)} at ${formatClock(times[0] ?? 0)} to ${formatPrice(last)} at ` +
    `${formatClock(times.at(-1) ?? 0)}; low ${formatPrice(low)}, high ${formatPrice(high)}.`
  );
}

function Plot(props: {
  readonly series: Series;
  readonly gapMs: number;
  /** Time of the newest point; what tells that the series has grown. */
  readonly newest: number | undefined;
  readonly onHover: (time: number | undefined) => void;
}) {
  const { series, gapMs, newest, onHover } = props;
  const holder = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const dark = useMedia("(prefers-color-scheme: dark)");
  useEffect(() => {
    const element = holder.current;
    if (!element) return;
    const made = new uPlot(plotOptions(element, onHover), plotData(series, gapMs), element);
    plot.current = made;
    const watcher = new ResizeObserver(() => {
      made.setSize({ width: element.clientWidth, height: HEIGHT });
    });
    watcher.observe(element);
    return () => {
      watcher.disconnect();
      made.destroy();
    };
  }, [dark]);
  useEffect(() => {
    plot.current?.setData(plotData(series, gapMs));
  }, [series, gapMs, newest, series.times.length]);
  return <div ref={holder} class="plot" aria-hidden="true" />;
}

/** Seconds and prices as uPlot takes them, with a hole where slots are missing. */
function plotData({ times, prices }: Series, gapMs: number): [number[], (number | null)[]] {
  const x: number[] = [];
  const y: (number | null)[] = [];
  for (const [index, time] of times.entries()) {
    const before = times[index - 1];
    if (before !== undefined && time - before > gapMs) {
      x.push((before + time) / 2000);
      y.push(null);
    }
    x.push(time / 1000);
    y.push(prices[index] ?? null);
  }
  return [x, y];
}

function plotOptions(element: HTMLElement, onHover: (time: number | undefined) => void): uPlot.Options {
  const style = getComputedStyle(element);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  const axis: uPlot.Axis = {
    stroke: colour("--quiet"),
    font: `12px ${style.fontFamily}`,
    grid: { stroke: colour("--line"), width: 1 },
    ticks: { show: false },
  };
  return {
    width: element.clientWidth,
    height: HEIGHT,
    padding: [12, 12, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 8 } },
    scales: { y: { range: roomAround } },
    axes: [
      { ...axis, grid: { show: false }, size: 28, space: 72, values: (_, ticks) => ticks.map(clockLabel) },
      { ...axis, size: 60, space: 44, values: (_, ticks) => ticks.map((tick) => formatPrice(tick)) },
    ],
    series: [
      {},
      {
        stroke: colour("--accent"),
        width: 2,
        fill: colour("--accent-wash"),
        points: { show: (plot) => plot.data[0].length === 1 },
      },
    ],
    hooks: {
      setCursor: [
        ({ cursor, data }) => {
          const seconds = cursor.idx == null ? undefined : data[0][cursor.idx];
          onHover(seconds === undefined ? undefined : Math.round(seconds * 1000));
        },
      ],
    },
  };
}

/** A tenth of free room above and below, and some around a flat line. */
function roomAround(_: uPlot, low: number, high: number): [number, number] {
  const room = (high - low) * 0.1 || Math.max(high * 0.001, 0.01);
  return [low - room, high + room];
}

function clockLabel(seconds: number): string {
  const clock = formatClock(seconds * 1000);
  return clock.endsWith(":00") ? clock.slice(0, -3) : clock;
}

function useMedia(query: string): boolean {
  const [matches, setMatches] = useState(() => window.matchMedia(query).matches);
  useEffect(() => {
    const media = window.matchMedia(query);
    const onChange = () => {
      setMatches(media.matches);
    };
    media.addEventListener("change", onChange);
    return () => {
      media.removeEventListener("change", onChange);
    };
  }, [query]);
  return matches;
}
