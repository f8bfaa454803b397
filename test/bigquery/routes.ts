/** The paths of BigQuery's REST format, version 2. https://cloud.google.com/bigquery/docs/reference/rest */
import type { CallName } from "./faults.ts";
import { insertJob, queryPage, startQuery } from "./query-routes.ts";
import { RestError } from "./rest-error.ts";
import { type Field, fieldType, restValue } from "./values.ts";
import type { Dataset, Table } from "./warehouse.ts";
import type { World } from "./world.ts";

type Body = Readonly<Record<string, unknown>>;

/** A request that is understood: what faults call it, its name, and how it is answered. */
export interface Routed {
  readonly call: CallName;
  readonly name: string;
  readonly work: () => Promise<object> | object;
}

interface Parts {
  readonly project: string;
  readonly first: string;
  readonly second: string;
  readonly query: URLSearchParams;
  readonly body: Body;
}

type Handler = (world: World, parts: Parts) => Promise<object> | object;

const ROUTES: readonly (readonly [method: string, path: RegExp, call: CallName, name: string, Handler])[] = [
  ["GET", /^datasets$/, "look", "datasets.list", (world, parts) => listDatasets(world, parts)],
  ["POST", /^datasets$/, "change", "datasets.insert", (world, parts) => createDataset(world, parts)],
  ["GET", /^datasets\/([^/]+)$/, "look", "datasets.get", (world, parts) => getDataset(world, parts)],
  ["DELETE", /^datasets\/([^/]+)$/, "change", "datasets.delete", (world, parts) => deleteDataset(world, parts)],
  ["GET", /^datasets\/([^/]+)\/tables$/, "look", "tables.list", (world, parts) => listTables(world, parts)],
  ["POST", /^datasets\/([^/]+)\/tables$/, "change", "tables.insert", (world, parts) => createTable(world, parts)],
  ["GET", /^datasets\/([^/]+)\/tables\/([^/:]+)$/, "look", "tables.get", (world, parts) => getTable(world, parts)],
  [
    "DELETE",
    /^datasets\/([^/]+)\/tables\/([^/:]+)$/,
    "change",
    "tables.delete",
    (world, parts) => deleteTable(world, parts),
  ],
  [
    "POST",
    /^datasets\/([^/]+)\/tables\/([^/:]+)\/insertAll$/,
    "insertAll",
    "tabledata.insertAll",
    (world, parts) => insertAll(world, parts),
  ],
  [
    "GET",
    /^datasets\/([^/]+)\/tables\/([^/:]+)\/data$/,
    "look",
    "tabledata.list",
    (world, parts) => listRows(world, parts),
  ],
  ["POST", /^queries$/, "query", "jobs.query", startQuery],
  ["GET", /^queries\/([^/]+)$/, "query", "jobs.getQueryResults", queryPage],
  ["POST", /^jobs$/, "query", "jobs.insert", insertJob],
  [
    "GET",
    /^jobs\/([^/]+)$/,
    "query",
    "jobs.get",
    (world, { project, first }) => {
      world.jobs.kept(project, first);
      return { jobReference: { projectId: project, jobId: first, location: "US" }, status: { state: "DONE" } };
    },
  ],
  [
    "POST",
    /^jobs\/([^/]+)\/cancel$/,
    "query",
    "jobs.cancel",
    (_, { project, first }) => ({
      job: { jobReference: { projectId: project, jobId: first }, status: { state: "DONE" } },
    }),
  ],
];

/** Finds what a request means. @throws RestError where it means nothing */
export function route(method: string, url: URL, body: Body, world: World): Routed {
  const path = decodeURIComponent(url.pathname).replace(/^\/bigquery\/v2/, "");
  const [, project = "", rest = ""] = /^\/projects\/([^/]+)\/(.*)$/.exec(path) ?? [];
  for (const [wanted, pattern, call, name, handler] of ROUTES) {
    const found = wanted === method ? pattern.exec(rest) : null;
    if (!found) continue;
    const [, first = "", second = ""] = found;
    return { call, name, work: () => handler(world, { project, first, second, query: url.searchParams, body }) };
  }
  throw new RestError(404, "notFound", `This server has no ${method} ${path}.`);
}

function listDatasets({ warehouse }: World, { project }: Parts): object {
  return { kind: "bigquery#datasetList", datasets: warehouse.datasets(project).map(datasetResource) };
}

function createDataset({ warehouse, faults }: World, { project, body }: Parts): object {
  faults.demand("bigquery.datasets.create", `Project ${project}`);
  const { datasetId = "" } = (body.datasetReference ?? {}) as { readonly datasetId?: string };
  return datasetResource(warehouse.createDataset(project, datasetId, body.location as string | undefined));
}

function getDataset({ warehouse, faults }: World, { project, first }: Parts): object {
  faults.demand("bigquery.datasets.get", `Dataset ${project}:${first}`);
  return datasetResource(warehouse.dataset(project, first));
}

function deleteDataset({ warehouse }: World, { project, first, query }: Parts): object {
  warehouse.deleteDataset(project, first, query.get("deleteContents") === "true");
  return {};
}

function datasetResource({ project, name, location }: Dataset): object {
  return { kind: "bigquery#dataset", datasetReference: { projectId: project, datasetId: name }, location };
}

function listTables({ warehouse, faults }: World, { project, first }: Parts): object {
  faults.demand("bigquery.tables.list", `Dataset ${project}:${first}`);
  const tables = [...warehouse.dataset(project, first).tables.values()];
  return {
    kind: "bigquery#tableList",
    totalItems: tables.length,
    tables: tables.map((table) => tableResource(project, first, table)),
  };
}

function createTable({ warehouse, faults }: World, { project, first, body }: Parts): object {
  faults.demand("bigquery.tables.create", `Dataset ${project}:${first}`);
  const { tableId = "" } = (body.tableReference ?? {}) as { readonly tableId?: string };
  const { fields = [] } = (body.schema ?? {}) as { readonly fields?: readonly Field[] };
  const { timePartitioning, clustering, view } = body as Pick<Table, "timePartitioning" | "clustering" | "view">;
  const table = warehouse.createTable(project, first, {
    name: tableId,
    fields,
    ...(timePartitioning && { timePartitioning }),
    ...(clustering && { clustering }),
    ...(view && { view: { query: view.query, project } }),
  });
  return tableResource(project, first, table);
}

function getTable({ warehouse, faults }: World, { project, first, second }: Parts): object {
  faults.demand("bigquery.tables.get", `Table ${project}:${first}.${second}`);
  return tableResource(project, first, warehouse.table(project, first, second));
}

function deleteTable({ warehouse }: World, { project, first, second }: Parts): object {
  warehouse.deleteTable(project, first, second);
  return {};
}

function tableResource(project: string, dataset: string, table: Table): object {
  const { name, fields, timePartitioning, clustering, description, view } = table;
  return {
    kind: "bigquery#table",
    type: view ? "VIEW" : "TABLE",
    tableReference: { projectId: project, datasetId: dataset, tableId: name },
    schema: { fields },
    ...(timePartitioning && { timePartitioning }),
    ...(clustering && { clustering }),
    ...(description !== undefined && { description }),
    ...(view ? { view: { query: view.query, useLegacySql: false } } : { numRows: String(table.rows.length) }),
  };
}

function insertAll({ warehouse, faults }: World, { project, first, second, body }: Parts): object {
  faults.demand("bigquery.tables.updateData", `Table ${project}:${first}.${second}`);
  const table = warehouse.table(project, first, second);
  const rows = (body.rows ?? []) as { readonly insertId?: string; readonly json: Readonly<Record<string, unknown>> }[];
  if (rows.length === 0) throw new RestError(400, "invalid", "No rows present in the request.");
  if (rows.length > 50_000) throw new RestError(400, "invalid", "Too many rows present in the request.");
  const options = {
    skipInvalidRows: body.skipInvalidRows === true,
    ignoreUnknownValues: body.ignoreUnknownValues === true,
  };
  const fault = faults.take("rowErrors", "insertAll");
  const insertErrors = warehouse.insert(table, rows, options, (json) =>
    fault?.pick(json) === true ? fault.reason : undefined,
  );
  return { kind: "bigquery#tableDataInsertAllResponse", ...(insertErrors.length > 0 && { insertErrors }) };
}

function listRows({ warehouse }: World, { project, first, second, query }: Parts): object {
  const { fields, rows } = warehouse.table(project, first, second);
  const micros = query.get("formatOptions.useInt64Timestamp") === "true";
  const from = Number(query.get("startIndex") ?? 0);
  const to = from + Number(query.get("maxResults") ?? rows.length);
  const types = fields.map(fieldType);
  const cells = (row: Table["rows"][number]) =>
    row.map((value, i) => ({ v: restValue(value, types[i] ?? "STRING", micros) }));
  return {
    kind: "bigquery#tableDataList",
    totalRows: String(rows.length),
    rows: rows.slice(from, to).map((row) => ({ f: cells(row) })),
  };
}
