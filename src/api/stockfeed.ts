import { z } from "zod";
import { DURATION_PATTERN } from "./duration.ts";
import { providerSchema } from "./provider-spec.ts";

/** API group and version of the StockFeed resource. */
export const API_VERSION = "stockfeed.dev/v1alpha1";
/** Kind of the StockFeed resource. */
export const KIND = "StockFeed";

/** A symbol as exchanges write it: a capital letter, then up to nine of A-Z, 0-9, `.` and `-`. */
export const SYMBOL_PATTERN = /^[A-Z][A-Z0-9.-]{0,9}$/;

const duration = (description: string) =>
  z.string().regex(DURATION_PATTERN, "write a duration such as 10s, 5m or 1h30m").describe(description);

const pollingSchema = z.strictObject({
  interval: duration("Time between two observations of a symbol; divides a minute or is whole minutes.").default("10s"),
  session: z
    .enum(["Always", "NYSE"])
    .default("Always")
    .describe("When to poll: Always, or only in the regular hours of the New York Stock Exchange."),
  extendedHours: z
    .boolean()
    .default(false)
    .describe("With session NYSE: poll from 04:00 to 20:00 New York time too, not only from 09:30 to 16:00."),
  shards: z.int().min(1).max(100).default(1).describe("Pods that share a feed's symbols between them."),
  workload: z
    .enum(["CronJob", "Deployment"])
    .default("CronJob")
    .describe("CronJob starts a poller each minute; Deployment keeps one running."),
  startLead: duration("Head start of a poller's Pod before its first slot.").default("10s"),
});

const resolutionSchema = z.strictObject({
  window: duration("Length of the sliding window; a whole multiple of polling.interval, at most 24h."),
  offset: duration(
    "Where windows start within the interval; 5s by default, or half the interval where less.",
  ).optional(),
  allowedLateness: duration("How long after a window's end its row is still rewritten.").default("60s"),
});

const projectId = z
  .string()
  .regex(/^[a-z][a-z0-9-]{4,28}[a-z0-9]$/, "write a Google Cloud project ID: 6 to 30 of a-z, 0-9 and -")
  .describe("Google Cloud project ID.");

const dataflowSchema = z.strictObject({
  template: z
    .enum(["TypeScript", "BeamYaml"])
    .default("TypeScript")
    .describe("TypeScript submits StockFeed's own Beam graph; BeamYaml launches Google's hosted YAML template."),
  projectIds: z.array(projectId).min(1).describe("Projects to place the jobs in, tried in this order."),
  region: z.string().min(1).describe("Region of the jobs, such as europe-west2."),
  tempLocation: z
    .string()
    .regex(/^gs:\/\/[a-z0-9][a-z0-9._-]+(\/.*)?$/, "write a Cloud Storage location such as gs://bucket/tmp")
    .describe("Cloud Storage location for staged pipelines and temporary files."),
  maxWorkers: z.int().min(1).max(1000).default(3).describe("Most workers of one job."),
  updatePolicy: z
    .enum(["Replace", "DrainThenStart", "Overlap"])
    .default("Replace")
    .describe("How a changed job takes over from the running one."),
  drainTimeout: duration("How long a drain may take before the job is cancelled.").default("10m"),
});

const stringMap = z.record(z.string(), z.string());
const podTemplateSchema = z.strictObject({
  serviceAccountName: z.string().optional().describe("Kubernetes service account of the feed's Pods."),
  resources: z
    .strictObject({ requests: stringMap.optional(), limits: stringMap.optional() })
    .optional()
    .describe("Resource requests and limits of the feed's containers."),
  nodeSelector: stringMap.optional().describe("Node labels that the feed's Pods need."),
  tolerations: z
    .array(
      z.strictObject({
        key: z.string().optional(),
        operator: z.enum(["Exists", "Equal"]).optional(),
        value: z.string().optional(),
        effect: z.enum(["NoSchedule", "PreferNoSchedule", "NoExecute"]).optional(),
        tolerationSeconds: z.int().optional(),
      }),
    )
    .optional()
    .describe("Taints that the feed's Pods tolerate."),
  labels: stringMap.optional().describe("Labels added to the feed's Pods."),
  annotations: stringMap.optional().describe("Annotations added to the feed's Pods."),
});

/** Spec of a StockFeed: what one manifest says. */
export const specSchema = z.strictObject({
  symbols: z
    .array(z.string().regex(SYMBOL_PATTERN, "write a symbol as the exchange does, such as AAPL or BRK.B"))
    .min(1)
    .max(5000)
    .describe("Symbols to poll; a set of 1 to 5000."),
  provider: providerSchema,
  polling: pollingSchema.prefault({}).describe("When and how often quotes are polled."),
  resolutions: z
    .array(resolutionSchema)
    .min(1)
    .max(10)
    .prefault([{ window: "1m" }, { window: "5m" }, { window: "15m" }])
    .describe("Sliding windows over which quotes are aggregated."),
  engine: z
    .enum(["Embedded", "Dataflow"])
    .default("Embedded")
    .describe("What computes the windows: the engine in a Pod, or one Dataflow job a resolution."),
  archive: z.boolean().default(true).describe("Keep raw quotes in the table quotes as well."),
  pubsub: z.strictObject({ projectId }).optional().describe("Where topics and subscriptions live."),
  sink: z
    .strictObject({
      bigQuery: z.strictObject({
        projectId,
        dataset: z
          .string()
          .regex(/^[A-Za-z0-9_]{1,1024}$/, "write a BigQuery dataset name: letters, digits and _")
          .describe("BigQuery dataset that holds the tables."),
      }),
    })
    .optional()
    .describe("Where rows land on a cluster; a laptop always writes to its DuckDB store."),
  dataflow: dataflowSchema.optional().describe("How Dataflow jobs run; needed under engine Dataflow."),
  podTemplate: podTemplateSchema.optional().describe("What the feed's Pods carry beside what StockFeed sets."),
  deletionPolicy: z
    .enum(["Drain", "Cancel", "Orphan"])
    .default("Drain")
    .describe("What becomes of cloud objects when the feed is deleted."),
  suspend: z.boolean().default(false).describe("Stop polling and jobs, keep topics and data."),
});

const nameSchema = z
  .string()
  .max(253)
  .regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/, "write a name of a-z, 0-9, - and .");

/** A StockFeed manifest, without its status. */
export const stockFeedSchema = z.strictObject({
  apiVersion: z.literal(API_VERSION),
  kind: z.literal(KIND),
  metadata: z.looseObject({
    name: nameSchema.describe("Name of the feed, unique in its namespace."),
    namespace: nameSchema.max(63).default("default").describe("Namespace of the feed."),
  }),
  spec: specSchema,
});

/** A StockFeed with every default filled in. */
export type StockFeed = z.output<typeof stockFeedSchema>;
/** Spec of a StockFeed with every default filled in. */
export type StockFeedSpec = StockFeed["spec"];
/** When to poll. */
export type SessionName = StockFeedSpec["polling"]["session"];

/** The feed's name wherever one string has to tell it: `namespace/name`. */
export function feedName(feed: StockFeed): string {
  return `${feed.metadata.namespace}/${feed.metadata.name}`;
}
