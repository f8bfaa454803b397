/** A topic of quotes as a feed wants it, with a subscription to read by and one that BigQuery reads. */
import type { Subscription, Topic } from "../src/controller-ports.ts";

const WEEK_MS = 7 * 86_400_000;

export const QUOTES: Topic = { name: "feed-quotes", labels: { "stockfeed-name": "tech" }, retentionMs: WEEK_MS };

export const WINDOWS: Subscription = {
  name: "feed-windows",
  topic: QUOTES.name,
  labels: { "stockfeed-name": "tech" },
  ackDeadlineSeconds: 60,
  retainAckedMessages: true,
  retentionMs: WEEK_MS,
};

export const ARCHIVE: Subscription = {
  name: "feed-archive",
  topic: QUOTES.name,
  labels: {},
  bigQueryTable: "acme.markets.quotes",
};
