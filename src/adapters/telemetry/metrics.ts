import { REQUEST_BUCKETS } from "../../quotes/request-durations.ts";

/** A metric as Prometheus shows it. */
export interface MetricDefinition {
  readonly name: string;
  readonly type: "counter" | "gauge" | "histogram";
  /** One sentence, without a full stop, as in the exposition format's HELP. */
  readonly help: string;
  readonly labels: readonly string[];
  /** Upper bounds of a histogram's buckets, in the metric's unit. */
  readonly buckets?: readonly number[];
}

/** From an undisturbed laptop's microseconds to a store that stalls. */
const CLOSE_BUCKETS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60] as const;

/**
 * Every metric of the pipeline, for the registry and for docs/reference/metrics.md, which is made of this.
 * The label `feed` is `namespace/name`; names follow Prometheus: base units, and `_total` on what only grows.
 */
export const METRICS = {
  quotes: {
    name: "stockfeed_quotes_total",
    type: "counter",
    help: "Quotes by what became of them: accepted, duplicate, stale or dead_letter; of pollers published or undelivered",
    labels: ["feed", "outcome"],
  },
  slotsPolled: {
    name: "stockfeed_slots_polled_total",
    type: "counter",
    help: "Slots that were polled, whatever came of them",
    labels: ["feed"],
  },
  slotsMissed: {
    name: "stockfeed_slots_missed_total",
    type: "counter",
    help: "Slots that went by without a poll",
    labels: ["feed"],
  },
  marketState: {
    name: "stockfeed_market_state",
    type: "gauge",
    help: "1 for how the market looks to a feed's pollers: Open, Closed, or Stale where no price moves; none while it is suspended",
    labels: ["feed", "state"],
  },
  providerDuration: {
    name: "stockfeed_provider_request_duration_seconds",
    type: "histogram",
    help: "How long the provider took to answer a request",
    labels: ["feed"],
    buckets: REQUEST_BUCKETS,
  },
  providerRequests: {
    name: "stockfeed_provider_requests_total",
    type: "counter",
    help: "Requests to the provider by HTTP status code, or by kind of failure where there was no answer",
    labels: ["feed", "code"],
  },
  windowsEmitted: {
    name: "stockfeed_windows_emitted_total",
    type: "counter",
    help: "Window rows emitted, rewritten ones included",
    labels: ["feed", "resolution"],
  },
  lateQuotes: {
    name: "stockfeed_late_quotes_total",
    type: "counter",
    help: "Quotes that came too late for a window of this resolution, beyond its allowed lateness",
    labels: ["feed", "resolution"],
  },
  windowCloseDelay: {
    name: "stockfeed_window_close_delay_seconds",
    type: "histogram",
    help: "Time from a window's end until its rows are written",
    labels: ["feed", "resolution"],
    buckets: CLOSE_BUCKETS,
  },
  sinkRows: {
    name: "stockfeed_sink_rows_total",
    type: "counter",
    help: "Rows handed to the store by outcome: written or failed",
    labels: ["feed", "outcome"],
  },
  watermarkLag: {
    name: "stockfeed_watermark_lag_seconds",
    type: "gauge",
    help: "How far the watermark is behind the feed's clock",
    labels: ["feed"],
  },
} as const satisfies Readonly<Record<string, MetricDefinition>>;
