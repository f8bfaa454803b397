import { CONTROLLER_METRICS } from "../src/adapters/telemetry/controller-metrics.ts";
import { METRICS, type MetricDefinition } from "../src/adapters/telemetry/metrics.ts";

/** The text of docs/reference/metrics.md, from the definitions that the registry is made of. */
export function metricsReference(): string {
  return `<!-- Generated from src/adapters/telemetry by npm run generate; edit it there. -->

# Metrics

\`/metrics\` has these in Prometheus' text format: on the console's port, and in a feed's Pods on port 9090, where a stream
has the quotes, windows and rows, and a poller without end the provider's requests and slots. Beside them are those of the
Node process (\`process_*\`, \`nodejs_*\`). The label \`feed\` is \`namespace/name\`, and \`resolution\` the window's length as the
manifest has it, such as \`5m\`. Counters start at zero with the process; ask for them with \`rate()\` or \`increase()\`.

| metric | type | labels | meaning |
| --- | --- | --- | --- |
${Object.values<MetricDefinition>(METRICS).map(row).join("\n")}

Where pollers are Jobs, the operator has \`stockfeed_market_state\` for them, as the feed's status says it.

On a cluster the stream and a poller that runs as a Deployment have their own. The operator's \`/metrics\` has what
pollers of CronJobs left as summaries when they ended, under the same names, and what it does itself:

| metric | type | labels | meaning |
| --- | --- | --- | --- |
${Object.values<MetricDefinition>(CONTROLLER_METRICS).map(row).join("\n")}

Each summary is counted once, by the replica that leads; what ends while none leads is counted by nobody.

A feed has nine series in the operator, and ten more where its pollers are Jobs and ask a provider over the network: how
long that takes, \`${METRICS.providerDuration.name}\`. Of 10,000 such feeds that is 190,000 series and
15 MB a scrape, of which the ten are 100,000 and 9 MB, and 0.13 s of the operator's time. Pollers of an older image do not tell
it yet.

Histograms have these buckets:

${Object.values<MetricDefinition>({ ...METRICS, ...CONTROLLER_METRICS })
  .flatMap(bucketLine)
  .join("\n")}

## Questions they answer

What to be woken for is in the chart's alerts: see [the runbooks](../runbooks/README.md).

| question | PromQL |
| --- | --- |
| Which feeds are not ready? | \`stockfeed_feed_state{state!="Ready",state!="Suspended"}\` |
| Is the provider failing? | \`sum by (feed, code) (rate(stockfeed_provider_requests_total{code!~"2.."}[5m]))\` |
| How slow is it? | \`histogram_quantile(0.99, sum by (feed, le) (rate(stockfeed_provider_request_duration_seconds_bucket[5m])))\` |
| Are slots missed? | \`increase(stockfeed_slots_missed_total[15m]) > 0\` |
| Do prices stand still? | \`max by (feed) (stockfeed_market_state{state="Stale"}) unless on (feed) stockfeed_market_state{state="Open"}\` |
| Do rows come in time? | \`histogram_quantile(0.99, sum by (feed, resolution, le) (rate(stockfeed_window_close_delay_seconds_bucket[5m])))\` |
| Is the stream behind? | \`stockfeed_watermark_lag_seconds > 30\` |
| Does the operator keep up? | \`histogram_quantile(0.99, sum by (le) (rate(stockfeed_workqueue_queue_duration_seconds_bucket[5m])))\` |
| Do Dataflow jobs not run? | \`sum by (state, resolution) (stockfeed_jobs{state!="Running",state!="Suspended"}) > 0\` |
| Do jobs fail and begin again? | \`increase(stockfeed_job_launches_total{cause="failure"}[1h]) > 0\` |
| Does one operator lead? | \`sum(stockfeed_leader) == 1\` |
| Does somebody undo what it does? | \`rate(stockfeed_drift_corrections_total[15m]) > 0.01\` |
| Does the store refuse rows? | \`increase(stockfeed_sink_rows_total{outcome="failed"}[15m]) > 0\` |
`;
}

function row({ name, type, labels, help }: MetricDefinition): string {
  return `| \`${name}\` | ${type} | ${labels.map((label) => `\`${label}\``).join(", ")} | ${help}. |`;
}

function bucketLine({ name, buckets }: MetricDefinition): string[] {
  return buckets ? [`- \`${name}\`: ${buckets.join(", ")} seconds`] : [];
}
