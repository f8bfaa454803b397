/**
 * How many quotes a second the engines take, from this project's own benches (docs/dataflow.md, "How fast it is").
 *
 * Caveats: measured on one machine; of a Pod's figures the lesser beside other programs, all else without. A worker's are of
 * the first stage of a job of the TypeScript graph, from a stand-in for the runner: what Dataflow does between the stages
 * comes on top, so workers are never fewer than this says. Of BeamYaml's workers, in Python, nothing was measured; they
 * take less.
 */
import { durationMs } from "../api/duration.ts";
import type { StockFeedSpec } from "../api/stockfeed.ts";
import { resolutionLabel, windowSpecs } from "../api/window-specs.ts";
import { slotsPerWindow } from "../windows/window-spec.ts";

/** From how many quotes a second on a Pod is to be measured before it is trusted: half of what filled its one core. */
const POD_LIMIT = 2_500;
/** Quotes a second that filled a Pod's one core. */
export const POD_CORE = { least: 4_630, most: 5_160 } as const;
/** Processors of a worker, each with a process of its own. */
export const WORKER_CORES = 2;

/** Messages a second of a worker's core, by the number of windows that a quote is in. */
export const WORKER_CORE = [
  { windows: 6, perSecond: 26_700 },
  { windows: 30, perSecond: 11_400 },
  { windows: 90, perSecond: 6_190 },
] as const;

/** Quotes a second, every symbol answering in every slot. */
export function quotesPerSecond({ symbols, polling }: Pick<StockFeedSpec, "symbols" | "polling">): number {
  return (symbols.length * 1000) / durationMs(polling.interval);
}

/** Whether the windows of so many quotes a second are known to be no work for one Pod. */
export function fitsOnePod(spec: Pick<StockFeedSpec, "symbols" | "polling">): boolean {
  return quotesPerSecond(spec) < POD_LIMIT;
}

/** The workers that each resolution's job takes at least, by the resolution's label. */
export function leastWorkers(spec: StockFeedSpec): { readonly resolution: string; readonly workers: number }[] {
  const quotes = quotesPerSecond(spec);
  return windowSpecs(spec).map((window) => ({
    resolution: resolutionLabel(window),
    workers: Math.max(1, Math.ceil((quotes * coreSeconds(slotsPerWindow(window))) / WORKER_CORES)),
  }));
}

/**
 * What a message takes of a core, in seconds: as measured, and along the lines between and beyond, since nearly all of
 * it grows with the number of windows that a quote is in.
 */
function coreSeconds(windows: number): number {
  const [few, some, many] = WORKER_CORE;
  const [from, to] = windows <= some.windows ? [few, some] : [some, many];
  const slope = (1 / to.perSecond - 1 / from.perSecond) / (to.windows - from.windows);
  return 1 / from.perSecond + slope * (windows - from.windows);
}
