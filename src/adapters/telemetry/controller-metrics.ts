import type { MetricDefinition } from "./metrics.ts";

/** From a reconcile that finds nothing to do to one that waits for a slow API. */
const RECONCILE_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30] as const;
/** From a queue that is empty to one that holds every feed of a large cluster. */
const QUEUE_BUCKETS = [0.001, 0.01, 0.1, 0.5, 1, 2, 5, 10, 30, 60, 300] as const;

/** The operator's metrics beside those of the pipeline; for docs/reference/metrics.md too. */
export const CONTROLLER_METRICS = {
  reconcileDuration: {
    name: "stockfeed_reconcile_duration_seconds",
    type: "histogram",
    help: "How long reconciles took, by what they came to: ready, waiting, stalled or deleted",
    labels: ["result"],
    buckets: RECONCILE_BUCKETS,
  },
  reconcileErrors: {
    name: "stockfeed_reconcile_errors_total",
    type: "counter",
    help: "Reconciles that a failed call or a defect ended",
    labels: [],
  },
  queueDepth: {
    name: "stockfeed_workqueue_depth",
    type: "gauge",
    help: "Feeds that wait for a reconcile",
    labels: [],
  },
  queueAdds: {
    name: "stockfeed_workqueue_adds_total",
    type: "counter",
    help: "Feeds that began to wait for a reconcile",
    labels: [],
  },
  queueDuration: {
    name: "stockfeed_workqueue_queue_duration_seconds",
    type: "histogram",
    help: "How long feeds waited for a reconcile",
    labels: [],
    buckets: QUEUE_BUCKETS,
  },
  apiRequests: {
    name: "stockfeed_api_requests_total",
    type: "counter",
    help: "Requests of the Kubernetes API by verb and by HTTP status code, or by why there was no answer",
    labels: ["verb", "code"],
  },
  driftCorrections: {
    name: "stockfeed_drift_corrections_total",
    type: "counter",
    help: "Objects put right that somebody else had changed or deleted",
    labels: [],
  },
  feedState: {
    name: "stockfeed_feed_state",
    type: "gauge",
    help: "1 for the state that a feed is in, as its status says it: New, Ready, Suspended, Reconciling, Stalled or Deleting; the replica that leads has them",
    labels: ["feed", "state"],
  },
  pollInterval: {
    name: "stockfeed_poll_interval_seconds",
    type: "gauge",
    help: "Time between two slots of a feed, as its spec says it; the replica that leads has them",
    labels: ["feed"],
  },
  jobs: {
    name: "stockfeed_jobs",
    type: "gauge",
    help: "Dataflow jobs of feeds by state, as their statuses say it; the replica that leads has them",
    labels: ["state", "resolution"],
  },
  jobFailures: {
    name: "stockfeed_job_failures",
    type: "gauge",
    help: "Dataflow jobs of a feed's window that failed in a row, until one runs; the replica that leads has them",
    labels: ["feed", "resolution"],
  },
  jobLaunches: {
    name: "stockfeed_job_launches_total",
    type: "counter",
    help: "Dataflow jobs that were launched, by what for: the spec, or a failure of the job before",
    labels: ["resolution", "cause"],
  },
  leader: {
    name: "stockfeed_leader",
    type: "gauge",
    help: "1 where this process leads, 0 where it stands by",
    labels: [],
  },
  symbolFailures: {
    name: "stockfeed_symbol_failures_total",
    type: "counter",
    help: "Symbols without a price in their slot by kind of failure, by the summaries that pollers left",
    labels: ["feed", "kind"],
  },
} as const satisfies Readonly<Record<string, MetricDefinition>>;
