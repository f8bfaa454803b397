import { durationMs } from "../../api/duration.ts";
import type { FeedDefaults } from "../../reconcile/feed-book.ts";
import type { DataflowSettings } from "../../reconcile/ports.ts";
import { usageError } from "../cli-error.ts";

/** The flags as they are typed; each has a variable of the environment too. */
export interface OperatorFlags {
  readonly namespaces?: string | readonly string[];
  readonly selector?: string;
  readonly concurrency: string;
  readonly leaderElect: string;
  readonly leaseNamespace?: string;
  readonly leaseName: string;
  readonly metricsAddress: string;
  readonly project?: string;
  readonly dataset?: string;
  readonly driftInterval: string;
  readonly allowedProjects?: string | readonly string[];
  readonly image?: string;
  readonly imagePullPolicy?: string;
  readonly clusterId?: string;
  readonly kubeconfig?: string;
  readonly workerImage?: string;
  readonly workerServiceAccount?: string;
  readonly workerNetwork?: string;
  readonly workerSubnetwork?: string;
  readonly workerPublicIps: string;
  readonly workerMachineType?: string;
  readonly jobsPerProject: string;
}

/** What the operator runs with. */
export interface OperatorOptions {
  /** All where it is left out. */
  readonly namespaces?: readonly string[];
  readonly selector?: string;
  readonly concurrency: number;
  /** The Lease that replicas take turns by; undefined for one that always leads. */
  readonly lease?: { readonly namespace?: string; readonly name: string };
  readonly metrics: { readonly host?: string; readonly port: number };
  /** Where feeds send that don't say it themselves. */
  readonly defaults: FeedDefaults;
  readonly driftIntervalMs: number;
  readonly allowedProjects?: readonly string[];
  readonly image: string;
  readonly imagePullPolicy?: string;
  readonly clusterId?: string;
  readonly kubeconfig?: string;
  /** How Dataflow jobs run. */
  readonly dataflow: DataflowSettings;
  /** Passed on to every Pod that is made. */
  readonly podEnv: Readonly<Record<string, string>>;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Where the operator's own libraries find emulators; its Pods are to find the same ones. */
const PASSED_ON = ["PUBSUB_EMULATOR_HOST", "BIGQUERY_EMULATOR_HOST"] as const;
/** More would only wait for each other at the API server. */
const MOST_WORKERS = 256;
/** More than Google gives a project. */
const MOST_JOBS = 10_000;

/** The options that flags and environment say. @throws CliError (usage) which names the flag and the mend */
export function readOptions(flags: OperatorFlags, env: Environment): OperatorOptions {
  const { selector, project, image, imagePullPolicy, clusterId, kubeconfig, leaseNamespace } = flags;
  if (image === undefined || image === "") {
    throw usageError(
      "--image is required: the image of the feeds' Pods, most often this operator's own. Or set STOCKFEED_IMAGE.",
    );
  }
  const namespaces = listOf(flags.namespaces);
  const allowedProjects = listOf(flags.allowedProjects);
  const lease = { name: flags.leaseName, ...(leaseNamespace && { namespace: leaseNamespace }) };
  return {
    ...(namespaces && { namespaces }),
    ...(selector && { selector }),
    concurrency: parseConcurrency(flags.concurrency),
    ...(parseBoolean("--leader-elect", flags.leaderElect) && { lease }),
    metrics: parseAddress(flags.metricsAddress),
    defaults: parseDefaults(flags),
    driftIntervalMs: parseInterval(flags.driftInterval),
    // What feeds get without asking they may use.
    ...(allowedProjects && { allowedProjects: [...new Set([...allowedProjects, ...(project ? [project] : [])])] }),
    image,
    ...(imagePullPolicy && { imagePullPolicy: parsePullPolicy(imagePullPolicy) }),
    ...(clusterId && { clusterId }),
    ...(kubeconfig && { kubeconfig }),
    ...dataflowOf(flags),
    podEnv: Object.fromEntries(PASSED_ON.flatMap((name) => (env[name] ? [[name, env[name]]] : []))),
  };
}

/** Entries of a list that may be repeated, separated by commas, or both; undefined where it is empty. */
function listOf(value: string | readonly string[] | undefined): readonly string[] | undefined {
  const texts = typeof value === "string" ? [value] : (value ?? []);
  const entries = texts.flatMap((text) => text.split(",")).map((entry) => entry.trim());
  const named = [...new Set(entries.filter((entry) => entry !== ""))];
  return named.length > 0 ? named : undefined;
}

function parseDefaults({ project, dataset }: OperatorFlags): FeedDefaults {
  if (!project) {
    if (dataset) throw usageError(`--dataset ${dataset} is of no project. Name it with --project.`);
    return {};
  }
  const sink = { bigQuery: { projectId: project, dataset: dataset ?? "" } };
  return { pubsub: { projectId: project }, ...(dataset && { sink }) };
}

function dataflowOf(flags: OperatorFlags): Required<Pick<OperatorOptions, "dataflow">> {
  const { workerImage, workerServiceAccount, workerNetwork, workerSubnetwork, workerMachineType } = flags;
  const { workerPublicIps, jobsPerProject } = flags;
  const jobs = Number(jobsPerProject);
  if (!/^[0-9]+$/.test(jobsPerProject) || jobs < 1 || jobs > MOST_JOBS) {
    const fix = `Write one from 1 to ${MOST_JOBS}, such as 25.`;
    throw usageError(`--jobs-per-project ${jobsPerProject} is no number of Dataflow jobs. ${fix}`);
  }
  return {
    dataflow: {
      ...(workerImage && { workerImage }),
      ...(workerServiceAccount && { serviceAccountEmail: workerServiceAccount }),
      ...(workerNetwork && { network: workerNetwork }),
      ...(workerSubnetwork && { subnetwork: workerSubnetwork }),
      ...(!parseBoolean("--worker-public-ips", workerPublicIps) && { privateIps: true }),
      ...(workerMachineType && { machineType: workerMachineType }),
      jobsPerProject: jobs,
    },
  };
}

function parseConcurrency(text: string): number {
  const workers = Number(text);
  if (/^[0-9]+$/.test(text) && workers >= 1 && workers <= MOST_WORKERS) return workers;
  throw usageError(`--concurrency ${text} is no number of workers. Write one from 1 to ${MOST_WORKERS}, such as 16.`);
}

function parsePullPolicy(text: string): string {
  if (["Always", "IfNotPresent", "Never"].includes(text)) return text;
  throw usageError(`--image-pull-policy ${text} is none. Write Always, IfNotPresent or Never.`);
}

function parseBoolean(flag: string, text: string): boolean {
  if (text === "true" || text === "false") return text === "true";
  throw usageError(`${flag} ${text} is neither true nor false. Write one of them.`);
}

function parseAddress(text: string): OperatorOptions["metrics"] {
  const [, host, digits] = /^(?:(.*):)?([0-9]{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  if (!(port <= 65_535)) throw usageError(`--metrics-address ${text} is no address. Write :8080, or 127.0.0.1:8080.`);
  return { port, ...(host && { host: host.replaceAll(/^\[|\]$/g, "") }) };
}

function parseInterval(text: string): number {
  try {
    const ms = durationMs(text);
    if (ms >= 1_000) return ms;
  } catch {
    // said below
  }
  throw usageError(`--drift-interval ${text} is no interval. Write a duration of a second or more, such as 5m.`);
}
