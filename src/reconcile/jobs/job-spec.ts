import { createHash } from "node:crypto";
import { durationMs } from "../../api/duration.ts";
import { feedName, type StockFeed } from "../../api/stockfeed.ts";
import { resolutionLabel, windowSpecs } from "../../api/window-specs.ts";
import type { JobLaunch, JobPipeline } from "../../job-ports.ts";
import type { GRAPH_VERSIONS } from "../../plan/graph-versions.ts";
import { cloudLabels, jobName, jobSubscription, PROJECT_NAMES } from "../../plan/names.ts";
import type { WindowSpec } from "../../windows/window-spec.ts";
import type { DataflowSettings } from "../ports.ts";
import type { ClusterFeed } from "../wanted-messaging.ts";
import {
  GENERATION_LABEL,
  type LaunchIntent,
  REPLACES_LABEL,
  REQUEST_LABEL,
  SPEC_LABEL,
  TEMPLATE_LABEL,
  WINDOW_LABEL,
} from "./job-record.ts";

/** A feed that says how its jobs run. */
export type JobFeed = ClusterFeed & { readonly spec: Required<Pick<StockFeed["spec"], "dataflow">> };

/** What a job is made from beside the feed. */
export interface JobSurroundings {
  readonly clusterId: string;
  readonly settings: DataflowSettings;
  /** Of this operator's graphs; another makes new jobs. */
  readonly graphVersions: Readonly<Record<keyof typeof GRAPH_VERSIONS, number>>;
  /** A text that makes new jobs when it changes. */
  readonly restart: string | undefined;
}

/** Time for quotes that are on their way to the topic, and for clocks that differ. */
const MARGIN_MS = 60_000;

/** Whether a feed says how its jobs are to run, which `engine: Dataflow` needs. */
export function hasJobs(feed: ClusterFeed): feed is JobFeed {
  return feed.spec.dataflow !== undefined;
}

/** The window that is called so; undefined where the spec has none. */
export function windowOf({ spec }: StockFeed, label: string): WindowSpec | undefined {
  return windowSpecs(spec).find((window) => resolutionLabel(window) === label);
}

/** How far back a job reads that begins without another's state: every window that was open then is full. */
export function rewindMs({ sizeMs, allowedLatenessMs, periodMs }: WindowSpec): number {
  return sizeMs + allowedLatenessMs + periodMs + MARGIN_MS;
}

/**
 * A hash of all that would change a job's graph or can't be changed in flight. The number of workers can be, and where a
 * job runs is no part of what it is.
 */
export function jobHash(feed: JobFeed, window: WindowSpec, around: JobSurroundings): string {
  const { settings, restart, graphVersions } = around;
  const { tempLocation } = feed.spec.dataflow;
  // Of the first generation, whatever the job's own: another subscription makes no other graph.
  const graph = pipelineOf(feed, window, 0);
  const version = graphVersions[graph.template];
  const made = { ...graph, version, symbols: graph.symbols.toSorted(), tempLocation, restart: restart ?? null };
  const {
    workerImage = null,
    serviceAccountEmail = null,
    network = null,
    subnetwork = null,
    machineType = null,
    privateIps = false,
  } = settings;
  const image = graph.template === "TypeScript" ? workerImage : null;
  // What came later is in the hash where it is set alone: jobs of before keep theirs.
  const later = privateIps ? [{ privateIps }] : [];
  return createHash("sha256")
    .update(JSON.stringify([made, image, serviceAccountEmail, network, subnetwork, machineType, ...later]))
    .digest("hex")
    .slice(0, 12);
}

/** The launch that was decided, with all that a job needs. */
export function jobLaunch(
  feed: JobFeed,
  window: WindowSpec,
  intent: LaunchIntent,
  { clusterId, settings }: JobSurroundings,
): JobLaunch {
  const { projectId, region, requestId, specHash, generation, replaces } = intent;
  const { tempLocation, maxWorkers } = feed.spec.dataflow;
  const { workerImage = "", serviceAccountEmail, network, subnetwork, machineType, privateIps } = settings;
  const label = resolutionLabel(window);
  const pipeline = pipelineOf(feed, window, generation);
  return {
    projectId,
    region,
    name: jobName(feed, label, generation),
    requestId,
    labels: {
      ...cloudLabels(clusterId, feed),
      [WINDOW_LABEL]: label,
      [SPEC_LABEL]: specHash,
      [TEMPLATE_LABEL]: pipeline.template.toLowerCase(),
      [REQUEST_LABEL]: requestId,
      ...(replaces !== undefined && { [REPLACES_LABEL]: replaces }),
      ...(generation > 0 && { [GENERATION_LABEL]: String(generation) }),
    },
    pipeline,
    tempLocation,
    minWorkers: 1,
    maxWorkers,
    workerImage,
    ...(serviceAccountEmail !== undefined && { serviceAccountEmail }),
    ...(network !== undefined && { network }),
    ...(subnetwork !== undefined && { subnetwork }),
    ...(machineType !== undefined && { machineType }),
    ...(privateIps !== undefined && { privateIps }),
    ...(replaces !== undefined && { replaceJobId: replaces }),
  };
}

/** How long a job may drain before it is cancelled, in milliseconds; 10 minutes where the feed no longer says. */
export function drainTimeoutMs({ spec }: Pick<StockFeed, "spec">): number {
  return durationMs(spec.dataflow?.drainTimeout ?? "10m");
}

function pipelineOf(feed: JobFeed, window: WindowSpec, generation: number): JobPipeline {
  const project = `projects/${feed.spec.pubsub.projectId}`;
  return {
    template: feed.spec.dataflow.template,
    feed: feedName(feed),
    symbols: feed.spec.symbols,
    window,
    subscription: `${project}/subscriptions/${jobSubscription(feed, resolutionLabel(window), generation)}`,
    windowsTopic: `${project}/topics/${PROJECT_NAMES.windows}`,
    deadLetterTopic: `${project}/topics/${PROJECT_NAMES.deadLetter}`,
  };
}
