/**
 * Looks at datasets before anything is sent to them: tables, columns, partitioning, views.
 *
 * - One look serves every feed of a dataset; a good answer is kept for five minutes, a bad one for half a minute.
 * - It looks with the operator's own account, which needs roles/bigquery.metadataViewer on the dataset. The accounts
 *   that write are others: the feeds' own, which say in their errors what they lack, and for the archive Pub/Sub's
 *   agent, whose rights Pub/Sub checks itself when its BigQuery subscription is made.
 * - It never throws: what it can't find out is a problem itself.
 */
import type { SinkInspector, SinkProblem, SinkTarget } from "../../controller-ports.ts";
import type { EpochMs } from "../../quotes/quote.ts";
import {
  type BigQueryTable,
  type BigQueryView,
  createDatasetSql,
  createTableSql,
  createViewSql,
  type DatasetId,
  grantSql,
  quotedName,
  TABLES,
  VIEWS,
} from "../../views/bigquery-schema.ts";
import { bigQueryCaller, type BigQueryOptions, type CallBigQuery } from "./client.ts";
import { SinkError } from "./sink-error.ts";
import { tableProblem, type TableResource } from "./table-check.ts";

const GOOD_MS = 5 * 60_000;
const BAD_MS = 30_000;

/** How the inspector looks. */
export interface InspectorOptions extends Omit<BigQueryOptions, "projectId"> {
  /** The time now; the system's unless told otherwise. */
  readonly now?: () => EpochMs;
}

/** A problem and the table that it keeps from its rows; without one it is the whole dataset's. */
interface Found {
  readonly table?: BigQueryTable["name"];
  readonly problem: SinkProblem;
}

interface Look {
  readonly found: Promise<readonly Found[]>;
  /** Until when it is kept; without end while it is under way. */
  until: EpochMs;
}

/** An inspector of any dataset that its account may see. */
export function bigQueryInspector(options: InspectorOptions = {}): SinkInspector {
  const now = options.now ?? Date.now;
  const looks = new Map<string, Look>();
  const callers = new Map<string, CallBigQuery>();
  const callerOf = (projectId: string) => {
    const caller = callers.get(projectId) ?? bigQueryCaller({ ...options, projectId });
    callers.set(projectId, caller);
    return caller;
  };
  const lookAt = (dataset: DatasetId): Look => {
    const look = {
      found: inspectDataset(callerOf(dataset.projectId), dataset),
      until: Infinity,
    };
    const keep = (ms: number) => () => {
      look.until = now() + ms;
    };
    look.found.then((found) => {
      keep(found.length === 0 ? GOOD_MS : BAD_MS)();
    }, keep(0));
    return look;
  };
  return {
    async inspect({ projectId, dataset, archive }: SinkTarget) {
      const key = `${projectId}.${dataset}`;
      let look = looks.get(key);
      if (look === undefined || look.until <= now()) looks.set(key, (look = lookAt({ projectId, dataset })));
      // The table of raw quotes need not be there for feeds that keep none.
      const concerns = (await look.found).filter(({ table }) => archive || table !== "quotes");
      return concerns.map(({ problem }) => problem);
    },
  };
}

async function inspectDataset(call: CallBigQuery, dataset: DatasetId): Promise<readonly Found[]> {
  const { projectId, dataset: name } = dataset;
  try {
    await call({ method: "GET", path: `/datasets/${name}` });
  } catch (error) {
    if (!(error instanceof SinkError)) throw error;
    if (error.fault !== "Missing") return [{ problem: lookProblem(dataset, `\`${projectId}.${name}\``, error) }];
    const message = `Dataset \`${projectId}.${name}\` does not exist. \`stockfeed ddl\` prints the statements for its tables and views too.`;
    return [{ problem: { kind: "DatasetMissing", message, mend: createDatasetSql(dataset) } }];
  }
  const found = await Promise.all([
    ...TABLES.map(async (table) => inspectTable(call, dataset, table)),
    ...VIEWS.map(async (view) => inspectView(call, dataset, view)),
  ]);
  return distinct(found.filter((each) => each !== undefined));
}

async function inspectTable(call: CallBigQuery, dataset: DatasetId, table: BigQueryTable): Promise<Found | undefined> {
  const resource = await look(call, dataset, table.name);
  const missing = (): SinkProblem => ({
    kind: "TableMissing",
    message: `Table ${quotedName(dataset, table.name)} does not exist.`,
    mend: createTableSql(dataset, table),
  });
  const problem =
    resource instanceof SinkError
      ? asProblem(dataset, table.name, resource, missing)
      : tableProblem(dataset, table, resource);
  return problem && { table: table.name, problem };
}

async function inspectView(call: CallBigQuery, dataset: DatasetId, view: BigQueryView): Promise<Found | undefined> {
  const resource = await look(call, dataset, view.name);
  if (!(resource instanceof SinkError)) return undefined;
  const missing = (): SinkProblem => ({
    kind: "TableMissing",
    message: `View ${quotedName(dataset, view.name)} does not exist.`,
    mend: createViewSql(dataset, view),
  });
  return { table: view.table, problem: asProblem(dataset, view.name, resource, missing) };
}

async function look(call: CallBigQuery, { dataset }: DatasetId, name: string): Promise<TableResource | SinkError> {
  try {
    return (await call({ method: "GET", path: `/datasets/${dataset}/tables/${name}` })) as TableResource;
  } catch (error) {
    if (error instanceof SinkError) return error;
    throw error;
  }
}

function asProblem(dataset: DatasetId, name: string, error: SinkError, missing: () => SinkProblem): SinkProblem {
  return error.fault === "Missing" ? missing() : lookProblem(dataset, quotedName(dataset, name), error);
}

function lookProblem(dataset: DatasetId, what: string, error: SinkError): SinkProblem {
  if (error.fault === "Forbidden") {
    const message = `The operator may not look at ${what}: ${error.message}`;
    return { kind: "Forbidden", message, mend: grantSql(dataset, "roles/bigquery.metadataViewer", "ACCOUNT_EMAIL") };
  }
  return { kind: "Unavailable", message: `${what} can't be looked at: ${error.message}` };
}

/** Where every table meets the same outage, it is said once. */
function distinct(found: readonly Found[]): readonly Found[] {
  const outage = found.find(({ problem }) => problem.kind === "Unavailable");
  return outage ? [{ problem: outage.problem }] : found;
}
