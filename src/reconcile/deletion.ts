import type { KubeObject } from "../api/kube-object.ts";
import { durationMs } from "../api/duration.ts";
import type { StockFeed } from "../api/stockfeed.ts";
import { windowSpecs } from "../api/window-specs.ts";
import { MessagingError } from "../controller-ports.ts";
import { cloudLabels, feedLabel, pubsubName } from "../plan/names.ts";
import type { EpochMs } from "../quotes/quote.ts";
import { ownedBy } from "./cloud-diff.ts";
import { FEED_LABEL } from "./kube-ownership.ts";
import { letGoJobs, subscriptionsOfJobs } from "./jobs/let-go-jobs.ts";
import { done, type Outcome, waiting } from "./outcome.ts";
import { deleteWorkloads, ownWorkloads } from "./own-workloads.ts";
import { projectOf } from "./project-of.ts";
import type { FeedRun } from "./run.ts";
import { FINALIZER } from "./steps/finalizer.ts";
import { workloadState } from "./workload-health.ts";

/** Time for quotes that are on their way when the pollers stop: on the bus, and into the rows of windows that end. */
const UNDER_WAY_MS = 10_000;
/** However long the interval, a deletion is not held up for longer than this to let the engine finish. */
const LONGEST_DRAIN_MS = 60_000;
/** Time for Pods to end, which is more than they are given; then the topic goes all the same. */
const PODS_MS = 60_000;
const LOOK_AGAIN_MS = 2_000;

/**
 * Lets a deleted feed go: stops what runs, deletes its topic and subscriptions, then removes the finalizer. Every step
 * may find its work done already, by hand or by an earlier try, and nothing is created, so it ends in a namespace that
 * is being deleted too. Shared objects of the project stay.
 *
 * - Drain stops the pollers, gives the engine or the jobs the time to take in what they published and to write the
 *   windows that end, then stops them: they write the windows that are still open as they end. A job that drains for
 *   longer than it may is cancelled.
 * - Cancel stops all at once.
 * - Orphan leaves the cloud objects; the workloads go with the feed, by their owner references.
 */
export async function letGo(run: FeedRun): Promise<Outcome> {
  const { object, ports } = run;
  if (object.metadata.finalizers?.includes(FINALIZER) !== true) return done;
  const policy = policyOf(object);
  if (policy !== "Orphan") {
    const held = (await stopWorkloads(run, policy)) ?? (await letGoJobs(run, policy, drainedAt(run, policy)));
    if (held !== undefined) return held;
    await deleteCloudObjects(run);
  }
  await ports.cluster.setFinalizer(object, false);
  return done;
}

/** Why it is too early to go on; undefined where nothing runs any more, or where it was waited for long enough. */
async function stopWorkloads(run: FeedRun, policy: "Drain" | "Cancel"): Promise<Outcome | undefined> {
  const { object, ports, now } = run;
  await deleteWorkloads(run, { component: "poller" });
  const drained = drainedAt(run, policy);
  if (now < drained && ownWorkloads(run, "stream").some((engine) => workloadState(engine) !== "Starting")) {
    const message = "Pollers are stopped; the engine writes the windows that end.";
    return waiting("Draining", message, Math.min(LOOK_AGAIN_MS, drained - now));
  }
  await deleteWorkloads(run);
  const { name, namespace = "" } = object.metadata;
  const labels = { [FEED_LABEL]: feedLabel({ metadata: { name, namespace } }) };
  const pods = ports.cluster.list("Pod", { namespace, labels }).filter((pod) => !hasEnded(pod));
  if (pods.length === 0 || now >= drained + PODS_MS) return undefined;
  return waiting("Deleting", "The feed's Pods are ending.", LOOK_AGAIN_MS);
}

/** Deletes what the feed has in Pub/Sub: by name, and by its labels where a name leads nowhere. A project that is gone holds nothing. */
async function deleteCloudObjects(run: FeedRun): Promise<void> {
  const { object, ports, settings, memory, now, changes } = run;
  const project = projectOf(object, settings);
  if (project === undefined) return;
  const { name, namespace = "" } = object.metadata;
  const feed = { metadata: { name, namespace } };
  const labels = cloudLabels(settings.clusterId, feed);
  try {
    const inventory = await ports.messaging.inventory(project);
    const owned = memory.owned.namesOf(labels, project, inventory, now);
    for (const subscription of new Set([
      ...["windows", "archive"].map((part) => pubsubName(feed, part)),
      ...subscriptionsOfJobs(run),
      ...owned.subscriptions,
    ])) {
      const present = inventory.subscriptions.get(subscription);
      if (present === undefined || !ownedBy(labels, present)) continue;
      await ports.messaging.deleteSubscription(project, subscription);
      changes.push({ kind: "deleted", object: `subscription ${subscription}` });
    }
    for (const topic of new Set([pubsubName(feed, "quotes"), ...owned.topics])) {
      const present = inventory.topics.get(topic);
      if (present === undefined || !ownedBy(labels, present)) continue;
      await ports.messaging.deleteTopic(project, topic);
      changes.push({ kind: "deleted", object: `topic ${topic}` });
    }
  } catch (error) {
    if (!(error instanceof MessagingError && error.kind === "NotFound")) throw error;
  }
}

/** Read from the object as it is: a feed whose spec is refused has to go too. */
function policyOf({ spec }: KubeObject): StockFeed["spec"]["deletionPolicy"] {
  const { deletionPolicy } = (spec ?? {}) as { readonly deletionPolicy?: unknown };
  return deletionPolicy === "Cancel" || deletionPolicy === "Orphan" ? deletionPolicy : "Drain";
}

/** When what pollers published before they were stopped is taken in. */
function drainedAt(run: FeedRun, policy: "Drain" | "Cancel"): EpochMs {
  const since = Date.parse(run.object.metadata.deletionTimestamp ?? "") || run.now;
  return since + (policy === "Drain" ? drainMs(run) : 0);
}

/** Until every window has ended that ends within an interval after the last quote, or for a minute. */
function drainMs({ memory, object }: FeedRun): EpochMs {
  const read = memory.feeds.read(object);
  if (!read.ok) return UNDER_WAY_MS;
  const offset = Math.max(...windowSpecs(read.feed.spec).map(({ offsetMs }) => offsetMs));
  return Math.min(durationMs(read.feed.spec.polling.interval) + offset + UNDER_WAY_MS, LONGEST_DRAIN_MS);
}

function hasEnded({ status }: KubeObject): boolean {
  const { phase } = (status ?? {}) as { readonly phase?: string };
  return phase === "Succeeded" || phase === "Failed";
}
