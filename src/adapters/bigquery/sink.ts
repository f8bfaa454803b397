/**
 * Window rows into BigQuery's table `windows`, by insertAll.
 *
 * - A write that resolves has every row stored. One that rejects may have stored some; offered again, the same row
 *   objects are sent only where they had not been accepted, and BigQuery drops those by insert ID that it had taken
 *   without our hearing of it, for about a minute. What comes twice all the same is the same row, and loses nothing:
 *   the views count one of a key.
 * - It tries once. Whether and when to try again is the caller's, who also knows when to stop.
 * - Every value is exact: decimals go as text.
 */
import { inLanes } from "../../lanes/in-lanes.ts";
import { createTableSql, type DatasetId, quotedName, WINDOWS_TABLE } from "../../views/bigquery-schema.ts";
import type { ResultSink } from "../../ports.ts";
import type { WindowRow } from "../../windows/window-row.ts";
import { bigQueryCaller, type BigQueryOptions, type CallBigQuery } from "./client.ts";
import { passes, SinkError } from "./sink-error.ts";
import { insertRow } from "./window-record.ts";

/** Where rows go, and how. */
export interface BigQuerySinkOptions extends BigQueryOptions {
  readonly dataset: string;
}

/** What BigQuery recommends at most; it takes 50,000 rows and 10 MB. */
const MOST_ROWS = 500;
const MOST_BYTES = 9_000_000;
/** Requests under way at once. */
const MOST_REQUESTS = 4;

/** A row on its way. */
interface Outgoing {
  readonly row: WindowRow;
  /** Its JSON. */
  readonly insert: string;
}

interface InsertAnswer {
  readonly insertErrors?: readonly {
    readonly index: number;
    readonly errors?: readonly { readonly reason?: string; readonly message?: string; readonly location?: string }[];
  }[];
}

/**
 * A sink into the table `windows` of a dataset.
 * @throws SinkError from writeRows, with the statement or role that would mend what does not pass by itself
 * @example
 * const sink = bigQuerySink({ projectId: "acme", dataset: "markets" });
 * await sink.writeRows(rows);
 */
export function bigQuerySink(options: BigQuerySinkOptions): ResultSink {
  const call = bigQueryCaller(options);
  const dataset = { projectId: options.projectId, dataset: options.dataset };
  // Rows of failed writes that were accepted all the same.
  const accepted = new WeakSet<WindowRow>();
  return {
    async writeRows(rows) {
      const outgoing = rows.filter((row) => !accepted.has(row)).map((row) => ({ row, insert: insertRow(row) }));
      // A request that was refused is an answer too: every one is tried.
      const answers = await inLanes(requests(outgoing), MOST_REQUESTS, async (request) => {
        return { request, refused: await insertAll(call, dataset, request) };
      });
      const failures = answers.flatMap(({ refused }) => refused?.error ?? []);
      // What has to be mended is said before what passes.
      const failure = failures.find(({ retryable }) => !retryable) ?? failures[0];
      if (failure === undefined) {
        for (const row of rows) accepted.delete(row);
        return;
      }
      for (const { request, refused } of answers) {
        for (const { row } of request) if (refused?.rows.has(row) !== true) accepted.add(row);
      }
      throw failure;
    },
  };
}

/** The rows cut into requests of a size that BigQuery takes. */
function requests(outgoing: readonly Outgoing[]): Outgoing[][] {
  const cut: Outgoing[][] = [];
  let last: Outgoing[] = [];
  let bytes = Infinity;
  for (const each of outgoing) {
    if (last.length === MOST_ROWS || bytes + each.insert.length > MOST_BYTES) {
      last = [];
      bytes = 0;
      cut.push(last);
    }
    last.push(each);
    bytes += each.insert.length;
  }
  return cut;
}

/** Sends one request; tells the rows that BigQuery did not take, and why. */
async function insertAll(
  call: CallBigQuery,
  dataset: DatasetId,
  request: readonly Outgoing[],
): Promise<{ readonly rows: ReadonlySet<WindowRow>; readonly error: SinkError } | undefined> {
  try {
    const answer = (await call({
      method: "POST",
      path: `/datasets/${dataset.dataset}/tables/${WINDOWS_TABLE.name}/insertAll`,
      // One bad row must not keep the others out.
      body: `{"skipInvalidRows":true,"rows":[${request.map(({ insert }) => insert).join()}]}`,
    })) as InsertAnswer | undefined;
    const errors = answer?.insertErrors ?? [];
    if (errors.length === 0) return undefined;
    const rows = new Set(errors.flatMap(({ index }) => request[index]?.row ?? []));
    return { rows, error: rowsError(dataset, errors, request) };
  } catch (error) {
    if (!(error instanceof SinkError)) throw error;
    return { rows: new Set(request.map(({ row }) => row)), error: requestError(dataset, error) };
  }
}

/** What the errors of single rows mean: the first that does not pass by itself speaks for them. */
function rowsError(
  dataset: DatasetId,
  errors: NonNullable<InsertAnswer["insertErrors"]>,
  request: readonly Outgoing[],
): SinkError {
  const said = errors.flatMap(({ index, errors: list = [] }) => list.map((error) => ({ ...error, index })));
  const lasting = said.find(({ reason = "" }) => !passes(reason));
  const table = quotedName(dataset, WINDOWS_TABLE.name);
  const { index = 0, reason = "", message = "", location = "" } = lasting ?? said[0] ?? {};
  const row = request[index]?.row;
  const which = `${table} did not take ${errors.length} of ${request.length} rows`;
  const why = `${reason}${location === "" ? "" : ` in ${location}`}: ${message}`;
  const example = row ? ` (${row.symbol}, window end ${new Date(row.windowEnd).toISOString()})` : "";
  if (!lasting) return new SinkError("Unavailable", `${which}, ${why}${example}. They are sent again.`);
  if (/no such field|missing required field|cannot convert|could not convert/i.test(message)) {
    return new SinkError("SchemaDiffers", `${which}, ${why}${example}. ${SCHEMA_MEND}`);
  }
  return new SinkError("Refused", `${which}, ${why}${example}.`);
}

const SCHEMA_MEND =
  "The table has other columns than this version writes: `stockfeed ddl` prints the statements that make them.";

function requestError(dataset: DatasetId, error: SinkError): SinkError {
  const table = quotedName(dataset, WINDOWS_TABLE.name);
  const mends: Readonly<Record<SinkError["fault"], string>> = {
    Unavailable: "",
    Throttled: "",
    Refused: "",
    SchemaDiffers: ` ${SCHEMA_MEND}`,
    Missing: ` Make it (a table just made takes rows after some minutes):\n${createTableSql(dataset, WINDOWS_TABLE)}`,
    Forbidden: " Grant roles/bigquery.dataEditor on the dataset to the account that writes.",
  };
  return new SinkError(error.fault, `${table} took no rows: ${error.message}${mends[error.fault]}`, error.status);
}
