/** A Pod's status of its containers', as a kubelet writes it. */
import type { ContainerStatus, Phase } from "./pod.ts";

export interface PodStatus {
  readonly phase: Phase;
  readonly startTime: string;
  readonly hostIP: string;
  readonly podIP: string;
  readonly podIPs: readonly { readonly ip: string }[];
  readonly conditions: readonly Condition[];
  readonly containerStatuses: readonly ContainerStatus[];
}

interface Condition {
  readonly type: string;
  readonly status: "True" | "False";
  readonly reason?: string;
  readonly lastTransitionTime: string;
}

const LOCAL = "127.0.0.1";

/**
 * @param over whether all containers have ended for good
 * @param before the status that was computed last: times of conditions that have not changed stay
 */
export function podStatus(
  containers: readonly ContainerStatus[],
  over: boolean,
  now: string,
  before: PodStatus | undefined,
): PodStatus {
  const phase = phaseOf(containers, over);
  const ready = phase === "Running" && containers.every((each) => each.ready);
  const notReady = phase === "Succeeded" ? "PodCompleted" : phase === "Failed" ? "PodFailed" : "ContainersNotReady";
  const condition = (type: string, is: boolean, reason?: string): Condition => {
    const status = is ? "True" : "False";
    const old = before?.conditions.find((each) => each.type === type);
    const lastTransitionTime = old?.status === status ? old.lastTransitionTime : now;
    return { type, status, lastTransitionTime, ...(reason !== undefined && { reason }) };
  };
  return {
    phase,
    startTime: before?.startTime ?? now,
    hostIP: LOCAL,
    podIP: LOCAL,
    podIPs: [{ ip: LOCAL }],
    conditions: [
      condition("PodScheduled", true),
      condition("Initialized", true, phase === "Succeeded" ? "PodCompleted" : undefined),
      condition("ContainersReady", ready, ready ? undefined : notReady),
      condition("Ready", ready, ready ? undefined : notReady),
    ],
    containerStatuses: containers,
  };
}

function phaseOf(containers: readonly ContainerStatus[], over: boolean): Phase {
  if (over) return containers.every(succeeded) ? "Succeeded" : "Failed";
  const neverRan = containers.some((each) => "waiting" in each.state && !("terminated" in each.lastState));
  return neverRan ? "Pending" : "Running";
}

function succeeded({ state }: ContainerStatus): boolean {
  return "terminated" in state && state.terminated.exitCode === 0;
}
