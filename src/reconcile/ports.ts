import type { WorkloadSettings } from "../../cdk8s/feed-workloads.ts";
import type { KubeObject } from "../api/kube-object.ts";
import type { StockFeed } from "../api/stockfeed.ts";
import type { Cluster, ControllerTelemetry, Messaging, SinkInspector } from "../controller-ports.ts";
import type { Jobs } from "../job-ports.ts";
import type { FeedDefaults } from "./feed-book.ts";
import type { Clock, Telemetry } from "../ports.ts";

/** The Kubernetes objects of a feed: its poller, and its engine's; none of them runs while the feed is suspended. */
export type RenderWorkloads = (feed: StockFeed, settings: WorkloadSettings) => readonly KubeObject[];

/** What a reconcile needs of the world. */
export interface ControllerPorts {
  readonly cluster: Cluster;
  readonly messaging: Messaging;
  readonly jobs: Jobs;
  readonly sink: SinkInspector;
  readonly clock: Pick<Clock, "now">;
  readonly telemetry: ControllerTelemetry & Pick<Telemetry, "countQuotes" | "countPolledSlots" | "countMissedSlots">;
  readonly render: RenderWorkloads;
}

/** What whoever runs the operator decides for all feeds. */
export interface ControllerSettings {
  /** Tells this cluster from others that share a cloud project; must never change. */
  readonly clusterId: string;
  /** How often what has no watch is looked at, milliseconds. */
  readonly driftIntervalMs: number;
  /** Cloud projects that feeds may use; every one where it is left out. */
  readonly allowedProjects?: readonly string[];
  /** Where the messages and rows of feeds go that don't say it themselves. */
  readonly defaults?: FeedDefaults;
  readonly workloads: Pick<WorkloadSettings, "image" | "imagePullPolicy" | "env">;
  /** How Dataflow jobs run; feeds of that engine are refused where it is left out. */
  readonly dataflow?: DataflowSettings;
}

/** What a feed's author does not choose of the jobs: rights, networks, and what the project allows. */
export interface DataflowSettings {
  /** The image of the workers that run StockFeed's own graph; feeds of that template are refused where it is left out. */
  readonly workerImage?: string;
  /** Who the workers are; the project's default where it is left out. */
  readonly serviceAccountEmail?: string;
  readonly network?: string;
  readonly subnetwork?: string;
  /** Whether workers go without external addresses; they get some where it is left out. */
  readonly privateIps?: boolean;
  /** Machine of a worker, such as n2d-standard-2; of Dataflow's choice where it is left out. */
  readonly machineType?: string;
  /** Jobs that a project may run at once. https://cloud.google.com/dataflow/quotas */
  readonly jobsPerProject: number;
}
