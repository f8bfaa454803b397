/**
 * The Kubernetes objects of a feed, as data: what polls it, and the engine that computes its windows where that is the
 * embedded one. The same feed and settings always give the same objects, plain JSON that server-side apply takes as it
 * is. The operator makes them by the constructs of this directory, which a cdk8s chart can use as well.
 */
import { App, Chart } from "cdk8s";
import type { KubeObject } from "../src/api/kube-object.ts";
import type { StockFeed } from "../src/api/stockfeed.ts";
import { FeedEngine } from "./feed-engine.ts";
import type { WorkloadSettings } from "./feed-pod.ts";
import { FeedPoller } from "./feed-poller.ts";
import { withoutEmpty } from "./without-empty.ts";

export type { WorkloadSettings } from "./feed-pod.ts";

/** The feed's workloads, pollers first; of a suspended feed they are there and run nothing. */
export function feedWorkloads(feed: StockFeed, settings: WorkloadSettings): KubeObject[] {
  const chart = new Chart(new App(), "feed", { disableResourceNameHashes: true });
  new FeedPoller(chart, "poller", feed, settings);
  if (feed.spec.engine === "Embedded") new FeedEngine(chart, "engine", feed, settings);
  return chart.toJson().map((object) => withoutEmpty(object) as KubeObject);
}
