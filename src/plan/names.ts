import { feedName, type StockFeed } from "../api/stockfeed.ts";

/**
 * Longest name of what makes Pods. A CronJob's Jobs append eleven characters, and a StatefulSet's revision label ten,
 * to a name that may have 63.
 * https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/
 */
const WORKLOAD_LIMIT = 52;
/** Longest value of a label, which a Dataflow job's name is written into. */
const LABEL_LIMIT = 63;
/** https://cloud.google.com/pubsub/docs/pubsub-basics#resource_names */
const PUBSUB_LIMIT = 255;

/** What is made once a project, for all its feeds. */
export const PROJECT_NAMES = { windows: "stockfeed-windows", deadLetter: "stockfeed-dead-letter" } as const;

/** A name in the feed's own namespace; readable as it is, with a hash only where it had to change. */
export function workloadName(feed: StockFeed, part: "poll" | "windows"): string {
  const { name } = feed.metadata;
  const plain = name.replaceAll(".", "-"); // a StatefulSet's name is a host's, where a dot would split it
  const whole = `${plain}-${part}`;
  return plain === name && whole.length <= WORKLOAD_LIMIT ? whole : hashedName(feed, plain, part, WORKLOAD_LIMIT);
}

/** A Pub/Sub name; projects hold many namespaces, so it always carries the hash. */
export function pubsubName(feed: StockFeed, part: string): string {
  return hashedName(feed, cloudStem(feed), part, PUBSUB_LIMIT);
}

/** A Dataflow job's name, the same for every launch of the same feed and resolution. */
export function jobName(feed: StockFeed, resolution: string): string {
  return hashedName(feed, cloudStem(feed), resolution, LABEL_LIMIT);
}

function cloudStem(feed: StockFeed): string {
  const { namespace, name } = feed.metadata;
  // The prefix keeps names from starting with a digit or with goog, neither of which Pub/Sub takes.
  return `stockfeed-${namespace}-${name}`.replaceAll(".", "-");
}

/** `stem-hash-part`, the stem cut to the limit. a-b/c and a/b-c read alike; the hash tells them apart. */
function hashedName(feed: StockFeed, stem: string, part: string, limit: number): string {
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
