import { Command, InvalidArgumentError } from "commander";
import type { StockFeed } from "../api/stockfeed.ts";
import { type DatasetId, datasetStatements, grantSql } from "../views/bigquery-schema.ts";
import { usageError } from "./cli-error.ts";
import type { CommandIo } from "./command-io.ts";
import { datasetId } from "./dataset-flag.ts";
import { readFeeds } from "./read-feeds.ts";

const HELP = `
Run again, it makes what is missing and the views anew; tables that are there stay as they are. Nothing is looked up.

Examples:
  $ stockfeed ddl -f feed.yaml | bq query --project_id=acme --use_legacy_sql=false
  $ stockfeed ddl -f feed.yaml --location EU --pubsub-project-number 123456789012
  $ stockfeed ddl -f feeds/*.yaml > dataset.sql
  $ stockfeed ddl --dataset acme.markets

Exit codes: 0 printed; 2 a manifest is not valid, or none of them has a sink.
`;

/** The flags as they are typed. */
interface DdlFlags {
  readonly file?: readonly string[];
  readonly dataset: readonly DatasetId[];
  readonly location?: string;
  readonly pubsubProjectNumber?: string;
}

/** A dataset and the feeds that write to it. */
interface FeedsOfDataset {
  readonly dataset: DatasetId;
  readonly feeds: StockFeed[];
}

/** `stockfeed ddl`: the statements that make the BigQuery tables and views which feeds write to. */
export function ddlCommand(io: Pick<CommandIo, "stdin" | "stdout"> = process): Command {
  return new Command("ddl")
    .description("print the SQL that makes feeds' BigQuery datasets, tables and views")
    .option("-f, --file <file...>", "manifests whose sinks are meant; - is standard input")
    .option(
      "--dataset <project.dataset>",
      "a dataset that is meant too, such as the operator's own",
      (text: string, others: readonly DatasetId[]) => [...others, datasetId(text)],
      [],
    )
    .option(
      "--location <name>",
      "where new datasets keep their data, such as EU (default: the project's)",
      locationName,
    )
    .option(
      "--pubsub-project-number <number>",
      "number of the Pub/Sub project, to let its agent write archives (gcloud projects describe shows it)",
      projectNumber,
    )
    .addHelpText("after", HELP)
    .action(async (flags: DdlFlags) => {
      const { file = [], dataset } = flags;
      if (file.length + dataset.length === 0) throw usageError("Name manifests with -f, or a dataset with --dataset.");
      const datasets = byDataset(file.length === 0 ? [] : await readFeeds(file, io), dataset);
      if (datasets.length === 0) {
        throw usageError(
          "No manifest has a sink. Add one, such as: sink: {bigQuery: {projectId: acme, dataset: markets}}. " +
            "Or name the operator's dataset: --dataset acme.markets.",
        );
      }
      io.stdout.write(datasets.map((each) => script(each, flags)).join("\n"));
    });
}

function byDataset(feeds: readonly StockFeed[], others: readonly DatasetId[]): FeedsOfDataset[] {
  const datasets = new Map<string, FeedsOfDataset>();
  const entry = ({ projectId, dataset }: DatasetId) => {
    const name = `${projectId}.${dataset}`;
    const made = datasets.get(name) ?? { dataset: { projectId, dataset }, feeds: [] };
    datasets.set(name, made);
    return made;
  };
  for (const dataset of others) entry(dataset);
  for (const feed of feeds) if (feed.spec.sink) entry(feed.spec.sink.bigQuery).feeds.push(feed);
  return [...datasets.values()];
}

function script({ dataset, feeds }: FeedsOfDataset, { location, pubsubProjectNumber }: DdlFlags): string {
  const names = feeds.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`).join(", ");
  const statements = datasetStatements(dataset, location).map((statement) => `${statement};\n`);
  // Of a dataset that is named by itself nobody knows which feeds will write to it.
  const archives = feeds.length === 0 || feeds.some(({ spec }) => spec.archive);
  return [
    `-- Dataset ${dataset.projectId}.${dataset.dataset}${names === "" ? "" : `, of ${names}`}.\n`,
    ...statements,
    ...(archives ? [agentGrant(dataset, pubsubProjectNumber)] : []),
  ].join("\n");
}

/** An archive is written by Pub/Sub itself, whose account is named for the number of its project. */
function agentGrant(dataset: DatasetId, projectNumber: string | undefined): string {
  const account = `service-${projectNumber ?? "PROJECT_NUMBER"}@gcp-sa-pubsub.iam.gserviceaccount.com`;
  const grant = grantSql(dataset, "roles/bigquery.dataEditor", account);
  if (projectNumber !== undefined) return `-- Pub/Sub's own agent writes the archive.\n${grant};\n`;
  return (
    "-- Pub/Sub's own agent writes the archive, and has to be let. --pubsub-project-number fills in the number, which\n" +
    `-- \`gcloud projects describe PROJECT --format='value(projectNumber)'\` shows:\n-- ${grant};\n`
  );
}

function locationName(text: string): string {
  if (/^[A-Za-z0-9-]+$/.test(text)) return text;
  throw new InvalidArgumentError("Write a location of BigQuery, such as EU or europe-west2.");
}

function projectNumber(text: string): string {
  if (/^[0-9]+$/.test(text)) return text;
  throw new InvalidArgumentError("Write the project's number, not its ID.");
}
