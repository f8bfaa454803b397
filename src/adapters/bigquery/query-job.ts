/**
 * One query, from its start to the last page of its answer. A query that is broken off is cancelled, as far as BigQuery
 * still can.
 */
import type { DatasetId } from "../../views/bigquery-schema.ts";
import type { CallBigQuery } from "./client.ts";

/** A named parameter of a query. */
export interface QueryParameter {
  readonly name: string;
  readonly type: "STRING" | "TIMESTAMP";
  readonly value: string;
}

export interface QueryField {
  readonly name: string;
  readonly type: string;
}

/** Values as BigQuery writes them, times as microseconds. */
export interface QueryAnswer {
  readonly fields: readonly QueryField[];
  readonly rows: readonly (readonly unknown[])[];
}

interface QueryPage {
  readonly jobComplete?: boolean;
  readonly jobReference?: { readonly jobId?: string; readonly location?: string };
  readonly schema?: { readonly fields?: readonly QueryField[] };
  readonly rows?: readonly { readonly f: readonly { readonly v: unknown }[] }[];
  readonly pageToken?: string;
}

/** How long the server holds a call back until the answer is there. */
const WAIT_MS = 10_000;
const PAGE_ROWS = 10_000;

/**
 * Runs a query; names without a dataset are of the one given.
 * @param most the most rows to read; where there are more, one more comes back
 * @throws SinkError, or the signal's reason
 */
export async function runQueryJob(
  call: CallBigQuery,
  query: {
    readonly sql: string;
    readonly dataset: DatasetId;
    readonly parameters?: readonly QueryParameter[];
    readonly most: number;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<QueryAnswer> {
  const { sql, dataset, parameters = [], most, signal } = query;
  signal?.throwIfAborted();
  let page = (await call({
    method: "POST",
    path: "/queries",
    body: {
      query: sql,
      useLegacySql: false,
      defaultDataset: { projectId: dataset.projectId, datasetId: dataset.dataset },
      timeoutMs: WAIT_MS,
      maxResults: PAGE_ROWS,
      formatOptions: { useInt64Timestamp: true },
      ...(parameters.length > 0 && { parameterMode: "NAMED", queryParameters: parameters.map(restParameter) }),
    },
  })) as QueryPage;
  const { jobId, location } = page.jobReference ?? {};
  const place: Readonly<Record<string, string>> = location === undefined ? {} : { location };
  const rows: unknown[][] = [];
  for (;;) {
    if (signal?.aborted === true) {
      if (jobId !== undefined) await cancel(call, jobId, place);
      signal.throwIfAborted();
    }
    for (const { f } of page.rows ?? []) rows.push(f.map(({ v }) => v));
    const more = page.jobComplete !== true || page.pageToken !== undefined;
    if (!more || rows.length > most || jobId === undefined) break;
    page = (await call({
      method: "GET",
      path: `/queries/${jobId}`,
      query: {
        ...place,
        ...(page.pageToken !== undefined && { pageToken: page.pageToken }),
        timeoutMs: String(WAIT_MS),
        maxResults: String(PAGE_ROWS),
        "formatOptions.useInt64Timestamp": "true",
      },
    })) as QueryPage;
  }
  return { fields: page.schema?.fields ?? [], rows: rows.slice(0, most + 1) };
}

async function cancel(call: CallBigQuery, jobId: string, place: Readonly<Record<string, string>>): Promise<void> {
  // It may have ended meanwhile; its answer is wanted by nobody.
  await call({ method: "POST", path: `/jobs/${jobId}/cancel`, query: place }).catch(() => undefined);
}

function restParameter({ name, type, value }: QueryParameter): object {
  return { name, parameterType: { type }, parameterValue: { value } };
}
