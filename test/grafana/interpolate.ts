/**
 * What Grafana and its BigQuery data source make of a query before they send it, as their documentation has it, as far as
 * our boards need it: variables, `$__interval`, `$__rate_interval`, `$__range`, `$__timeFilter` and `$__timeGroup`.
 *
 * - Of a variable of which all are chosen Prometheus gets its `allValue`; of several, a regular expression of them.
 *   https://grafana.com/docs/grafana/latest/datasources/prometheus/template-variables/
 * - In SQL a single value stands as it is, and the query has the quotes around it.
 *   https://grafana.com/docs/plugins/grafana-bigquery-datasource/latest/query-editor/#macros
 */

/** Values of a board's variables by name; several for one that takes several. */
export type Values = Readonly<Record<string, string | readonly string[]>>;

/** What a chart shows. Times in epoch milliseconds. */
export interface Shown {
  readonly from: number;
  readonly to: number;
  /** Between two points of the chart. */
  readonly intervalMs: number;
  /** Between two scrapes. */
  readonly scrapeMs: number;
}

/** PromQL as Prometheus gets it. @throws Error for a variable that has no value */
export function promql(expr: string, values: Values, shown: Shown): string {
  const rate = Math.max(shown.intervalMs + shown.scrapeMs, 4 * shown.scrapeMs);
  const builtIn = {
    __rate_interval: seconds(rate),
    __interval: seconds(shown.intervalMs),
    __range: seconds(shown.to - shown.from),
  };
  return withVariables(expr, { ...values, ...builtIn }, (several) => `(${several.map(escaped).join("|")})`);
}

/** SQL as BigQuery gets it. @throws Error for a variable that has no value, or for a macro that isn't known here */
export function googleSql(sql: string, values: Values, shown: Shown): string {
  const time = (at: number) => `TIMESTAMP('${new Date(at).toISOString().slice(0, 19).replace("T", " ")}')`;
  const named = withVariables(sql, { ...values, __interval: seconds(shown.intervalMs) }, (several) =>
    several.map((value) => `'${value}'`).join(","),
  );
  return named.replaceAll(/\$__(\w+)\(([^()]*)\)/g, (_, macro: string, inside: string) => {
    const [column = "", interval = ""] = inside.split(",").map((each) => each.trim());
    if (macro === "timeFilter") return `${column} BETWEEN ${time(shown.from)} AND ${time(shown.to)}`;
    if (macro !== "timeGroup") throw new Error(`The macro $__${macro} is not known.`);
    const ms = Number(interval.replace(/s$/, "")) * 1000;
    return `TIMESTAMP_MILLIS(DIV(UNIX_MILLIS(${column}), ${ms}) * ${ms})`;
  });
}

function withVariables(text: string, values: Values, join: (several: readonly string[]) => string): string {
  return text.replaceAll(/\$(?:\{(\w+)\}|(\w+))(?!\w*\()/g, (found, braced?: string, bare?: string) => {
    const value = values[braced ?? bare ?? ""];
    if (value === undefined) throw new Error(`The variable ${found} has no value.`);
    return typeof value === "string" ? value : join(value);
  });
}

const seconds = (ms: number) => `${Math.round(ms / 1000)}s`;
const escaped = (value: string) => value.replaceAll(/[\\^$*+?.()|[\]{}]/g, String.raw`\\$&`);
