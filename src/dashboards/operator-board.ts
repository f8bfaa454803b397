import type { Board, Section } from "./board.ts";
import { boardUrl } from "./board.ts";
import { colored, lines, number, table } from "./panels.ts";
import { labelValues, prometheusSource } from "./variables.ts";

/** Series of operators. */
const OPERATOR = `job=~"$job"`;
/** Feeds of the chosen namespaces, as the replica that leads sees them. */
const FEEDS = `${OPERATOR},feed=~"$namespace/.+"`;
const NOT_READY = `stockfeed_feed_state{${FEEDS},state!~"Ready|Suspended"}`;
const RATE = "$__rate_interval";

const STATE_COLORS = [
  colored("Ready", "green"),
  colored("Reconciling", "yellow"),
  colored("Stalled", "red"),
  colored("Suspended", "blue"),
  colored("Deleting", "purple"),
  colored("New", "super-light-yellow"),
];

const glance: Section = {
  title: "At a glance",
  panels: [
    number({
      title: "Feeds",
      description: "StockFeeds of the chosen namespaces, as the operator that leads has them.",
      unit: "none",
      queries: [{ expr: `count(stockfeed_feed_state{${FEEDS}}) or vector(0)` }],
    }),
    number({
      title: "Feeds not ready",
      description: "Feeds that are neither Ready nor suspended. The table below names them; kubectl describe says why.",
      unit: "none",
      limits: { warn: 1, bad: 5 },
      queries: [{ expr: `count(${NOT_READY}) or vector(0)` }],
    }),
    number({
      title: "Leaders",
      description:
        "Replicas that lead, of the install that has fewest. 1 is right. At 0 feeds poll on, but nothing is changed, mended or counted.",
      unit: "none",
      limits: { atLeast: 1 },
      queries: [{ expr: `min(sum by (job) (stockfeed_leader{${OPERATOR}}))` }],
    }),
    number({
      title: "Reconcile errors",
      description: "Reconciles that a failed call or a defect ended, in the time shown. Each is tried again by itself.",
      unit: "none",
      decimals: 0,
      limits: { warn: 1, bad: 50 },
      queries: [{ expr: `sum(increase(stockfeed_reconcile_errors_total{${OPERATOR}}[$__range]))` }],
    }),
    number({
      title: "Feeds in the queue",
      description: "Feeds that wait for a reconcile at this moment. It is near 0 but for a while after a start.",
      unit: "none",
      limits: { warn: 100, bad: 1000 },
      queries: [{ expr: `sum(stockfeed_workqueue_depth{${OPERATOR}})` }],
    }),
    number({
      title: "Drift corrected",
      description: "Objects that somebody else changed or deleted, and that were put right, in the time shown.",
      unit: "none",
      decimals: 0,
      limits: { warn: 1, bad: 50 },
      queries: [{ expr: `sum(increase(stockfeed_drift_corrections_total{${OPERATOR}}[$__range]))` }],
    }),
  ],
};

const feeds: Section = {
  title: "Feeds",
  panels: [
    lines({
      title: "Feeds by state",
      description:
        "Stalled feeds wait until their spec is changed, Reconciling ones go on by themselves once what they lack is there, such as a Secret. A gap means that no replica leads.",
      unit: "none",
      stacked: true,
      steps: true,
      overrides: STATE_COLORS,
      queries: [{ expr: `sum by (state) (stockfeed_feed_state{${FEEDS}})`, legend: "{{state}}" }],
    }),
    table({
      title: "Every feed, those that are not ready first",
      description:
        "Click a feed to see its board; kubectl stockfeed status says what it lacks. Not ready is also a feed that was just made. At most 200 are listed.",
      unit: "none",
      hidden: ["Time"],
      renamed: { feed: "Feed", state: "State", Value: "Attention" },
      columns: [
        {
          name: "Attention",
          properties: [
            {
              id: "mappings",
              value: [
                {
                  type: "value",
                  options: {
                    "1": { text: "fine", color: "green" },
                    "2": { text: "not ready", color: "orange" },
                    "3": { text: "stalled: change its spec", color: "red" },
                  },
                },
              ],
            },
            { id: "custom.cellOptions", value: { type: "color-text" } },
          ],
        },
        {
          name: "Feed",
          properties: [
            {
              id: "links",
              value: [
                {
                  title: "The feed's board",
                  url: boardUrl(
                    "feed",
                    "var-datasource=${datasource}",
                    "var-feed=${__value.text}",
                    "${__url_time_range}",
                  ),
                },
              ],
            },
          ],
        },
      ],
      queries: [
        {
          expr: `topk(200, 3 * max by (feed, state) (stockfeed_feed_state{${FEEDS},state="Stalled"}) or 2 * max by (feed, state) (${NOT_READY}) or max by (feed, state) (stockfeed_feed_state{${FEEDS}}))`,
        },
      ],
    }),
  ],
};

const work: Section = {
  title: "Reconciles",
  panels: [
    lines({
      title: "Reconciles by result",
      description:
        "How many reconciles ended a second, by what they came to. With nothing to do it is one a feed every few minutes.",
      unit: "ops",
      stacked: true,
      queries: [
        {
          expr: `sum by (result) (rate(stockfeed_reconcile_duration_seconds_count{${OPERATOR}}[${RATE}]))`,
          legend: "{{result}}",
        },
      ],
    }),
    lines({
      title: "Reconcile duration",
      description: "How long a reconcile takes. It is milliseconds where nothing is to do; seconds mean a slow API.",
      unit: "s",
      limits: { warn: 5 },
      queries: [0.5, 0.99].map((share) => ({
        expr: `histogram_quantile(${share}, sum by (le) (rate(stockfeed_reconcile_duration_seconds_bucket{${OPERATOR}}[${RATE}])))`,
        legend: share === 0.5 ? "half are faster than" : "99% are faster than",
      })),
    }),
    lines({
      title: "Reconcile errors",
      description: "Reconciles that a failed call or a defect ended, a second. The operator's log names the call.",
      unit: "ops",
      overrides: [colored("errors", "red")],
      queries: [{ expr: `sum(rate(stockfeed_reconcile_errors_total{${OPERATOR}}[${RATE}]))`, legend: "errors" }],
    }),
    lines({
      title: "Drift corrected",
      description:
        "Objects put right, a second. A level that stays means that something else undoes what the operator does.",
      unit: "ops",
      queries: [{ expr: `sum(rate(stockfeed_drift_corrections_total{${OPERATOR}}[${RATE}]))`, legend: "corrections" }],
    }),
    lines({
      title: "Feeds in the queue",
      description: "Feeds that wait for a reconcile. It falls to 0 where the operator keeps up.",
      unit: "none",
      limits: { warn: 100 },
      queries: [{ expr: `sum by (job) (stockfeed_workqueue_depth{${OPERATOR}})`, legend: "{{job}}" }],
    }),
    lines({
      title: "Time in the queue",
      description:
        "How long feeds wait for a reconcile. Where 99% wait for seconds, give the operator more --concurrency or CPU.",
      unit: "s",
      limits: { warn: 10 },
      queries: [0.5, 0.99].map((share) => ({
        expr: `histogram_quantile(${share}, sum by (le) (rate(stockfeed_workqueue_queue_duration_seconds_bucket{${OPERATOR}}[${RATE}])))`,
        legend: share === 0.5 ? "half wait less than" : "99% wait less than",
      })),
    }),
  ],
};

const surroundings: Section = {
  title: "API server and process",
  panels: [
    lines({
      title: "Kubernetes API calls by verb",
      description: "Calls a second. In a steady state there are watches, the Lease and little else.",
      unit: "reqps",
      stacked: true,
      queries: [
        { expr: `sum by (verb) (rate(stockfeed_api_requests_total{${OPERATOR}}[${RATE}]))`, legend: "{{verb}}" },
      ],
    }),
    lines({
      title: "Kubernetes API calls by answer",
      description:
        "HTTP status codes, or why there was no answer. 403 is a missing right, 409 a conflict that is tried again, 429 too many calls.",
      unit: "reqps",
      queries: [
        { expr: `sum by (code) (rate(stockfeed_api_requests_total{${OPERATOR}}[${RATE}]))`, legend: "{{code}}" },
      ],
    }),
    lines({
      title: "Who leads",
      description: "1 for the replica that leads. A change of hands takes up to 20 s after a crash.",
      unit: "none",
      decimals: 0,
      steps: true,
      queries: [{ expr: `max by (instance) (stockfeed_leader{${OPERATOR}})`, legend: "{{instance}}" }],
    }),
    lines({
      title: "Memory",
      description: "Resident memory of the operator's processes; the caches of what it watches are most of it.",
      unit: "bytes",
      queries: [
        {
          expr: `max by (instance) (process_resident_memory_bytes{${OPERATOR}} and on (job, instance) stockfeed_leader{${OPERATOR}})`,
          legend: "{{instance}}",
        },
      ],
    }),
    lines({
      title: "CPU, in cores",
      description: "1 is a core, which is all that one process uses; from 0.8 on it hardly keeps up.",
      unit: "none",
      decimals: 2,
      limits: { warn: 0.8 },
      queries: [
        {
          expr: `max by (instance) (rate(process_cpu_seconds_total{${OPERATOR}}[${RATE}]) and on (job, instance) stockfeed_leader{${OPERATOR}})`,
          legend: "{{instance}}",
        },
      ],
    }),
    lines({
      title: "Event loop lag",
      description: "How late the process gets to its work, at the 99th percentile. Above 100 ms it has too little CPU.",
      unit: "s",
      limits: { warn: 0.1 },
      queries: [
        {
          expr: `max by (instance) (nodejs_eventloop_lag_p99_seconds{${OPERATOR}} and on (job, instance) stockfeed_leader{${OPERATOR}})`,
          legend: "{{instance}}",
        },
      ],
    }),
  ],
};

/** How the operator and its feeds are. */
export const OPERATOR_BOARD: Board = {
  name: "operator",
  title: "Operator",
  description: "Are all feeds ready, does the operator keep up, and does one lead?",
  from: "now-1h",
  variables: [
    prometheusSource(),
    labelValues({
      name: "job",
      label: "Operator",
      description: "Scrape jobs of operators: one an install.",
      series: "stockfeed_leader",
      of: "job",
    }),
    labelValues({
      name: "namespace",
      label: "Namespace",
      description: "Namespaces of feeds.",
      series: "stockfeed_feed_state",
      of: "feed",
      regex: "/^([^/]+)/",
    }),
  ],
  sections: [glance, feeds, work, surroundings],
};
