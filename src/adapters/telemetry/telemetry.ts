import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import type { MarketState } from "../../api/status.ts";
import type { Telemetry } from "../../ports.ts";
import { METRICS, type MetricDefinition } from "./metrics.ts";

/** Gauges of the library that end as only counters may; `promtool check metrics` refuses them. */
const MISNAMED = ["nodejs_active_handles_total", "nodejs_active_requests_total", "nodejs_active_resources_total"];

/**
 * Telemetry that Prometheus reads, with the metrics of docs/reference/metrics.md and those of the Node process.
 * @returns the port, and the registry whose `metrics()` is the text of `/metrics`
 */
export function createTelemetry(): { readonly telemetry: Telemetry; readonly registry: Registry } {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  for (const name of MISNAMED) registry.removeSingleMetric(name);
  const counter = (definition: MetricDefinition) => new Counter(configuration(definition, registry));
  const histogram = (definition: MetricDefinition) =>
    new Histogram({ ...configuration(definition, registry), buckets: [...(definition.buckets ?? [])] });

  const quotes = counter(METRICS.quotes);
  const slotsPolled = counter(METRICS.slotsPolled);
  const slotsMissed = counter(METRICS.slotsMissed);
  const providerDuration = histogram(METRICS.providerDuration);
  const providerRequests = counter(METRICS.providerRequests);
  const windowsEmitted = counter(METRICS.windowsEmitted);
  const lateQuotes = counter(METRICS.lateQuotes);
  const windowCloseDelay = histogram(METRICS.windowCloseDelay);
  const sinkRows = counter(METRICS.sinkRows);
  const setMarketState = marketStates(registry);
  const measureWatermarkLag = watermarkLags(registry);

  const telemetry: Telemetry = {
    countQuotes: (feed, outcome, count) => {
      quotes.inc({ feed, outcome }, count);
    },
    countPolledSlots: (feed, count) => {
      slotsPolled.inc({ feed }, count);
    },
    countMissedSlots: (feed, count) => {
      slotsMissed.inc({ feed }, count);
    },
    setMarketState,
    observeProviderRequest: (feed, code, seconds) => {
      providerRequests.inc({ feed, code });
      providerDuration.observe({ feed }, seconds);
    },
    countWindows: (feed, resolution, rows) => {
      windowsEmitted.inc({ feed, resolution }, rows);
    },
    countLateQuotes: (feed, resolution, count) => {
      lateQuotes.inc({ feed, resolution }, count);
    },
    observeWindowClose: (feed, resolution, seconds) => {
      windowCloseDelay.observe({ feed, resolution }, seconds);
    },
    countSinkRows: (feed, outcome, count) => {
      sinkRows.inc({ feed, outcome }, count);
    },
    measureWatermarkLag,
  };
  return { telemetry, registry };
}

/** One state of a feed at a time. */
function marketStates(registry: Registry): Telemetry["setMarketState"] {
  const markets = new Map<string, MarketState>();
  new Gauge({
    ...configuration(METRICS.marketState, registry),
    collect() {
      this.reset();
      for (const [feed, state] of markets) this.set({ feed, state }, 1);
    },
  });
  return (feed, state) => {
    markets.set(feed, state);
  };
}

/** Measured at each scrape: a stream that is stuck tells nobody. */
function watermarkLags(registry: Registry): Telemetry["measureWatermarkLag"] {
  const lags = new Map<string, () => number>();
  new Gauge({
    ...configuration(METRICS.watermarkLag, registry),
    collect() {
      for (const [feed, lag] of lags) this.set({ feed }, lag());
    },
  });
  return (feed, lag) => {
    lags.set(feed, lag);
  };
}

function configuration({ name, help, labels }: MetricDefinition, registry: Registry) {
  return { name, help, labelNames: [...labels], registers: [registry] };
}
