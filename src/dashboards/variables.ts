/** What a reader chooses on a board. */
import { QueryFormat } from "@grafana/grafana-foundation-sdk/bigquery";
import {
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  TextBoxVariableBuilder,
  type VariableModel,
  VariableRefresh,
  VariableSort,
} from "@grafana/grafana-foundation-sdk/dashboard";
import { BIGQUERY, PROMETHEUS } from "./queries.ts";

/** The Prometheus that scrapes operator, pollers and streams. */
export function prometheusSource(): VariableModel {
  return new DatasourceVariableBuilder("datasource")
    .label("Prometheus")
    .description("The Prometheus that scrapes the operator and the feeds' Pods.")
    .type(PROMETHEUS.type)
    .multi(false)
    .includeAll(false)
    .build();
}

export function bigQuerySource(): VariableModel {
  return new DatasourceVariableBuilder("bigquery")
    .label("BigQuery")
    .description("The BigQuery data source: plugin grafana-bigquery-datasource.")
    .type(BIGQUERY.type)
    .multi(false)
    .includeAll(false)
    .build();
}

/** Where the rows are: Google Cloud project and dataset of the feeds' sink. */
export function datasetNames(): VariableModel[] {
  const named = (name: string, label: string, description: string, value: string) =>
    new TextBoxVariableBuilder(name).label(label).description(description).defaultValue(value).build();
  return [
    named("project", "Project", "Google Cloud project of the dataset: spec.sink.bigQuery.projectId.", "acme"),
    named("dataset", "Dataset", "BigQuery dataset of the feeds: spec.sink.bigQuery.dataset.", "markets"),
  ];
}

/** Values of a metric's label, several or all of which may be chosen. */
export function labelValues(options: {
  readonly name: string;
  readonly label: string;
  readonly description: string;
  /** Metric, with matchers. */
  readonly series: string;
  /** Name of the label whose values these are. */
  readonly of: string;
  /** What of a value is taken: the first group. */
  readonly regex?: string;
}): VariableModel {
  const { name, label, description, series, of, regex } = options;
  const query = `label_values(${series}, ${of})`;
  const made = new QueryVariableBuilder(name)
    .label(label)
    .description(description)
    .datasource(PROMETHEUS)
    .query(query)
    .definition(query)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalAsc)
    .multi(true)
    .includeAll(true)
    .allValue(".*")
    .current({ selected: true, text: "All", value: "$__all" });
  return (regex === undefined ? made : made.regex(regex)).build();
}

/** Values of a column of BigQuery's, one of which is chosen. */
export function columnValues(options: {
  readonly name: string;
  readonly label: string;
  readonly description: string;
  readonly sql: string;
}): VariableModel {
  const { name, label, description, sql } = options;
  return new QueryVariableBuilder(name)
    .label(label)
    .description(description)
    .datasource(BIGQUERY)
    .query({
      refId: name,
      datasource: BIGQUERY,
      editorMode: "code",
      format: QueryFormat.Table,
      rawQuery: true,
      rawSql: sql,
    })
    .definition(sql)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.Disabled)
    .multi(false)
    .includeAll(false)
    .build();
}
