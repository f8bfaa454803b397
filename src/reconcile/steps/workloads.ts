import type { KubeObject } from "../../api/kube-object.ts";
import { feedLabel } from "../../plan/names.ts";
import type { Part } from "../conditions.ts";
import { type Component, ownershipOf } from "../kube-ownership.ts";
import { done, type Outcome, stalled, waiting } from "../outcome.ts";
import { deleteWorkloads, WORKLOAD_KINDS } from "../own-workloads.ts";
import { renderedFeed } from "../jobs/engines.ts";
import { adopts, changeOf, restartText } from "../run-facts.ts";
import type { Step, ValidRun } from "../run.ts";
import { isOf } from "../workload-book.ts";

/** How soon to look whether an object that is being deleted is gone; its going is an event too. */
const GONE_MS = 2_000;

/** How soon to look at what somebody else has: it is not watched. */
const FOREIGN_MS = 30_000;

/** Sees that the CronJob or Deployment that polls is as it is wanted. */
export const ensurePoller: Step = ensureWorkloads("poller", "PollingReady");

/** Sees that the StatefulSet of the engine is as it is wanted. */
export const ensureEngine: Step = ensureWorkloads("stream", "PipelineReady");

/** Removes workloads of the feed that the spec no longer wants, such as the CronJob of one that polls by Deployment. */
export const pruneWorkloads: Step = {
  name: "prune-workloads",
  otherwise: "go-on",
  async run(run): Promise<Outcome> {
    const wanted = new Set(wantedObjects(run).map(({ kind, metadata }) => `${kind} ${metadata.name}`));
    await deleteWorkloads(run, { keep: ({ kind, metadata }) => wanted.has(`${kind} ${metadata.name}`) });
    return done;
  },
};

function ensureWorkloads(component: Component, part: Part): Step {
  return {
    name: `ensure-${component}`,
    part,
    otherwise: "go-on",
    async run(run): Promise<Outcome> {
      for (const wanted of wantedObjects(run)) {
        if (isOf("poller", wanted) !== (component === "poller")) continue;
        const hindrance = await hindranceOf(run, wanted);
        if (hindrance !== undefined) return hindrance;
        const outcome = await run.ports.cluster.apply(wanted);
        const object = `${wanted.kind} ${wanted.metadata.name}`;
        if (outcome === "created") run.changes.push(changeOf(run, part, "created", object));
        else if (outcome !== "unchanged") run.changes.push({ kind: outcome, object });
      }
      return done;
    },
  };
}

function wantedObjects(run: ValidRun): readonly KubeObject[] {
  return run.memory.workloads.objects(run.object, renderedFeed(run), run.hold, restartText(run));
}

/** Why an object can't be applied now. What belongs to others is never overwritten, unless the author says so. */
async function hindranceOf(run: ValidRun, wanted: KubeObject): Promise<Outcome | undefined> {
  const kind = WORKLOAD_KINDS.find((watched) => watched === wanted.kind);
  if (kind === undefined) return undefined;
  const { name, namespace = "" } = wanted.metadata;
  const present = run.ports.cluster.get({ kind, namespace, name });
  if (present === undefined) {
    if (run.messagingReady) return undefined;
    return waiting("MessagingNotReady", "The topic and its subscription come first; see MessagingReady.");
  }
  const { uid, deletionTimestamp } = present.metadata;
  if (deletionTimestamp !== undefined) return waiting("Replacing", `${kind} ${name} is being deleted.`, GONE_MS);
  const ownership = ownershipOf(present, run.object, feedLabel(run.feed));
  if (ownership.kind === "leftover") {
    await run.ports.cluster.delete({ kind, namespace, name, ...(uid !== undefined && { uid }) });
    return waiting("Replacing", `${kind} ${name} is of an earlier feed of this name and goes first.`, GONE_MS);
  }
  if (ownership.kind === "ours" || adopts(run)) return undefined;
  const fix = 'Delete or rename that one, or take it over with the annotation stockfeed.dev/adopt: "true".';
  return stalled("NameConflict", `${kind} ${namespace}/${name} ${ownership.owner}. ${fix}`, FOREIGN_MS);
}
