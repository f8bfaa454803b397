import type { BigQueryServer } from "../bigquery/bigquery-server.ts";
import type { AppliedResource } from "./terraform.ts";

/** Arguments of a `google_bigquery_table`, in the provider's words. */
interface AppliedTable {
  readonly table_id: string;
  readonly schema: string | null;
  readonly clustering: readonly string[] | null;
  readonly time_partitioning: readonly { readonly type: string; readonly field: string }[];
  readonly view: readonly { readonly query: string }[];
}

/**
 * Makes what Terraform's BigQuery module would: a table by the call that its arguments stand for, a view by the statement,
 * so that its query is checked. Without `dead_letters`: the server has no type JSON.
 * @param resources of the module, as they are in the state
 */
export async function makeApplied(
  google: BigQueryServer,
  dataset: string,
  resources: readonly AppliedResource[],
): Promise<void> {
  const datasets = `${google.url}/bigquery/v2/projects/${google.project}/datasets`;
  await post(datasets, { datasetReference: { projectId: google.project, datasetId: dataset } });
  const ofName = (name: string) =>
    resources
      .filter((resource) => resource.type === "google_bigquery_table" && resource.name === name)
      .map(({ values }) => values as unknown as AppliedTable);
  for (const { table_id, schema, clustering, time_partitioning: partitions } of ofName("tables")) {
    await post(`${datasets}/${dataset}/tables`, {
      tableReference: { projectId: google.project, datasetId: dataset, tableId: table_id },
      schema: { fields: JSON.parse(schema ?? "[]") as unknown },
      timePartitioning: { type: partitions[0]?.type, field: partitions[0]?.field },
      clustering: { fields: clustering },
    });
  }
  for (const { table_id, view } of ofName("views")) {
    await google.query(`CREATE VIEW ${table_id} AS ${view[0]?.query ?? ""}`, dataset);
  }
}

async function post(url: string, body: object): Promise<void> {
  const response = await fetch(url, { method: "POST", body: JSON.stringify(body) });
  if (!response.ok) throw new Error(await response.text());
}
