import type { StockFeed } from "../../api/stockfeed.ts";
import { done, type Outcome, stalled } from "../outcome.ts";
import type { FeedRun, Step } from "../run.ts";
import type { ClusterFeed } from "../wanted-messaging.ts";

/**
 * Whether the spec is one that a cluster can run. The API server refuses most of what is wrong before it is stored;
 * this finds what it can't express, and what an older schema or a hand in etcd let through. What ran before goes on.
 */
export const validate: Step<FeedRun> = {
  name: "validate",
  otherwise: "stop",
  run(run): Outcome {
    const read = run.memory.feeds.read(run.object);
    if (!read.ok) return stalled("InvalidSpec", read.message);
    const { feed } = read;
    if (!hasWorkers(feed, run)) {
      const fix =
        "Have it started with --worker-image, write template: BeamYaml, which needs none, or write engine: Embedded.";
      return stalled("NotSupported", `spec.engine is "Dataflow" but the operator has no image of workers. ${fix}`);
    }
    if (!isForCluster(feed)) return stalled("InvalidSpec", missingParts(feed));
    if (feed.spec.provider.type === "Replay") {
      const fix = "Choose another provider; stockfeed dev and stockfeed replay play recordings.";
      const why = "a cluster's Pods don't have the file";
      return stalled("InvalidSpec", `spec.provider.type is "Replay" but ${why}. ${fix}`);
    }
    run.feed = feed;
    return done;
  },
};

/** Whether a feed on Dataflow has an image to run on; Google has those of its own template. */
function hasWorkers({ spec }: StockFeed, { settings }: FeedRun): boolean {
  if (spec.engine !== "Dataflow") return true;
  return settings.dataflow?.workerImage !== undefined || spec.dataflow?.template === "BeamYaml";
}

function isForCluster(feed: StockFeed): feed is ClusterFeed {
  return feed.spec.pubsub !== undefined && feed.spec.sink !== undefined;
}

function missingParts({ spec }: StockFeed): string {
  const problems = [];
  if (spec.pubsub === undefined) {
    const fix = "Add pubsub: {projectId: acme}, or start the operator with --project.";
    problems.push(`spec.pubsub is required on a cluster. ${fix}`);
  }
  if (spec.sink === undefined) {
    const fix =
      "Add sink: {bigQuery: {projectId: acme, dataset: markets}}, or start the operator with --project and --dataset.";
    problems.push(`spec.sink is required on a cluster. ${fix}`);
  }
  return problems.join(" ");
}
