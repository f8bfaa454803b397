/**
 * The alerts of an install, by Helm or by constructs: the chart's `files/alerts.yaml` and the defaults of its values are
 * made of these too.
 *
 * - An alert is of one feed, or of the operator; never of a symbol. However much goes wrong, a feed has one of a kind.
 * - What is counted slot by slot is asked for in open sessions of feeds that are not suspended; elsewhere
 *   `stockfeed_market_state` says Closed, or nothing.
 * - In an expression `$threshold` is the alert's value, and `$operator` the labels by which the release's own operator
 *   is found among others; where its metrics are scraped by other means than the chart's, there are none.
 */
export interface Alert {
  readonly alert: string;
  /** What it is about: its label `feed`, or the release. */
  readonly of: "feed" | "operator";
  /** `critical` where rows don't come, or nobody looks after feeds; `warning` where they come with gaps, or may stop. */
  readonly severity: "critical" | "warning";
  readonly for: string;
  /** What the value is held to: it fires above. */
  readonly threshold?: { readonly value: number; readonly meaning: string };
  readonly expr: string;
  readonly summary: string;
  readonly description: string;
}

/** Feeds whose slots are polled now. */
const IN_SESSION = `and on (feed) stockfeed_market_state{state=~"Open|Stale"}`;
/** Seconds between two slots of a feed; a quarter of an hour old at most, since nobody tells while another operator begins. */
const INTERVAL = "max by (feed) (last_over_time(stockfeed_poll_interval_seconds[15m]))";
/** Feeds of which some five minutes tell nothing, because they are polled less often. */
const RARE = `${INTERVAL} >= 300`;

/**
 * The share of what a feed asked for that failed, where it is too great. Of Jobs there are the symbols without a price, of
 * pollers without end the requests. Each arm has a threshold of its own: nothing by nothing is NaN, which `or` would keep.
 */
const failedIn = (time: string) => `(
  sum by (feed) (increase(stockfeed_symbol_failures_total[${time}]))
  / (sum by (feed) (increase(stockfeed_symbol_failures_total[${time}])) + sum by (feed) (increase(stockfeed_quotes_total{outcome=~"published|undelivered"}[${time}])))
  > $threshold
or
  sum by (feed) (increase(stockfeed_provider_requests_total{code!~"2..|aborted"}[${time}]))
  / sum by (feed) (increase(stockfeed_provider_requests_total[${time}]))
  > $threshold
)`;

/** Feeds that have been open for a time, and of which no slot was polled in it. */
const unpolledIn = (time: string) => `max by (feed) (
  stockfeed_market_state{state=~"Open|Stale"}
  and on (feed) stockfeed_market_state{state=~"Open|Stale"} offset ${time}
)
unless on (feed) sum by (feed) (increase(stockfeed_slots_polled_total[${time}])) > 0`;

export const ALERTS: readonly Alert[] = [
  {
    alert: "StockFeedNotReady",
    of: "feed",
    severity: "warning",
    for: "15m",
    // While another replica begins to lead, nobody tells of feeds: that must not begin the wait anew. Under a leader that has
    // led for a minute a feed of which nothing is told is gone.
    expr: `max by (feed) (stockfeed_feed_state{state=~"New|Reconciling|Stalled"})
or
  max by (feed) (last_over_time(stockfeed_feed_state{state=~"New|Reconciling|Stalled"}[3m]))
  unless on (feed) stockfeed_feed_state
  unless on () (stockfeed_leader{$operator} == 1 and stockfeed_leader{$operator} offset 1m == 1)`,
    summary: "Feed {{ $labels.feed }} is not Ready.",
    description:
      "Something that feed {{ $labels.feed }} needs is missing or refused; the condition Ready of its status says what.",
  },
  {
    alert: "StockFeedSlotsMissed",
    of: "feed",
    severity: "warning",
    for: "5m",
    threshold: { value: 0.05, meaning: "the share of a quarter of an hour's slots" },
    expr: `sum by (feed) (increase(stockfeed_slots_missed_total[15m]))
/ (sum by (feed) (increase(stockfeed_slots_missed_total[15m])) + sum by (feed) (increase(stockfeed_slots_polled_total[15m])))
> $threshold
${IN_SESSION}`,
    summary: "Feed {{ $labels.feed }} misses slots.",
    description:
      "{{ $value | humanizePercentage }} of the slots of feed {{ $labels.feed }} in the last 15 minutes were polled by nobody. They stay empty.",
  },
  {
    alert: "StockFeedNotPolled",
    of: "feed",
    severity: "critical",
    for: "5m",
    // Slots of Jobs that never began are counted by nobody as missed. Unless: there may be no counter at all.
    expr: `${unpolledIn("30m")}
unless on (feed) ${INTERVAL} > 1800
or
${unpolledIn("150m")}
unless on (feed) ${INTERVAL} > 7200`,
    summary: "Feed {{ $labels.feed }} is not polled.",
    description:
      "In its open session no poller of feed {{ $labels.feed }} has said in half an hour that it polled a slot; in two and a half hours, where its interval is over half an hour.",
  },
  {
    alert: "StockFeedProviderErrors",
    of: "feed",
    severity: "warning",
    for: "10m",
    threshold: {
      value: 0.1,
      meaning:
        "the share of prices, or of requests, that failed in five minutes; in an hour where the interval is five minutes or more",
    },
    expr: `${failedIn("5m")}
or
  ${failedIn("1h").replaceAll("\n", "\n  ")} and on (feed) ${RARE}`,
    summary: "The provider fails feed {{ $labels.feed }}.",
    description:
      "{{ $value | humanizePercentage }} of what feed {{ $labels.feed }} asked its provider for in the last 5 minutes brought no price; in the last hour, where it asks each 5 minutes or less often.",
  },
  {
    alert: "StockFeedQuotesStale",
    of: "feed",
    severity: "warning",
    for: "5m",
    // Of several shards one that sees a price move is enough.
    expr: `max by (feed) (stockfeed_market_state{state="Stale"})
unless on (feed) stockfeed_market_state{state="Open"}`,
    summary: "No price of feed {{ $labels.feed }} moves.",
    description:
      "The session is open, and no price of feed {{ $labels.feed }} has moved for its polling.staleAfter and some minutes more.",
  },
  {
    alert: "StockFeedWatermarkLag",
    of: "feed",
    severity: "warning",
    for: "5m",
    threshold: {
      value: 60,
      meaning:
        "seconds that the watermark is behind, at its best in five minutes; beyond the interval where that is five minutes or more",
    },
    // The watermark moves from slot to slot: with an interval of minutes it is behind in between.
    expr: `max by (feed) (min_over_time(stockfeed_watermark_lag_seconds[5m])) > $threshold
unless on (feed)
  max by (feed) (min_over_time(stockfeed_watermark_lag_seconds[5m])) <= on (feed) $threshold + (${RARE})`,
    summary: "Windows of feed {{ $labels.feed }} close late.",
    description: "The watermark of feed {{ $labels.feed }} has been {{ $value | humanizeDuration }} behind or more.",
  },
  {
    alert: "StockFeedDeadLetters",
    of: "feed",
    severity: "warning",
    for: "1m",
    threshold: { value: 0, meaning: "quotes in a quarter of an hour" },
    expr: `sum by (feed) (increase(stockfeed_quotes_total{outcome="dead_letter"}[15m])) > $threshold`,
    summary: "Quotes of feed {{ $labels.feed }} go to the dead letter.",
    description:
      'About {{ printf "%.0f" $value }} quotes of feed {{ $labels.feed }} went to the dead letter in the last 15 minutes, and into no window.',
  },
  {
    alert: "StockFeedSinkFailing",
    of: "feed",
    severity: "critical",
    for: "10m",
    threshold: { value: 0, meaning: "rows that are refused in five minutes, each try counted" },
    expr: `sum by (feed) (increase(stockfeed_sink_rows_total{outcome="failed"}[5m])) > $threshold`,
    summary: "BigQuery takes no rows of feed {{ $labels.feed }}.",
    description:
      'Rows of feed {{ $labels.feed }} are refused again and again, {{ printf "%.0f" $value }} in the last 5 minutes. Quotes wait on the topic, for 7 days.',
  },
  {
    alert: "StockFeedJobFailed",
    of: "feed",
    severity: "critical",
    for: "5m",
    threshold: { value: 0, meaning: "jobs of one window that failed in a row" },
    expr: `max by (feed) (stockfeed_job_failures) > $threshold`,
    summary: "A Dataflow job of feed {{ $labels.feed }} failed.",
    description:
      "{{ $value }} Dataflow jobs in a row failed for a window of feed {{ $labels.feed }}. It is tried five times; after that a person has to look.",
  },
  {
    alert: "StockFeedReconcileErrors",
    of: "operator",
    severity: "warning",
    for: "30m",
    threshold: { value: 0, meaning: "reconciles that failed in 20 minutes" },
    // A feed that always fails comes back every 1,000 s at the latest.
    expr: `sum(increase(stockfeed_reconcile_errors_total{$operator}[20m])) > $threshold`,
    summary: "Reconciles of StockFeeds fail.",
    description:
      'For half an hour calls of the Kubernetes API or of Google Cloud have failed, {{ printf "%.0f" $value }} reconciles with them in the last 20 minutes. Feeds poll on as they are.',
  },
  {
    alert: "StockFeedNoLeader",
    of: "operator",
    severity: "critical",
    for: "5m",
    expr: `absent(stockfeed_leader{$operator} == 1)`,
    summary: "No operator looks after StockFeeds.",
    description:
      "No replica of the operator leads, or none is there. Feeds poll on; nothing is mended, changed, deleted or counted.",
  },
];
