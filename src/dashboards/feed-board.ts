import type { Board, Section } from "./board.ts";
import { boardUrl } from "./board.ts";
import { colored, lines, number } from "./panels.ts";
import { labelValues, prometheusSource } from "./variables.ts";

/** Both, since all feeds are those of the chosen namespaces. */
const FEED = `feed=~"$namespace/.+",feed=~"$feed"`;
const WINDOW = `${FEED},resolution=~"$resolution"`;
const RATE = "$__rate_interval";
/** Quotes that pollers of CronJobs published; those of Deployments say it by what the stream took of them. */
const arrived = (over: string) =>
  `(sum by (feed) (rate(stockfeed_quotes_total{${FEED},outcome="published"}[${over}])) > 0 or sum by (feed) (rate(stockfeed_quotes_total{${FEED},outcome="accepted"}[${over}])) > 0)`;
const stale = (over: string) => `sum by (feed) (rate(stockfeed_quotes_total{${FEED},outcome="stale"}[${over}]))`;

/** No metric tells a feed's project and dataset; the board Market begins with the operator's, where the chart has them. */
const toMarket = {
  title: "Prices and gains of ${__field.labels.feed}: choose project and dataset there",
  url: boardUrl("market", "var-feed=${__field.labels.feed}", "${__url_time_range}"),
};

const glance: Section = {
  title: "At a glance",
  panels: [
    number({
      title: "Feeds not ready",
      description: "Of the chosen feeds, those that are neither Ready nor suspended, as the operator says it.",
      unit: "none",
      limits: { bad: 1 },
      queries: [{ expr: `count(stockfeed_feed_state{${FEED},state!~"Ready|Suspended"}) or vector(0)` }],
    }),
    number({
      title: "Slots missed",
      description:
        "Share of slots that went by without a poll, in the time shown. A slot that was missed never comes back.",
      unit: "percentunit",
      decimals: 2,
      limits: { warn: 0.001, bad: 0.01 },
      none: "no slots",
      queries: [
        {
          expr: `sum(increase(stockfeed_slots_missed_total{${FEED}}[$__range])) / (sum(increase(stockfeed_slots_missed_total{${FEED}}[$__range])) + sum(increase(stockfeed_slots_polled_total{${FEED}}[$__range])) > 0)`,
        },
      ],
    }),
    number({
      title: "Stale quotes",
      description:
        "Share of quotes whose price the provider has not renewed since the slot before. Much of it is common in a quiet market, all of it means that the provider stands still.",
      unit: "percentunit",
      decimals: 1,
      limits: { warn: 0.5, bad: 0.95 },
      none: "no quotes",
      queries: [{ expr: `max(${stale("$__range")} / ${arrived("$__range")})` }],
    }),
    number({
      title: "Watermark lag",
      description:
        "How far the windows are behind the clock, of the feed that is furthest behind. Feeds on Dataflow have no such figure: see their board.",
      unit: "s",
      decimals: 1,
      limits: { warn: 30, bad: 120 },
      none: "no stream",
      queries: [{ expr: `max(stockfeed_watermark_lag_seconds{${FEED}})` }],
    }),
    number({
      title: "Dead letters",
      description:
        "Quotes that could not be used, in the time shown. stockfeed deadletter list shows them with their reasons.",
      unit: "none",
      decimals: 0,
      limits: { warn: 1, bad: 100 },
      queries: [{ expr: `sum(increase(stockfeed_quotes_total{${FEED},outcome="dead_letter"}[$__range]))` }],
    }),
    number({
      title: "Rows refused by the sink",
      description: "Rows that BigQuery did not take at a try, in the time shown. They are kept and tried again.",
      unit: "none",
      decimals: 0,
      limits: { warn: 1, bad: 1000 },
      none: "no stream",
      queries: [{ expr: `sum(increase(stockfeed_sink_rows_total{${FEED},outcome="failed"}[$__range]))` }],
    }),
  ],
};

const polling: Section = {
  title: "Polling",
  panels: [
    lines({
      title: "Slots polled and missed",
      description:
        "Slots a minute: 6 at an interval of 10 s, times the shards. Polled ones are green; missed ones are red, and should be at 0. Pollers of CronJobs tell theirs when they end, so these come a minute late.",
      unit: "suffix:slots/min",
      links: [toMarket],
      overrides: [colored(/ polled$/, "green", "shades"), colored(/ missed$/, "red", "shades")],
      queries: [
        {
          expr: `60 * sum by (feed) (rate(stockfeed_slots_polled_total{${FEED}}[${RATE}]))`,
          legend: "{{feed}} polled",
        },
        {
          expr: `60 * sum by (feed) (rate(stockfeed_slots_missed_total{${FEED}}[${RATE}]))`,
          legend: "{{feed}} missed",
        },
      ],
    }),
    lines({
      title: "Quotes by outcome",
      description:
        "Pollers say published, undelivered and stale, streams accepted and duplicate, both dead_letter. Undelivered quotes are lost.",
      unit: "suffix:quotes/s",
      overrides: [colored("dead_letter", "red"), colored("undelivered", "orange")],
      queries: [{ expr: `sum by (outcome) (rate(stockfeed_quotes_total{${FEED}}[${RATE}]))`, legend: "{{outcome}}" }],
    }),
    lines({
      title: "Provider latency",
      description:
        "How long the provider takes to answer a request, tries that failed among them; 4 s is when a try is given up. Pollers of CronJobs tell theirs when they end, so these come a minute late.",
      unit: "s",
      limits: { warn: 2 },
      none: "No provider is asked over the network, or none is scraped.",
      queries: [0.5, 0.99].map((share) => ({
        expr: `histogram_quantile(${share}, sum by (feed, le) (rate(stockfeed_provider_request_duration_seconds_bucket{${FEED}}[${RATE}])))`,
        legend: `{{feed}} ${share === 0.5 ? "half" : "99%"} within`,
      })),
    }),
    lines({
      title: "Provider's answers",
      description:
        "Requests a second by HTTP status, or by why there was no answer: 401 is a bad key, 429 too many calls. Of Deployments and stockfeed dev.",
      unit: "reqps",
      none: "Pollers of CronJobs tell symbols without a price instead.",
      queries: [
        { expr: `sum by (code) (rate(stockfeed_provider_requests_total{${FEED}}[${RATE}]))`, legend: "{{code}}" },
      ],
    }),
    lines({
      title: "Symbols without a price",
      description:
        "Symbols a second whose slot stayed empty, by kind of failure, as the summaries of CronJobs' pollers tell it.",
      unit: "suffix:symbols/s",
      queries: [
        {
          expr: `sum by (kind) (rate(stockfeed_symbol_failures_total{${FEED}}[${RATE}])) or on () label_replace(vector(0), "kind", "none", "", "")`,
          legend: "{{kind}}",
        },
      ],
    }),
    lines({
      title: "Stale quotes",
      description:
        "Share of a feed's quotes whose price the provider has not renewed since the slot before. At 100% in an open session the market state becomes Stale.",
      unit: "percentunit",
      limits: { bad: 0.95 },
      queries: [{ expr: `${stale(RATE)} / ${arrived(RATE)}`, legend: "{{feed}}" }],
    }),
    lines({
      title: "Market, as feeds see it",
      description:
        "Feeds by the state of their market: Stale means that in an open session no price moved for polling.staleAfter.",
      unit: "none",
      decimals: 0,
      width: 24,
      steps: true,
      stacked: true,
      overrides: [colored("Open", "green"), colored("Closed", "blue"), colored("Stale", "red")],
      queries: [
        { expr: `count by (state) (max by (feed, state) (stockfeed_market_state{${FEED}}))`, legend: "{{state}}" },
      ],
    }),
  ],
};

const windows: Section = {
  title: "Windows",
  panels: [
    lines({
      title: "Watermark lag",
      description:
        "How far the windows are behind the clock. It rises while quotes are made up for, or while the sink takes nothing.",
      unit: "s",
      limits: { warn: 30, bad: 120 },
      none: "No stream is scraped.",
      links: [toMarket],
      queries: [{ expr: `max by (feed) (stockfeed_watermark_lag_seconds{${FEED}})`, legend: "{{feed}}" }],
    }),
    lines({
      title: "Window close delay",
      description: "Time from a window's end until its rows are written; 99% are written within this.",
      unit: "s",
      limits: { warn: 10 },
      none: "No stream is scraped.",
      queries: [
        {
          expr: `histogram_quantile(0.99, sum by (resolution, le) (rate(stockfeed_window_close_delay_seconds_bucket{${WINDOW}}[${RATE}])))`,
          legend: "{{resolution}}",
        },
      ],
    }),
    lines({
      title: "Rows of windows",
      description:
        "Rows a second, those written again for late quotes included: symbols divided by the interval, for each resolution.",
      unit: "suffix:rows/s",
      none: "No stream is scraped.",
      queries: [
        {
          expr: `sum by (resolution) (rate(stockfeed_windows_emitted_total{${WINDOW}}[${RATE}]))`,
          legend: "{{resolution}}",
        },
      ],
    }),
    lines({
      title: "Quotes too late",
      description:
        "Quotes a second that came after their window's allowed lateness, by resolution. The window stays without them.",
      unit: "suffix:quotes/s",
      none: "No stream is scraped.",
      queries: [
        {
          expr: `sum by (resolution) (rate(stockfeed_late_quotes_total{${WINDOW}}[${RATE}]))`,
          legend: "{{resolution}}",
        },
      ],
    }),
    lines({
      title: "Dead letters",
      description:
        "Quotes a second that could not be used: without a valid price, a known symbol or a time, or too late for every window.",
      unit: "suffix:quotes/s",
      queries: [
        {
          expr: `sum by (feed) (rate(stockfeed_quotes_total{${FEED},outcome="dead_letter"}[${RATE}]))`,
          legend: "{{feed}}",
        },
      ],
    }),
    lines({
      title: "Rows and the sink",
      description:
        "Rows a second that BigQuery took, and those that it did not take at a try. A refused row is kept and sent again.",
      unit: "suffix:rows/s",
      none: "No stream is scraped.",
      overrides: [colored("failed", "red"), colored("written", "green")],
      queries: [
        { expr: `sum by (outcome) (rate(stockfeed_sink_rows_total{${FEED}}[${RATE}]))`, legend: "{{outcome}}" },
      ],
    }),
  ],
};

/** Whether a feed's quotes come, and its rows get written. */
export const FEED_BOARD: Board = {
  name: "feed",
  title: "Feed",
  description: "Do quotes come, are windows in time, and does the sink take the rows?",
  from: "now-1h",
  variables: [
    prometheusSource(),
    labelValues({
      name: "namespace",
      label: "Namespace",
      description: "Namespaces of feeds.",
      series: "stockfeed_quotes_total",
      of: "feed",
      regex: "/^([^/]+)/",
    }),
    labelValues({
      name: "feed",
      label: "Feed",
      description: "Feeds of the namespaces, as namespace/name.",
      series: `stockfeed_quotes_total{feed=~"$namespace/.+"}`,
      of: "feed",
    }),
    labelValues({
      name: "resolution",
      label: "Resolution",
      description: "Lengths of windows.",
      series: `stockfeed_late_quotes_total{${FEED}}`,
      of: "resolution",
    }),
  ],
  sections: [glance, polling, windows],
};
