import { QueryError, type QueryResult, type ResultReader } from "../../ports.ts";
import type { EpochMs } from "../../quotes/quote.ts";
import { type DatasetId, quotedName, WINDOWS_TABLE } from "../../views/bigquery-schema.ts";
import { bigQueryCaller, type BigQueryOptions, type CallBigQuery } from "./client.ts";
import { type QueryAnswer, runQueryJob } from "./query-job.ts";
import { SinkError } from "./sink-error.ts";

/** Most rows of one answer: it is held in memory as a whole. */
const MOST_ROWS = 500_000;
/** How far back a feed's newest rows are looked for at first: past the seven days that quotes can be read again. */
const RECENT_MS = 8 * 24 * 60 * 60 * 1000;

/** More sizes of windows than a feed has ever had. */
const MOST_RESOLUTIONS = 10_000;

/** Reads a dataset. */
export interface BigQueryReader extends ResultReader {
  /**
   * The slot of the newest quote that is in a row of a feed, by the size of the rows' windows in milliseconds; nothing of a
   * size without rows, nor of one whose newest are days older than others'. A row may end long after it: windows close by
   * the clock, whether or not quotes come.
   * @throws SinkError
   */
  newestQuotes(feed: string): Promise<ReadonlyMap<number, EpochMs>>;
}

export interface BigQueryReaderOptions extends BigQueryOptions {
  readonly dataset: string;
  /** The time now; the system's unless told otherwise. */
  readonly now?: () => EpochMs;
}

/**
 * A reader of a dataset's tables and views; their names need no dataset. Values come as the laptop's store gives them:
 * decimals as text, times as RFC 3339 in UTC. BigQuery leaves out zeros at the end of a decimal.
 *
 * A statement is looked at by a dry run first, which costs nothing, so that one that writes is refused.
 * @example
 * const reader = bigQueryReader({ projectId: "acme", dataset: "markets" });
 * const { rows } = await reader.query("SELECT * FROM top_stocks WHERE window_end > TIMESTAMP '2024-03-01T14:30:00Z'");
 */
export function bigQueryReader(options: BigQueryReaderOptions): BigQueryReader {
  const call = bigQueryCaller(options);
  const dataset = { projectId: options.projectId, dataset: options.dataset };
  const now = options.now ?? Date.now;
  return {
    query: async (sql, signal) => unlessAborted(readOnlyQuery(call, dataset, sql, signal), signal),
    async newestQuotes(feed) {
      // Most starts find them in the last days' partitions. Beyond them the table is clustered by feed.
      try {
        const recent = await newestOf(call, dataset, feed, now() - RECENT_MS);
        return recent.size > 0 ? recent : await newestOf(call, dataset, feed);
      } catch (error) {
        throw error instanceof SinkError && error.fault === "Forbidden" ? withRoles(error, dataset) : error;
      }
    },
  };
}

/** Who asks for a feed's newest rows is about to write more. */
function withRoles({ message, status }: SinkError, { projectId, dataset }: DatasetId): SinkError {
  const roles = `roles/bigquery.jobUser on project ${projectId} and roles/bigquery.dataEditor on its dataset ${dataset}`;
  return new SinkError("Forbidden", `${message} Grant ${roles} to the account that writes.`, status);
}

async function newestOf(
  call: CallBigQuery,
  dataset: DatasetId,
  feed: string,
  since?: EpochMs,
): Promise<Map<number, EpochMs>> {
  const table = quotedName(dataset, WINDOWS_TABLE.name);
  const recent = since === undefined ? "" : " AND window_end >= @since";
  const { rows } = await runQueryJob(call, {
    sql: `SELECT resolution_minutes, MAX(event_time) FROM ${table} WHERE feed = @feed${recent} GROUP BY resolution_minutes`,
    dataset,
    parameters: [
      { name: "feed", type: "STRING", value: feed },
      ...(since === undefined
        ? []
        : [{ name: "since", type: "TIMESTAMP", value: new Date(since).toISOString() } as const]),
    ],
    most: MOST_RESOLUTIONS,
  });
  // A size has whole milliseconds, of which its decimal has nine places of a minute.
  return new Map(
    rows.map(([minutes, micros]) => [Math.round(Number(minutes) * 60_000), Number(BigInt(micros as string) / 1000n)]),
  );
}

async function readOnlyQuery(
  call: CallBigQuery,
  dataset: DatasetId,
  sql: string,
  signal: AbortSignal | undefined,
): Promise<QueryResult> {
  try {
    await assertReadsOnly(call, dataset, sql);
    const answer = await runQueryJob(call, { sql, dataset, most: MOST_ROWS, signal });
    if (answer.rows.length > MOST_ROWS) {
      throw new QueryError(`The answer has more than ${MOST_ROWS} rows. Add a LIMIT or a WHERE on window_end.`);
    }
    return queryResult(answer);
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof SinkError && (error.fault === "Refused" || error.fault === "Missing")) {
      throw new QueryError(error.message, { cause: error });
    }
    throw error;
  }
}

/** Leaves at once with the signal's reason; what is under way ends by itself, unheard. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work;
  const left = Promise.withResolvers<never>();
  const leave = () => {
    left.reject(signal.reason as Error);
  };
  signal.addEventListener("abort", leave);
  try {
    return await Promise.race([work, left.promise]);
  } finally {
    signal.removeEventListener("abort", leave);
  }
}

async function assertReadsOnly(call: CallBigQuery, { projectId, dataset }: DatasetId, sql: string): Promise<void> {
  const query = { query: sql, useLegacySql: false, defaultDataset: { projectId, datasetId: dataset } };
  const job = (await call({
    method: "POST",
    path: "/jobs",
    body: { jobReference: { projectId }, configuration: { dryRun: true, query } },
  })) as { readonly statistics?: { readonly query?: { readonly statementType?: string } } };
  const type = job.statistics?.query?.statementType;
  if (type !== "SELECT") {
    throw new QueryError(`Only a statement that reads is run, one at a time, and this is ${type ?? "something else"}.`);
  }
}

function queryResult({ fields, rows }: QueryAnswer): QueryResult {
  return {
    columns: fields.map(({ name, type }) => ({ name, type })),
    rows: rows.map((row) => row.map((value, index) => jsonValue(fields[index]?.type ?? "", value))),
  };
}

/** Decimals, and whole numbers past 2^53, as text; times as RFC 3339 in UTC; what has no form of its own as text. */
function jsonValue(type: string, value: unknown): string | number | boolean | null {
  if (value === null || value === undefined) return null;
  if (typeof value !== "string") return JSON.stringify(value);
  switch (type) {
    case "INTEGER":
    case "INT64":
      return Number.isSafeInteger(Number(value)) ? Number(value) : value;
    case "FLOAT":
    case "FLOAT64":
      return Number.isFinite(Number(value)) ? Number(value) : value;
    case "BOOLEAN":
    case "BOOL":
      return value === "true";
    case "TIMESTAMP":
      return timeText(BigInt(value));
    default:
      return value;
  }
}

/** RFC 3339 in UTC, with six places where milliseconds don't tell all. */
function timeText(micros: bigint): string {
  const below = ((micros % 1000n) + 1000n) % 1000n;
  const text = new Date(Number((micros - below) / 1000n)).toISOString();
  return below === 0n ? text : text.replace("Z", `${String(below).padStart(3, "0")}Z`);
}
