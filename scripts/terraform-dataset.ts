/**
 * The files that Terraform's BigQuery module reads: columns, partitions and views as src/views has them, so that a dataset
 * made by Terraform is the one that the operator looks for and that `stockfeed ddl` prints.
 */
import { type BigQueryColumn, TABLES, VIEWS } from "../src/views/bigquery-schema.ts";

const DIRECTORY = "terraform/modules/bigquery/generated";

/** BigQuery's API calls its whole numbers so, and shows a table with INT64 changed for ever. */
const API_TYPES: Readonly<Record<BigQueryColumn["type"], string>> = {
  STRING: "STRING",
  INT64: "INTEGER",
  NUMERIC: "NUMERIC",
  TIMESTAMP: "TIMESTAMP",
};

/** What there is besides columns and queries: names, descriptions, partitions. */
function datasetFile(): string {
  const tables = TABLES.map(({ name, description, partitionColumn, clusterColumns }) => [
    name,
    { description, partition_column: partitionColumn, cluster_columns: clusterColumns },
  ]);
  const views = VIEWS.map(({ name, description, table }) => [name, { description, table }]);
  return json({ tables: Object.fromEntries(tables) as unknown, views: Object.fromEntries(views) as unknown });
}

/** @see https://cloud.google.com/bigquery/docs/reference/rest/v2/tables#TableFieldSchema */
function field({ name, type, precision, scale, required, description }: BigQueryColumn): object {
  return {
    name,
    type: API_TYPES[type],
    mode: required ? "REQUIRED" : "NULLABLE",
    ...(precision !== undefined && { precision: String(precision), scale: String(scale ?? 0) }),
    description,
  };
}

function json(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

/** The files by path; a view's query has its table as a variable of Terraform's templates, `${windows}` or `${quotes}`. */
export const terraformDatasetFiles = [
  { path: `${DIRECTORY}/dataset.json`, text: datasetFile },
  ...TABLES.map(({ name, columns }) => ({
    path: `${DIRECTORY}/${name}.json`,
    text: () => json(columns.map(field)),
  })),
  ...VIEWS.map(({ name, table, query }) => ({
    path: `${DIRECTORY}/${name}.sql`,
    text: () => `${query(`\${${table}}`)}\n`,
  })),
];
