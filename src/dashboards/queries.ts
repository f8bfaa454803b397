/** What panels ask, and whom: data sources are variables of a board, so that it fits every Grafana. */
import { DataqueryBuilder as SqlBuilder, EditorMode, QueryFormat } from "@grafana/grafana-foundation-sdk/bigquery";
import { DataqueryBuilder as PromBuilder, PromQueryFormat } from "@grafana/grafana-foundation-sdk/prometheus";

export const PROMETHEUS = { type: "prometheus", uid: "${datasource}" } as const;
export const BIGQUERY = { type: "grafana-bigquery-datasource", uid: "${bigquery}" } as const;

/** A question to Prometheus; `legend` names its series, with labels as `{{label}}`. */
export interface PromQuery {
  readonly expr: string;
  readonly legend?: string;
}

/** A question to BigQuery; series want a column `time`, in its order, and take a text column as their name. */
export interface SqlQuery {
  readonly sql: string;
}

export type Query = PromQuery | SqlQuery;

/** Whether the answer is of a range of time, of its end, or rows for a table. */
export type Shape = "range" | "instant" | "table";

/** A query as Grafana keeps it. @param index of the query in its panel, which names it A, B and so on */
export function target(query: Query, shape: Shape, index: number): PromBuilder | SqlBuilder {
  const refId = String.fromCharCode("A".charCodeAt(0) + index);
  if ("sql" in query) {
    return new SqlBuilder()
      .refId(refId)
      .datasource(BIGQUERY)
      .editorMode(EditorMode.Code)
      .rawQuery(true)
      .rawSql(query.sql)
      .format(shape === "range" ? QueryFormat.Timeseries : QueryFormat.Table);
  }
  const made = new PromBuilder()
    .refId(refId)
    .datasource(PROMETHEUS)
    .expr(query.expr)
    .legendFormat(query.legend ?? "")
    .format(shape === "table" ? PromQueryFormat.Table : PromQueryFormat.TimeSeries);
  return shape === "range" ? made.range() : made.instant();
}
