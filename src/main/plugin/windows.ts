import type { Command } from "commander";
import { bigQueryReader } from "../../adapters/bigquery/reader.ts";
import { SinkError } from "../../adapters/bigquery/sink-error.ts";
import { feedName } from "../../api/stockfeed.ts";
import { QueryError } from "../../ports.ts";
import type { DatasetId } from "../../views/bigquery-schema.ts";
import { CliError, usageError } from "../cli-error.ts";
import type { CommandIo } from "../command-io.ts";
import { datasetId } from "../dataset-flag.ts";
import { PERCENTAGE_GAIN } from "../gain.ts";
import { TOP_STOCKS } from "../top.ts";
import { windowCommand, type WindowSource, type WindowView } from "../window-command.ts";
import { declareCluster, withCluster } from "./cluster-flags.ts";
import { asStockFeed } from "./feed-view.ts";

/** How far back a feed's last window is looked for, so that BigQuery reads a few days' partitions: a long weekend. */
const LOOK_BACK_MS = 8 * 24 * 60 * 60_000;

/** `kubectl stockfeed top`. */
export function clusterTopCommand(io: Pick<CommandIo, "stdout" | "env"> = process): Command {
  return clusterWindowCommand(TOP_STOCKS, io);
}

/** `kubectl stockfeed gain`. */
export function clusterGainCommand(io: Pick<CommandIo, "stdout" | "env"> = process): Command {
  return clusterWindowCommand(PERCENTAGE_GAIN, io);
}

function clusterWindowCommand(view: WindowView, io: Pick<CommandIo, "stdout" | "env">): Command {
  return windowCommand(view, clusterSource(view.name, io.env.BIGQUERY_EMULATOR_HOST), io);
}

/** The dataset that a feed of the cluster writes to. */
function clusterSource(name: string, endpoint: string | undefined): WindowSource {
  return {
    lookBackMs: LOOK_BACK_MS,
    examples: `
Rows come from the feed's dataset in BigQuery, with your own credentials (gcloud auth application-default login).

Examples:
  $ kubectl stockfeed ${name} tech
  $ kubectl stockfeed ${name} tech -n markets --resolution 5m --json
  $ kubectl stockfeed ${name} tech --dataset acme.markets      of a feed that relies on the operator's dataset
`,
    declare: (command) =>
      declareCluster(command.argument("<feed>", "name of the feed")).option(
        "--dataset <project.dataset>",
        "where its rows are (default: its sink; the operator's own dataset is known to the operator alone)",
        datasetId,
      ),
    read: async (command, work) =>
      withCluster(command, async ({ feeds, namespace = "default" }) => {
        const feed = asStockFeed(await feeds.get(namespace, command.args[0] ?? ""));
        const { dataset = feed.spec.sink?.bigQuery } = command.opts<{ readonly dataset?: DatasetId }>();
        if (dataset === undefined) {
          throw usageError(
            `${feedName(feed)} has no sink. Where it writes to the operator's own dataset, name that: ` +
              "--dataset acme.markets. Else it has no rows: add spec.sink.bigQuery to it.",
          );
        }
        try {
          return await work(bigQueryReader({ ...dataset, endpoint }), feedName(feed));
        } catch (cause) {
          if (cause instanceof QueryError) throw usageError(cause.message, { cause });
          if (cause instanceof SinkError) throw new CliError(cause.message, { cause });
          throw cause;
        }
      }),
  };
}
