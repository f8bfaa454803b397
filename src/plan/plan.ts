import { durationMs } from "../api/duration.ts";
import { feedName, type StockFeed } from "../api/stockfeed.ts";
import { type EngineCosts, monthlyCosts } from "./costs.ts";
import { type PlannedObject, plannedObjects } from "./objects.ts";
import { type ProviderCalls, providerCalls, type QuotaUse, quotaUses } from "./provider-calls.ts";
import { fitsOnePod, leastWorkers, POD_CORE, quotesPerSecond } from "./throughput.ts";
import { type DailyVolume, dailyVolume } from "./volume.ts";

/** What one feed brings about and makes. */
export interface FeedPlan {
  readonly feed: string;
  readonly objects: readonly PlannedObject[];
  readonly calls: ProviderCalls;
  /** On a day of the feed's session. */
  readonly daily: DailyVolume;
  /** Quotes a second, and whether one Pod is known to do for their windows. */
  readonly load: { readonly quotesPerSecond: number; readonly onePod: boolean };
  /** What its windows cost a month under each engine, the cheaper first. */
  readonly costs: readonly EngineCosts[];
  /** What will work, but perhaps not as its author thinks. */
  readonly warnings: readonly string[];
}

/** What a set of feeds brings about. */
export interface Plan {
  readonly feeds: readonly FeedPlan[];
  /** Use of the providers' free limits. */
  readonly quotas: readonly QuotaUse[];
}

/** Jobs that a project may run at once unless its quota was raised. https://cloud.google.com/dataflow/quotas */
const JOBS_PER_PROJECT = 25;

/** What would be created for feeds, and how much would flow. Nothing is looked up: it follows from the manifests. */
export function planFeeds(feeds: readonly StockFeed[]): Plan {
  return {
    feeds: feeds.map((feed) => ({
      feed: feedName(feed),
      objects: plannedObjects(feed),
      calls: providerCalls(feed.spec),
      daily: dailyVolume(feed.spec),
      load: { quotesPerSecond: quotesPerSecond(feed.spec), onePod: fitsOnePod(feed.spec) },
      costs: monthlyCosts(feed.spec),
      warnings: warningsOf(feed),
    })),
    quotas: quotaUses(feeds),
  };
}

function warningsOf({ spec }: StockFeed): string[] {
  const { provider, engine, dataflow, resolutions, polling } = spec;
  const warnings: string[] = [];
  if (spec.suspend) warnings.push("suspend is true: nothing polls, and no job runs.");
  const missing = (["pubsub", "sink"] as const).filter((part) => spec[part] === undefined);
  if (missing.length > 0) warnings.push(`Runs on a laptop as it is; a cluster also needs ${missing.join(" and ")}.`);
  if (provider.type === "Replay") {
    warnings.push(`${provider.file} is a file of this machine: a cluster's Pods don't have it.`);
  }
  if (provider.type === "Simulated" && polling.session === "NYSE") {
    warnings.push("The simulator has prices at every hour, but session NYSE polls in the exchange's alone.");
  }
  warnings.push(...loadWarnings(spec));
  const late = resolutions.find(({ allowedLateness }) => durationMs(allowedLateness) > 0);
  if (engine === "Dataflow" && dataflow?.template === "BeamYaml" && late !== undefined) {
    warnings.push(
      `Beam YAML has no lateness: allowedLateness ${late.allowedLateness} has no effect, late quotes are dropped.`,
    );
  }
  return warnings;
}

/** What the number of quotes a second means for the engine that is chosen. */
function loadWarnings(spec: StockFeed["spec"]): string[] {
  const { engine, dataflow, resolutions, polling, symbols } = spec;
  const onePod = fitsOnePod(spec);
  if (engine === "Embedded") {
    if (onePod) return [];
    const [rate, least, most] = [quotesPerSecond(spec), POD_CORE.least, POD_CORE.most].map(count);
    return [
      `${rate} quotes a second may be more than one Pod takes, whose one core was full at ${least} to ${most}: ` +
        "measure, split the feed into several, or have engine Dataflow.",
    ];
  }
  const jobs = `${resolutions.length} Dataflow ${resolutions.length === 1 ? "job runs" : "jobs run"} without pause, of the`;
  const fits = `${count(symbols.length)} symbols every ${polling.interval} would fit one small Pod under engine Embedded`;
  const short = leastWorkers(spec)
    .filter(({ workers }) => dataflow !== undefined && workers > dataflow.maxWorkers)
    .map(({ resolution, workers }) => `${workers} for ${resolution}`);
  return [
    `${jobs} ${JOBS_PER_PROJECT} that a project may run by default${onePod ? `; ${fits}` : ""}.`,
    ...(short.length === 0
      ? []
      : [
          `Workers by an estimate from the project's benches, at least: ${short.join(", ")}; ` +
            `spec.dataflow.maxWorkers is ${dataflow?.maxWorkers ?? ""}, and what they don't do waits in Pub/Sub.`,
        ]),
  ];
}

function count(value: number): string {
  return value.toLocaleString("en-US", { maximumFractionDigits: 1 });
}
