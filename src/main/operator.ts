import { Command, Option } from "commander";
import type { CommandIo } from "./command-io.ts";
import { type OperatorFlags, readOptions } from "./operator/options.ts";
import { EXIT } from "./exit-codes.ts";

/** How long a stop may take: Kubernetes kills a Pod after 30 s unless it is told otherwise. */
const STOP_MS = 28_000;

const EXAMPLES = `
Examples:
  $ stockfeed operator --image registry.example.com/stockfeed:0.2.0
  $ stockfeed operator --image … --namespaces markets,research --allowed-projects acme-feeds
  $ stockfeed operator --image … --selector shard=a --lease-name stockfeed-a     one of several operators
  $ stockfeed operator --kubeconfig ~/.kube/config --leader-elect false --image …     on a laptop

It reconciles until it is stopped, then ends what is under way, gives the lease back and exits with 0.
PUBSUB_EMULATOR_HOST and BIGQUERY_EMULATOR_HOST, where they are set, are for it and for every Pod that it makes;
DATAFLOW_EMULATOR_HOST and STORAGE_EMULATOR_HOST are for it alone.
`;

/** Flags, what they say, their variable of the environment, and what they are unless told otherwise. */
const FLAGS: readonly (readonly [flags: string, description: string, variable: string, value?: string])[] = [
  ["--namespaces <list...>", "namespaces to watch, separated by commas (default: all)", "STOCKFEED_NAMESPACES"],
  ["--selector <labels>", "only feeds with these labels, such as shard=a", "STOCKFEED_SELECTOR"],
  ["--concurrency <n>", "feeds reconciled at once", "STOCKFEED_CONCURRENCY", "16"],
  ["--leader-elect <boolean>", "take turns with other replicas by a Lease", "STOCKFEED_LEADER_ELECT", "true"],
  ["--lease-namespace <name>", "namespace of the Lease (default: the Pod's own)", "STOCKFEED_LEASE_NAMESPACE"],
  ["--lease-name <name>", "name of the Lease", "STOCKFEED_LEASE_NAME", "stockfeed-operator"],
  ["--metrics-address <[host]:port>", "address of /healthz, /readyz, /metrics", "STOCKFEED_METRICS_ADDRESS", ":8080"],
  ["--project <id>", "Google Cloud project of feeds that name none", "STOCKFEED_PROJECT"],
  ["--dataset <name>", "BigQuery dataset, in that project, of feeds that name none", "STOCKFEED_DATASET"],
  ["--drift-interval <duration>", "how often what has no watch is checked", "STOCKFEED_DRIFT_INTERVAL", "5m"],
  ["--allowed-projects <list...>", "cloud projects that feeds may use (default: all)", "STOCKFEED_ALLOWED_PROJECTS"],
  ["--image <name>", "image of the feeds' Pods", "STOCKFEED_IMAGE"],
  ["--image-pull-policy <policy>", "Always, IfNotPresent or Never, of that image", "STOCKFEED_IMAGE_PULL_POLICY"],
  ["--worker-image <name>", "image of Dataflow workers that run our own graph", "STOCKFEED_WORKER_IMAGE"],
  [
    "--worker-service-account <email>",
    "Google service account of Dataflow workers (default: the project's own)",
    "STOCKFEED_WORKER_SERVICE_ACCOUNT",
  ],
  ["--worker-network <name>", "network of Dataflow workers (default: default)", "STOCKFEED_WORKER_NETWORK"],
  ["--worker-subnetwork <name>", "subnetwork of Dataflow workers", "STOCKFEED_WORKER_SUBNETWORK"],
  [
    "--worker-public-ips <boolean>",
    "external addresses for Dataflow workers; false where an organization forbids them",
    "STOCKFEED_WORKER_PUBLIC_IPS",
    "true",
  ],
  [
    "--worker-machine-type <type>",
    "machine type of Dataflow workers (default: Dataflow's own)",
    "STOCKFEED_WORKER_MACHINE_TYPE",
  ],
  ["--jobs-per-project <n>", "Dataflow jobs that a project may run at once", "STOCKFEED_JOBS_PER_PROJECT", "25"],
  [
    "--cluster-id <id>",
    "tells this cluster's cloud objects from others' (default: UID of kube-system)",
    "STOCKFEED_CLUSTER_ID",
  ],
  [
    "--kubeconfig <path>",
    "kubeconfig (default: as kubectl has it, or the Pod's service account)",
    "STOCKFEED_KUBECONFIG",
  ],
];

/** `stockfeed operator`: the controller of StockFeeds on a Kubernetes cluster. */
export function operatorCommand(io: CommandIo = process): Command {
  const command = new Command("operator").description("run the controller of StockFeeds on a Kubernetes cluster");
  for (const [flags, description, variable, value] of FLAGS) {
    command.addOption(new Option(flags, description).env(variable).default(value));
  }
  return command.addHelpText("after", EXAMPLES).action(async (flags: OperatorFlags) => {
    const options = readOptions(flags, io.env);
    // Loaded here alone: the libraries behind it take most of a second, and the help needs none of them.
    const { runOperator } = await import("./operator/run-operator.ts");
    await untilStopped((signal) => runOperator(options, io, signal));
  });
}

/** Runs until a signal stops it; what then takes too long is broken off. */
async function untilStopped(run: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const stop = new AbortController();
  let deadline: NodeJS.Timeout | undefined;
  const onSignal = () => {
    stop.abort(new Error("stopped"));
    deadline ??= setTimeout(() => process.exit(EXIT.failed), STOP_MS).unref();
  };
  for (const name of ["SIGINT", "SIGTERM"] as const) process.on(name, onSignal);
  try {
    await run(stop.signal);
  } finally {
    clearTimeout(deadline);
    for (const name of ["SIGINT", "SIGTERM"] as const) process.off(name, onSignal);
  }
}
