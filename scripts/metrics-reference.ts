import { METRICS, type MetricDefinition } from "../src/adapters/telemetry/metrics.ts";

/** The text of docs/reference/metrics.md, from the definitions that the registry is made of. */
export function metricsReference(): string {
  return `<!-- Generated from src/adapters/telemetry/metrics.ts by npm run generate; edit it there. -->

# Metrics

\`/metrics\` on the console's port has these in Prometheus' text format, beside those of the Node process
(\`process_*\`, \`nodejs_*\`). The label \`feed\` is \`namespace/name\`, and \`resolution\` the window's length as the
manifest has it, such as \`5m\`. Counters start at zero with the process; ask for them with \`rate()\` or \`increase()\`.

| metric | type | labels | meaning |
| --- | --- | --- | --- |
${Object.values<MetricDefinition>(METRICS).map(row).join("\n")}

Histograms have these buckets:

${Object.values<MetricDefinition>(METRICS).flatMap(bucketLine).join("\n")}

## Questions they answer

| question | PromQL |
| --- | --- |
| Is the provider failing? | \`sum by (feed, code) (rate(stockfeed_provider_requests_total{code!~"2.."}[5m]))\` |
| How slow is it? | \`histogram_quantile(0.99, sum by (feed, le) (rate(stockfeed_provider_request_duration_seconds_bucket[5m])))\` |
| Are slots missed? | \`increase(stockfeed_slots_missed_total[15m]) > 0\` |
| Do rows come in time? | \`histogram_quantile(0.99, sum by (feed, resolution, le) (rate(stockfeed_window_close_delay_seconds_bucket[5m])))\` |
| Is the stream behind? | \`stockfeed_watermark_lag_seconds > 30\` |
| Does the store refuse rows? | \`increase(stockfeed_sink_rows_total{outcome="failed"}[15m]) > 0\` |
`;
}

function row({ name, type, labels, help }: MetricDefinition): string {
  return `| \`${name}\` | ${type} | ${labels.map((label) => `\`${label}\``).join(", ")} | ${help}. |`;
}

function bucketLine({ name, buckets }: MetricDefinition): string[] {
  return buckets ? [`- \`${name}\`: ${buckets.join(", ")} seconds`] : [];
}
