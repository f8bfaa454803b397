import type { KubeObject } from "../api/kube-object.ts";
import type { WatchedKind } from "../controller-ports.ts";
import { feedLabel } from "../plan/names.ts";
import { type Component, COMPONENT_LABEL, FEED_LABEL, ownershipOf } from "./kube-ownership.ts";
import type { FeedRun } from "./run.ts";

/** Kinds of a feed's workloads; each is watched. */
export const WORKLOAD_KINDS = ["CronJob", "Deployment", "StatefulSet"] as const satisfies readonly WatchedKind[];

/** The workloads that are the feed's, wanted or not, as the cache has them. */
export function ownWorkloads(run: Pick<FeedRun, "object" | "ports">, component?: Component): KubeObject[] {
  const { object, ports } = run;
  const { name, namespace = "" } = object.metadata;
  const label = feedLabel({ metadata: { name, namespace } });
  const labels = { [FEED_LABEL]: label, ...(component !== undefined && { [COMPONENT_LABEL]: component }) };
  return WORKLOAD_KINDS.flatMap((kind) => ports.cluster.list(kind, { namespace, labels })).filter(
    (workload) => ownershipOf(workload, object, label).kind === "ours",
  );
}

/** Deletes the feed's workloads except those that are to stay; Pods end in the background. */
export async function deleteWorkloads(
  run: Pick<FeedRun, "object" | "ports" | "changes">,
  { component, keep = () => false }: { component?: Component; keep?: (workload: KubeObject) => boolean } = {},
): Promise<void> {
  for (const workload of ownWorkloads(run, component)) {
    const { name, namespace = "", uid, deletionTimestamp } = workload.metadata;
    if (keep(workload) || deletionTimestamp !== undefined) continue;
    await run.ports.cluster.delete({ kind: workload.kind, namespace, name, ...(uid !== undefined && { uid }) });
    run.changes.push({ kind: "deleted", object: `${workload.kind} ${name}` });
  }
}
