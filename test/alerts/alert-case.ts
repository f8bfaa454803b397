/**
 * When alerts fire, and when not: what Prometheus has scraped, a sample each 30 s, and which feeds there is an alert of.
 * Series are in promtool's notation. https://prometheus.io/docs/prometheus/latest/configuration/unit_testing_rules/
 */
export interface AlertCase {
  readonly alert: string;
  /** A sentence without its subject, the alert. */
  readonly behaves: string;
  readonly series: Readonly<Record<string, string>>;
  /** When it is looked at, such as `20m`. */
  readonly at: string;
  /** The alert's summary and description where it fires. */
  readonly fires?: { readonly summary: string; readonly description: string };
}

/** The feed that alerts are to be of. */
export const FEED = 'feed="markets/tech"';
/** Labels that a scrape of the operator by the chart's PodMonitor gives. */
const OPERATOR = 'namespace="stockfeed-system",job="stockfeed-system/stockfeed-operator"';
/** Two replicas of it. */
export const A = `${OPERATOR},pod="stockfeed-operator-a"`;
export const B = `${OPERATOR},pod="stockfeed-operator-b"`;
/** How often it is polled, as the operator tells it. */
export const polledEach = (seconds: number) => ({
  [`stockfeed_poll_interval_seconds{${FEED},${A}}`]: `${seconds}+0x400`,
});
export const published = `stockfeed_quotes_total{${FEED},outcome="published",${A}}`;
