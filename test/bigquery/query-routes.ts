/** Queries in the REST format: jobs.query, jobs.insert, jobs.getQueryResults. */
import type { EngineAnswer, EngineParameter } from "./googlesql.ts";
import { RestError } from "./rest-error.ts";
import { type Place, splitScript } from "./sql-text.ts";
import { fieldType, parseValue, restType, restValue } from "./values.ts";
import type { World } from "./world.ts";

interface Request {
  readonly project: string;
  readonly first: string;
  readonly query: URLSearchParams;
  readonly body: Readonly<Record<string, unknown>>;
}

interface QueryConfig {
  readonly query?: string;
  readonly useLegacySql?: boolean;
  readonly defaultDataset?: { readonly projectId?: string; readonly datasetId?: string };
  readonly queryParameters?: readonly {
    readonly name?: string;
    readonly parameterType?: { readonly type?: string };
    readonly parameterValue?: { readonly value?: string };
  }[];
}

const PAGE_ROWS = 10_000;

/** jobs.query: runs it and answers with the first page. */
export async function startQuery({ jobs, faults }: World, { project, body }: Request): Promise<object> {
  faults.demand("bigquery.jobs.create", `Project ${project}`);
  const { formatOptions, maxResults } = body as {
    readonly formatOptions?: { readonly useInt64Timestamp?: boolean };
    readonly maxResults?: number;
  };
  const { sql, place, parameters } = configured(project, body);
  const answer = await jobs.runScript(sql, place, parameters);
  const id = jobs.keep(answer);
  return page(project, id, answer, 0, maxResults ?? PAGE_ROWS, formatOptions?.useInt64Timestamp === true);
}

/** jobs.getQueryResults: any page of an answer. */
export function queryPage({ jobs }: World, { project, first, query }: Request): object {
  const micros = query.get("formatOptions.useInt64Timestamp") === "true";
  const from = Number(query.get("pageToken") ?? query.get("startIndex") ?? 0);
  const most = Number(query.get("maxResults") ?? PAGE_ROWS);
  return page(project, first, jobs.kept(project, first), from, most, micros);
}

/** jobs.insert of a query, or a dry run of it. */
export async function insertJob({ jobs, faults }: World, { project, body }: Request): Promise<object> {
  faults.demand("bigquery.jobs.create", `Project ${project}`);
  const { configuration } = body as {
    readonly configuration?: { readonly dryRun?: boolean; readonly query?: QueryConfig };
  };
  const { sql, place, parameters } = configured(project, configuration?.query ?? {});
  const kind = "bigquery#job";
  if (configuration?.dryRun === true) {
    const statements = splitScript(sql);
    const types = [];
    for (const statement of statements) types.push((await jobs.analyze(statement, place, parameters)).type);
    const statementType = types.length === 1 ? types[0] : "SCRIPT";
    return { kind, status: { state: "DONE" }, configuration, statistics: { query: { statementType } } };
  }
  const outcome = await jobs.runScript(sql, place, parameters).catch((error: unknown) => {
    if (error instanceof RestError) return error;
    throw error;
  });
  const jobReference = { projectId: project, jobId: jobs.keep(outcome), location: "US" };
  const failed = outcome instanceof RestError && { errorResult: { reason: outcome.reason, message: outcome.message } };
  return { kind, jobReference, configuration, status: { state: "DONE", ...failed }, statistics: {} };
}

function configured(
  project: string,
  config: QueryConfig,
): { readonly sql: string; readonly place: Place; readonly parameters: readonly EngineParameter[] } {
  const { query = "", useLegacySql = true, defaultDataset: { projectId = project, datasetId } = {} } = config;
  if (useLegacySql)
    throw new RestError(501, "notImplemented", "This server has no legacy SQL; say useLegacySql: false.");
  const parameters = (config.queryParameters ?? []).map(({ name = "", parameterType, parameterValue }) => {
    const field = { name, type: parameterType?.type ?? "STRING" };
    return { name, type: fieldType(field), value: parseValue(field, parameterValue?.value) };
  });
  return {
    sql: query,
    place: { project: projectId, ...(datasetId !== undefined && { dataset: datasetId }) },
    parameters,
  };
}

function page(
  project: string,
  jobId: string,
  { fields, rows }: EngineAnswer,
  from: number,
  most: number,
  micros: boolean,
): object {
  const to = Math.min(from + most, rows.length);
  return {
    kind: "bigquery#queryResponse",
    jobReference: { projectId: project, jobId, location: "US" },
    jobComplete: true,
    schema: { fields: fields.map(({ name, type }) => ({ name, type: restType(type), mode: "NULLABLE" })) },
    totalRows: String(rows.length),
    rows: rows.slice(from, to).map((row) => ({
      f: row.map((value, i) => ({ v: restValue(value, fields[i]?.type ?? "STRING", micros) })),
    })),
    ...(to < rows.length && { pageToken: String(to) }),
  };
}
