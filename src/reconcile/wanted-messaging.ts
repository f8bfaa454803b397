import type { StockFeed } from "../api/stockfeed.ts";
import type { Subscription, Topic } from "../controller-ports.ts";
import { cloudLabels, jobSubscription, PROJECT_NAMES, pubsubName } from "../plan/names.ts";

/** How long topics and subscriptions keep messages: a sink may be down for days, and no good quote is lost. */
const RETENTION_MS = 7 * 24 * 3_600_000;
/** Time to take a quote in and write it on; the client extends it for what it still holds. */
const ACK_DEADLINE_SECONDS = 60;
const SHARED_LABELS = { "stockfeed-shared": "true" } as const;

/** Who reads a feed's quotes. */
export interface Readers {
  /** Whether the embedded engine does. */
  readonly embedded: boolean;
  /** Dataflow jobs that do, by window. */
  readonly jobs: readonly { readonly window: string; readonly generation: number }[];
}

/** Pub/Sub's objects of one feed, and those of the project that it needs too. */
export interface WantedMessaging {
  readonly projectId: string;
  /** Quotes from the pollers. */
  readonly topic: Topic;
  /** Quotes to the engine and to each job: two on one subscription would get half of them each. */
  readonly readers: readonly Subscription[];
  /** Quotes to the table `quotes`, where the feed is archived. */
  readonly archive?: Subscription;
  /** Rows from jobs to the table `windows`. */
  readonly rows?: { readonly topic: Topic; readonly subscription: Subscription };
  readonly deadLetterTopic: Topic;
  readonly deadLetters: Subscription;
}

/** A feed that a cluster can run: it says where its messages and rows go. */
export type ClusterFeed = StockFeed & {
  readonly spec: Required<Pick<StockFeed["spec"], "pubsub" | "sink">>;
};

/**
 * What a feed wants of Pub/Sub. A reader's subscription keeps what was acked, so that a restart can seek back; it has
 * neither a retry nor a dead-letter policy, since a crash loop or an outage of the sink must not dead-letter good quotes,
 * and Dataflow supports neither.
 */
export function wantedMessaging(feed: ClusterFeed, clusterId: string, { embedded, jobs }: Readers): WantedMessaging {
  const { projectId } = feed.spec.pubsub;
  const { bigQuery } = feed.spec.sink;
  const labels = cloudLabels(clusterId, feed);
  const topic: Topic = { name: pubsubName(feed, "quotes"), labels, retentionMs: RETENTION_MS };
  const archive: Subscription = {
    name: pubsubName(feed, "archive"),
    topic: topic.name,
    labels,
    retentionMs: RETENTION_MS,
    bigQueryTable: `${bigQuery.projectId}.${bigQuery.dataset}.quotes`,
  };
  const names = [
    ...(embedded ? [pubsubName(feed, "windows")] : []),
    ...jobs.map(({ window, generation }) => jobSubscription(feed, window, generation)),
  ];
  return {
    projectId,
    topic,
    readers: names.map((name) => ({
      name,
      topic: topic.name,
      labels,
      ackDeadlineSeconds: ACK_DEADLINE_SECONDS,
      retainAckedMessages: true,
      retentionMs: RETENTION_MS,
    })),
    ...(feed.spec.archive && { archive }),
    ...(jobs.length > 0 && { rows: rowsTo(`${bigQuery.projectId}.${bigQuery.dataset}.windows`) }),
    deadLetterTopic: { name: PROJECT_NAMES.deadLetter, labels: SHARED_LABELS, retentionMs: RETENTION_MS },
    deadLetters: {
      name: PROJECT_NAMES.deadLetter,
      topic: PROJECT_NAMES.deadLetter,
      labels: SHARED_LABELS,
      retentionMs: RETENTION_MS,
    },
  };
}

function rowsTo(bigQueryTable: string): WantedMessaging["rows"] {
  const shared = { name: PROJECT_NAMES.windows, labels: SHARED_LABELS, retentionMs: RETENTION_MS };
  return { topic: shared, subscription: { ...shared, topic: shared.name, bigQueryTable } };
}
