import type { Series } from "./live-state.ts";

const WIDTH = 96;
const HEIGHT = 24;
const MARGIN = 2;

/** A small line without axes; decoration beside numbers that say the same, so hidden from screen readers. */
export function Sparkline({ series, tone }: { readonly series: Series; readonly tone: string }) {
  return (
    <svg class={`sparkline ${tone}`} viewBox={`0 0 ${WIDTH} ${HEIGHT}`} aria-hidden="true">
      {series.times.length > 1 && <path d={linePath(series)} />}
    </svg>
  );
}

function linePath({ times, prices }: Series): string {
  const first = times[0] ?? 0;
  const span = Math.max(1, (times.at(-1) ?? 0) - first);
  const low = Math.min(...prices);
  const height = Math.max(...prices) - low;
  const points = times.map((time, index) => {
    const x = ((time - first) / span) * WIDTH;
    // A flat line runs through the middle.
    const share = height === 0 ? 0.5 : ((prices[index] ?? low) - low) / height;
    const y = HEIGHT - MARGIN - share * (HEIGHT - 2 * MARGIN);
    return `${x.toFixed(1)} ${y.toFixed(1)}`;
  });
  return `M${points.join("L")}`;
}
