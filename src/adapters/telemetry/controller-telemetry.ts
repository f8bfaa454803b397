import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { ControllerTelemetry } from "../../controller-ports.ts";
import { FAILURE_KINDS } from "../../quotes/poll-summary.ts";
import { CONTROLLER_METRICS } from "./controller-metrics.ts";
import { CountedHistogram } from "./counted-histogram.ts";
import { METRICS, type MetricDefinition } from "./metrics.ts";

/** What the operator counts of pollers' quotes. */
const POLLER_OUTCOMES = ["published", "undelivered", "stale", "dead_letter"] as const;
const LAUNCH_CAUSES = ["spec", "failure"] as const;

/** The operator's telemetry: the port, and what its queue and its client of the API server tell. */
export interface OperatorTelemetry {
  readonly telemetry: ControllerTelemetry;
  readonly queue: {
    readonly onAdd: () => void;
    readonly onDepth: (depth: number) => void;
    readonly onTaken: (seconds: number) => void;
  };
  readonly onRequest: (verb: string, code: string) => void;
  readonly setLeader: (leads: boolean) => void;
  /** Says how to count the jobs of feeds, whenever somebody asks. */
  readonly measureJobs: (count: () => readonly JobCount[]) => void;
  /** Says how the feeds are, whenever somebody asks. */
  readonly measureFeeds: (count: () => readonly FeedReading[]) => void;
}

/** How a feed is. */
interface FeedReading {
  readonly feed: string;
  readonly state: string;
  readonly intervalSeconds?: number;
  readonly timesRequests?: true;
  readonly market?: string;
  /** Jobs in a row that failed, by resolution. */
  readonly jobFailures: readonly { readonly resolution: string; readonly count: number }[];
}

/** Jobs of a resolution that are in a state. */
interface JobCount {
  readonly state: string;
  readonly resolution: string;
  readonly jobs: number;
}

/** @param registry of `createTelemetry`, whose counter of quotes takes those of pollers too */
export function createControllerTelemetry(registry: Registry): OperatorTelemetry {
  const settings = ({ name, help, labels }: MetricDefinition) => {
    return { name, help, labelNames: [...labels], registers: [registry] };
  };
  const counter = (definition: MetricDefinition) => new Counter(settings(definition));
  const gauge = (definition: MetricDefinition) => new Gauge(settings(definition));
  const histogram = (definition: MetricDefinition) =>
    new Histogram({ ...settings(definition), buckets: [...(definition.buckets ?? [])] });

  const counterOf = ({ name }: MetricDefinition) => {
    const metric = registry.getSingleMetric(name);
    if (metric instanceof Counter) return metric;
    throw new Error(`The registry is not of createTelemetry: it has no counter ${name}.`);
  };
  const quotes = counterOf(METRICS.quotes);
  const missed = counterOf(METRICS.slotsMissed);
  const reconciles = histogram(CONTROLLER_METRICS.reconcileDuration);
  const errors = counter(CONTROLLER_METRICS.reconcileErrors);
  const drift = counter(CONTROLLER_METRICS.driftCorrections);
  const polled = counterOf(METRICS.slotsPolled);
  const failures = counter(CONTROLLER_METRICS.symbolFailures);
  // Here the statuses of feeds tell how the market looks to them; there are no pollers in this process.
  registry.removeSingleMetric(METRICS.marketState.name);
  // Pollers have counted their requests already.
  registry.removeSingleMetric(METRICS.providerDuration.name);
  const requests = new CountedHistogram(METRICS.providerDuration);
  registry.registerMetric(requests);
  const ofFeed = countersOfFeed({ slots: [polled, missed], quotes, failures, requests });
  const { countJobLaunch, ...measures } = censuses(
    counter,
    (definition, collect) => new Gauge({ ...settings(definition), collect }),
    ofFeed.begin,
  );
  return {
    telemetry: {
      observeReconcile: (result, seconds) => {
        reconciles.observe({ result }, seconds);
      },
      countReconcileError: () => {
        errors.inc();
      },
      countDriftCorrections: (count) => {
        drift.inc(count);
      },
      countPublishedQuotes: (feed, outcome, count) => {
        quotes.inc({ feed, outcome }, count);
      },
      countSymbolFailures: (feed, kind, count) => {
        failures.inc({ feed, kind }, count);
      },
      countProviderRequests: (feed, durations) => {
        requests.add(feed, durations);
      },
      countJobLaunch,
      forgetFeed: ofFeed.forget,
    },
    ...queueAndClient(counter, gauge, histogram),
    ...measures,
  };
}

/** What pollers tell of a feed, from zero when it is first seen until it is gone. */
function countersOfFeed(metrics: {
  readonly slots: readonly Counter[];
  readonly quotes: Counter;
  readonly failures: Counter;
  readonly requests: CountedHistogram;
}): { readonly begin: (feed: FeedReading) => void; readonly forget: (feed: string) => void } {
  const { slots, quotes, failures, requests } = metrics;
  // Six series of each of ten thousand feeds are not to be looked up at every scrape.
  const begun = new Set<string>();
  return {
    begin: ({ feed, timesRequests = false }) => {
      if (timesRequests) requests.begin(feed);
      if (begun.has(feed)) return;
      begun.add(feed);
      for (const metric of slots) metric.inc({ feed }, 0);
      for (const outcome of POLLER_OUTCOMES) quotes.inc({ feed, outcome }, 0);
    },
    forget: (feed) => {
      begun.delete(feed);
      requests.forget(feed);
      for (const metric of slots) metric.remove({ feed });
      for (const outcome of POLLER_OUTCOMES) quotes.remove({ feed, outcome });
      for (const kind of FAILURE_KINDS) failures.remove({ feed, kind });
    },
  };
}

function censuses(
  counter: (definition: MetricDefinition) => Counter,
  gauge: (definition: MetricDefinition, collect: (this: Gauge) => void) => Gauge,
  knowFeed: (feed: FeedReading) => void,
): Pick<OperatorTelemetry, "measureFeeds" | "measureJobs"> & Pick<ControllerTelemetry, "countJobLaunch"> {
  const measureFeeds = feedGauges(gauge, knowFeed);
  const measureJobs = countedGauge(
    (collect) => gauge(CONTROLLER_METRICS.jobs, collect),
    ({ jobs: value, ...labels }: JobCount) => {
      // A counter that is not there yet can't be seen to rise.
      for (const cause of LAUNCH_CAUSES) launches.inc({ resolution: labels.resolution, cause }, 0);
      return { labels, value };
    },
  );
  // Behind the gauge, which is read first then, so that one reading has the zeros too.
  const launches = counter(CONTROLLER_METRICS.jobLaunches);
  return {
    measureFeeds,
    measureJobs,
    countJobLaunch: (resolution, cause) => {
      launches.inc({ resolution, cause });
    },
  };
}

/** The gauges that tell of each feed; one count serves them all, since they are read in this order. */
function feedGauges(
  gauge: (definition: MetricDefinition, collect: (this: Gauge) => void) => Gauge,
  knowFeed: (feed: FeedReading) => void,
): OperatorTelemetry["measureFeeds"] {
  let feeds: readonly FeedReading[] = [];
  const measureStates = countedGauge(
    (collect) => gauge(CONTROLLER_METRICS.feedState, collect),
    (reading: FeedReading) => {
      // A counter that is not there yet can't be seen to rise, and a summary of a minute may be all that ever comes.
      knowFeed(reading);
      const { feed, state } = reading;
      return { labels: { feed, state }, value: 1 };
    },
  );
  countedGauge(
    (collect) => gauge(CONTROLLER_METRICS.pollInterval, collect),
    ({ feed, value }: { readonly feed: string; readonly value: number }) => ({ labels: { feed }, value }),
  )(() => feeds.flatMap(({ feed, intervalSeconds: value }) => (value === undefined ? [] : [{ feed, value }])));
  countedGauge(
    (collect) => gauge(METRICS.marketState, collect),
    (labels: { readonly feed: string; readonly state: string }) => ({ labels, value: 1 }),
  )(() => feeds.flatMap(({ feed, market }) => (market === undefined ? [] : [{ feed, state: market }])));
  countedGauge(
    (collect) => gauge(CONTROLLER_METRICS.jobFailures, collect),
    ({ count, ...labels }: { readonly feed: string; readonly resolution: string; readonly count: number }) => {
      return { labels, value: count };
    },
  )(() => feeds.flatMap(({ feed, jobFailures }) => jobFailures.map((failed) => ({ feed, ...failed }))));
  return (count) => {
    measureStates(() => (feeds = count()));
  };
}

/** A gauge that is counted when it is read, once somebody has said how. */
function countedGauge<Counted>(
  make: (collect: (this: Gauge) => void) => Gauge,
  show: (counted: Counted) => { readonly labels: object; readonly value: number },
): (how: () => readonly Counted[]) => void {
  let count: () => readonly Counted[] = () => [];
  make(function (this: Gauge) {
    this.reset();
    for (const { labels, value } of count().map(show)) this.set({ ...labels }, value);
  });
  return (how) => {
    count = how;
  };
}

function queueAndClient(
  counter: (definition: MetricDefinition) => Counter,
  gauge: (definition: MetricDefinition) => Gauge,
  histogram: (definition: MetricDefinition) => Histogram,
): Pick<OperatorTelemetry, "queue" | "onRequest" | "setLeader"> {
  const adds = counter(CONTROLLER_METRICS.queueAdds);
  const depth = gauge(CONTROLLER_METRICS.queueDepth);
  const waited = histogram(CONTROLLER_METRICS.queueDuration);
  const requests = counter(CONTROLLER_METRICS.apiRequests);
  const leader = gauge(CONTROLLER_METRICS.leader);
  return {
    queue: {
      onAdd: () => {
        adds.inc();
      },
      onDepth: (keys) => {
        depth.set(keys);
      },
      onTaken: (seconds) => {
        waited.observe(seconds);
      },
    },
    onRequest: (verb, code) => {
      requests.inc({ verb, code });
    },
    setLeader: (leads) => {
      leader.set(leads ? 1 : 0);
    },
  };
}
