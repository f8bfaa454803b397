import { beforeEach } from "vitest";
import type { KubeClient } from "./kube-client.ts";
import type { Kubelet } from "./kubelet/kubelet.ts";

/**
 * In a `describe` whose tests are steps of one course, each of which needs the ones before it: after one that failed the
 * others are skipped. Such a `describe` takes no second try either (`retry: 0`): it would find the course broken off.
 * @param tell says more of why a step failed
 */
export function stepsOfOneCourse(tell: () => Promise<void> = () => Promise.resolve()): void {
  let failed = false;
  beforeEach(({ skip, onTestFailed }) => {
    skip(failed, "a step before it failed");
    onTestFailed(async () => {
      failed = true;
      await tell();
    });
  });
}

/** Prints what each Pod said last. */
export async function printPodLogs(kube: KubeClient, kubelet: Kubelet): Promise<void> {
  for (const { metadata } of (await kube.list("/api/v1/pods")).items) {
    const { namespace = "", name } = metadata;
    console.log(`${namespace}/${name}:\n${kubelet.logs(namespace, name).slice(-4_000)}`);
  }
}
