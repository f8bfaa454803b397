import { quotedName, TABLES, VIEWS, type BigQueryTable } from "../../src/views/bigquery-schema.ts";
import type { BigQueryServer } from "./bigquery-server.ts";

/** Makes a dataset with StockFeed's tables by REST calls, without the engine and so without views. */
export async function makeTables(
  { url, project }: BigQueryServer,
  dataset: string,
  tables: readonly BigQueryTable[] = TABLES,
): Promise<void> {
  const datasets = `${url}/bigquery/v2/projects/${project}/datasets`;
  await post(datasets, { datasetReference: { projectId: project, datasetId: dataset } });
  for (const { name, columns, partitionColumn, clusterColumns } of tables) {
    const fields = columns.map(({ name, type, precision, scale, required }) => ({
      name,
      type,
      mode: required ? "REQUIRED" : "NULLABLE",
      ...(precision !== undefined && { precision: String(precision), scale: String(scale) }),
    }));
    await post(`${datasets}/${dataset}/tables`, {
      tableReference: { projectId: project, datasetId: dataset, tableId: name },
      schema: { fields },
      timePartitioning: { type: "DAY", field: partitionColumn },
      clustering: { fields: clusterColumns },
    });
  }
}

/** Makes the views by REST calls; without the engine nothing checks them. */
export async function makeViews({ url, project }: BigQueryServer, dataset: string): Promise<void> {
  for (const view of VIEWS) {
    const query = view.query(quotedName({ projectId: project, dataset }, view.table));
    await post(`${url}/bigquery/v2/projects/${project}/datasets/${dataset}/tables`, {
      tableReference: { projectId: project, datasetId: dataset, tableId: view.name },
      view: { query, useLegacySql: false },
    });
  }
}

async function post(url: string, body: object): Promise<void> {
  const response = await fetch(url, { method: "POST", body: JSON.stringify(body) });
  if (!response.ok && response.status !== 409) throw new Error(await response.text());
}
