import type { StockFeed } from "../api/stockfeed.ts";
import { resolutionLabel, windowSpecs } from "../api/window-specs.ts";
import { jobName, pollerNames, PROJECT_NAMES, pubsubName, workloadName } from "./names.ts";
import { pollSchedule } from "./schedule.ts";

/** One thing that a feed brings about on a cluster or in a cloud project. */
export interface PlannedObject {
  readonly platform: "Kubernetes" | "Pub/Sub" | "BigQuery" | "Dataflow";
  readonly kind: string;
  readonly name: string;
  /** The namespace, project or dataset that it is in; absent where the operator's own default says. */
  readonly in?: string;
  readonly purpose: string;
  /** Whether other feeds use it too, so that it outlives this one. */
  readonly shared: boolean;
}

/** Everything that a feed brings about, Kubernetes first, then along the way of a quote. */
export function plannedObjects(feed: StockFeed): PlannedObject[] {
  return [...kubernetesObjects(feed), ...pubsubObjects(feed), ...dataflowObjects(feed), ...bigQueryObjects(feed)];
}

function resolutionsOf(feed: StockFeed): string[] {
  return windowSpecs(feed.spec).map(resolutionLabel);
}

function kubernetesObjects(feed: StockFeed): PlannedObject[] {
  const { polling, engine, suspend } = feed.spec;
  const base = { platform: "Kubernetes", in: feed.metadata.namespace, shared: false } as const;
  const names = pollerNames(feed);
  const pods = polling.shards / names.length === 1 ? "1 Pod" : `${polling.shards} Pods`;
  const { schedule, timeZone } = pollSchedule(polling);
  const when = suspend ? "suspended" : polling.workload === "CronJob" ? `at "${schedule}" ${timeZone}` : "without end";
  const purpose = `polls, ${pods} ${when}`;
  const pollers = names.map((name) => ({ ...base, kind: polling.workload, name, purpose }));
  const windows = resolutionsOf(feed).join(", ");
  const engineSet = {
    ...base,
    kind: "StatefulSet",
    name: workloadName(feed, "windows"),
    purpose: `computes ${windows}`,
  };
  return engine === "Embedded" ? [...pollers, engineSet] : pollers;
}

function pubsubObjects(feed: StockFeed): PlannedObject[] {
  const { engine, archive, pubsub } = feed.spec;
  const base = { platform: "Pub/Sub", ...(pubsub && { in: pubsub.projectId }), shared: false } as const;
  const own = (kind: string, part: string, purpose: string) => ({
    ...base,
    kind,
    name: pubsubName(feed, part),
    purpose,
  });
  const shared = (kind: string, name: string, purpose: string) => ({ ...base, kind, name, purpose, shared: true });
  const readers =
    engine === "Embedded"
      ? [own("Subscription", "windows", "quotes to the engine")]
      : resolutionsOf(feed).map((label) => own("Subscription", `windows-${label}`, `quotes to the job of ${label}`));
  return [
    own("Topic", "quotes", "quotes, kept for 7 days"),
    ...readers,
    ...(archive ? [own("BigQuery subscription", "archive", "quotes to the table quotes")] : []),
    ...(engine === "Dataflow"
      ? [
          shared("Topic", PROJECT_NAMES.windows, "rows of every job"),
          shared("BigQuery subscription", PROJECT_NAMES.windows, "rows to the table windows"),
        ]
      : []),
    shared("Topic", PROJECT_NAMES.deadLetter, "quotes that could not be used"),
    shared("Subscription", PROJECT_NAMES.deadLetter, "the same, for stockfeed deadletter"),
  ];
}

function dataflowObjects(feed: StockFeed): PlannedObject[] {
  const { engine, dataflow } = feed.spec;
  if (engine !== "Dataflow" || dataflow === undefined) return [];
  const place = `${dataflow.projectIds[0] ?? ""} ${dataflow.region}`;
  return resolutionsOf(feed).map((label) => ({
    platform: "Dataflow",
    kind: "Job",
    name: jobName(feed, label),
    in: place,
    purpose: `computes ${label}, up to ${dataflow.maxWorkers} workers`,
    shared: false,
  }));
}

function bigQueryObjects(feed: StockFeed): PlannedObject[] {
  const { sink, archive } = feed.spec;
  const dataset = sink && `${sink.bigQuery.projectId}.${sink.bigQuery.dataset}`;
  const base = { platform: "BigQuery", ...(dataset !== undefined && { in: dataset }), shared: true } as const;
  return [
    ...(archive ? [{ ...base, kind: "Table", name: "quotes", purpose: "raw quotes" }] : []),
    { ...base, kind: "Table", name: "windows", purpose: "one row a symbol, resolution and window" },
    { ...base, kind: "View", name: "top_stocks", purpose: "ranks 1 to 3 by mean price" },
    { ...base, kind: "View", name: "percentage_gain", purpose: "first to last price" },
  ];
}
