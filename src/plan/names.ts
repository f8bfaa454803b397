import { feedName, type StockFeed } from "../api/stockfeed.ts";

/**
 * Longest name of what makes Pods. A CronJob's Jobs append eleven characters, and a StatefulSet's revision label ten,
 * to a name that may have 63.
 * https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/
 */
const WORKLOAD_LIMIT = 52;
/** Longest value of a label, which a feed's name and a Dataflow job's are written into. */
const LABEL_LIMIT = 63;
/** A label's value of Google Cloud that need not change; every other one gets a hash. */
const CLOUD_LABEL_PATTERN = /^[a-z0-9_-]{1,63}$/;
/** https://cloud.google.com/pubsub/docs/pubsub-basics#resource_names */
const PUBSUB_LIMIT = 255;

/** Where Pods of a feed that run without end have their metrics. */
export const METRICS_PORT = 9090;

/** Which shard a Deployment of pollers, and each Pod of it, is; Pods of Jobs have their index instead. */
export const SHARD_LABEL = "stockfeed.dev/shard";

/** What is made once a project, for all its feeds. */
export const PROJECT_NAMES = { windows: "stockfeed-windows", deadLetter: "stockfeed-dead-letter" } as const;

/** A name in the feed's own namespace; readable as it is, with a hash only where it had to change. */
export function workloadName(feed: StockFeed, part: "poll" | `poll-${number}` | "windows"): string {
  const { name } = feed.metadata;
  const plain = name.replaceAll(".", "-"); // a StatefulSet's name is a host's, where a dot would split it
  const whole = `${plain}-${part}`;
  return plain === name && whole.length <= WORKLOAD_LIMIT ? whole : hashedName(feed, plain, part, WORKLOAD_LIMIT);
}

/**
 * Names of what runs a feed's pollers: one CronJob, whose Jobs have a Pod a shard, or a Deployment for each shard, since
 * the Pods of one have no index to tell their symbols by.
 */
export function pollerNames(feed: StockFeed): string[] {
  const { workload, shards } = feed.spec.polling;
  if (workload === "CronJob" || shards === 1) return [workloadName(feed, "poll")];
  return Array.from({ length: shards }, (_, shard) => workloadName(feed, `poll-${shard}`));
}

/** A Pub/Sub name; projects hold many namespaces, so it always carries the hash. */
export function pubsubName(feed: Pick<StockFeed, "metadata">, part: string): string {
  return hashedName(feed, cloudStem(feed), part, PUBSUB_LIMIT);
}

/**
 * A Dataflow job's name, the same for every launch of the same feed and resolution.
 * @param generation of jobs that run beside their predecessor; 0 for the first
 */
export function jobName(feed: Pick<StockFeed, "metadata">, resolution: string, generation = 0): string {
  return hashedName(feed, cloudStem(feed), ofGeneration(resolution, generation), LABEL_LIMIT);
}

/** The resolution of a Dataflow job that may be the feed's, as far as its name tells; undefined for any other name. */
export function resolutionOfJob(feed: Pick<StockFeed, "metadata">, name: string): string | undefined {
  const hash = `-${shortHash(feedName(feed))}-`;
  const at = name.lastIndexOf(hash);
  if (at < 0 || !name.startsWith("stockfeed-")) return undefined;
  return name.slice(at + hash.length).replace(/-g\d+$/, "");
}

/** The subscription of a job: one that runs beside its predecessor has another, or each would get half the quotes. */
export function jobSubscription(feed: Pick<StockFeed, "metadata">, resolution: string, generation = 0): string {
  return pubsubName(feed, `windows-${ofGeneration(resolution, generation)}`);
}

function ofGeneration(resolution: string, generation: number): string {
  return generation === 0 ? resolution : `${resolution}-g${generation}`;
}

/** Label `stockfeed.dev/feed` of a feed's objects in its namespace: the feed's name, with a hash where it is too long. */
export function feedLabel(feed: Pick<StockFeed, "metadata">): string {
  const { name } = feed.metadata;
  if (name.length <= LABEL_LIMIT) return name;
  const end = `-${shortHash(feedName(feed))}`;
  return name.slice(0, LABEL_LIMIT - end.length).replace(/[-.]+$/, "") + end;
}

/** Labels that tell whose a cloud object is. */
export interface CloudLabels {
  readonly "stockfeed-cluster": string;
  readonly "stockfeed-namespace": string;
  readonly "stockfeed-name": string;
  /** Such as of the Messaging port, which takes any labels. */
  readonly [label: string]: string;
}

/**
 * The labels by which a feed finds its own cloud objects again, in the form that Google Cloud takes.
 * https://cloud.google.com/resource-manager/docs/labels-overview#requirements
 * @param clusterId what tells the cluster from all others, such as the UID of its namespace kube-system
 */
export function cloudLabels(clusterId: string, feed: Pick<StockFeed, "metadata">): CloudLabels {
  const { namespace, name } = feed.metadata;
  return {
    "stockfeed-cluster": cloudLabelValue(clusterId),
    "stockfeed-namespace": cloudLabelValue(namespace),
    "stockfeed-name": cloudLabelValue(name),
  };
}

/** A text as a label's value: as it is where it may stand there, else changed, cut and told apart by a hash. */
function cloudLabelValue(text: string): string {
  if (CLOUD_LABEL_PATTERN.test(text)) return text;
  const end = `-${shortHash(text)}`;
  const plain = text.toLowerCase().replaceAll(/[^a-z0-9_-]/g, "-");
  return plain.slice(0, LABEL_LIMIT - end.length).replace(/-+$/, "") + end;
}

function cloudStem(feed: Pick<StockFeed, "metadata">): string {
  const { namespace, name } = feed.metadata;
  // The prefix keeps names from starting with a digit or with goog, neither of which Pub/Sub takes.
  return `stockfeed-${namespace}-${name}`.replaceAll(".", "-");
}

/** `stem-hash-part`, the stem cut to the limit. a-b/c and a/b-c read alike; the hash tells them apart. */
function hashedName(feed: Pick<StockFeed, "metadata">, stem: string, part: string, limit: number): string {
  const end = `-${shortHash(feedName(feed))}-${part}`;
  return stem.slice(0, limit - end.length).replace(/-+$/, "") + end;
}

/** Eight base-36 digits (41 bits) of 64-bit FNV-1a over UTF-16 units. http://www.isthe.com/chongo/tech/comp/fnv/ */
function shortHash(text: string): string {
  let hash = 0xcbf29ce484222325n;
  for (let i = 0; i < text.length; i++) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(text.charCodeAt(i))) * 0x100000001b3n);
  }
  return hash.toString(36).padStart(13, "0").slice(-8);
}
