import type { KubeObject } from "../api/kube-object.ts";
import { type Trouble, troubleOfStart } from "./finished-poller.ts";

/** How many Pods of a Deployment or StatefulSet run, and run what is wanted. */
export type WorkloadState = "Running" | "Updating" | "Starting";

interface ReplicaStatus {
  readonly observedGeneration?: number;
  readonly readyReplicas?: number;
  readonly updatedReplicas?: number;
}

/** The state of a workload of one replica, by its status; one that is not in the cache yet is about to start. */
export function workloadState(workload: KubeObject | undefined): WorkloadState {
  const { observedGeneration, readyReplicas = 0, updatedReplicas } = (workload?.status ?? {}) as ReplicaStatus;
  if (readyReplicas < 1) return "Starting";
  const seen = observedGeneration === undefined || observedGeneration >= (workload?.metadata.generation ?? 0);
  return seen && (updatedReplicas === undefined || updatedReplicas >= 1) ? "Running" : "Updating";
}

interface PodStatus {
  readonly conditions?: readonly {
    readonly type?: string;
    readonly status?: string;
    readonly reason?: string;
    readonly message?: string;
  }[];
  readonly containerStatuses?: readonly {
    readonly state?: { readonly waiting?: { readonly reason?: string; readonly message?: string } };
    readonly lastState?: { readonly terminated?: { readonly exitCode?: number; readonly reason?: string } };
  }[];
}

/** What keeps a Pod from running, as far as its status tells; undefined where it is only on its way. */
export function troubleOfPod(pod: KubeObject): Trouble | undefined {
  const { conditions = [], containerStatuses = [] } = (pod.status ?? {}) as PodStatus;
  const unscheduled = conditions.find(({ type, status }) => type === "PodScheduled" && status === "False");
  if (unscheduled?.reason === "Unschedulable") return troubleOfStart("Unschedulable", unscheduled.message);
  for (const { state, lastState } of containerStatuses) {
    const { reason, message } = state?.waiting ?? {};
    if (reason === undefined || reason === "ContainerCreating" || reason === "PodInitializing") continue;
    if (reason !== "CrashLoopBackOff") return troubleOfStart(reason, message);
    const look = `kubectl -n ${pod.metadata.namespace ?? "default"} logs ${pod.metadata.name} --previous`;
    const code = lastState?.terminated?.exitCode ?? "?";
    return { reason, message: `A Pod ends again and again, last with code ${code}. See: ${look}` };
  }
  return undefined;
}
