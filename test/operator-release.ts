/** What a release of the charts has on a cluster, and what it leaves alone, for tests of an upgrade from 0.1.0. */
import { resolve } from "node:path";
import type { KubeClient } from "./kube-client.ts";
import { FEEDS } from "./operator-world.ts";

const SYSTEM = "stockfeed-system";
const CRONJOBS = "/apis/batch/v1/namespaces/markets/cronjobs";
const ENGINES = "/apis/apps/v1/namespaces/markets/statefulsets";
const CLUSTER_ROLES = "/apis/rbac.authorization.k8s.io/v1/clusterroles";

/** A chart of 0.1.0, packaged as it was in the first commit whose charts were installed and upgraded in a test. */
export function previousChart(name: "stockfeed-operator" | "stockfeeds"): string {
  return resolve(`test/previous-release/${name}-0.1.0.tgz`);
}

/** Which versions' charts the operator and its rights are of: one, where a release is whole. */
export async function versions(kube: KubeClient): Promise<(string | undefined)[]> {
  const paths = [`/apis/apps/v1/namespaces/${SYSTEM}/deployments`, CLUSTER_ROLES];
  const objects = await Promise.all(paths.map((path) => kube.get(`${path}/stockfeed-operator`)));
  return [...new Set(objects.map(({ metadata }) => metadata.labels?.["app.kubernetes.io/version"]))];
}

/**
 * Whether the API server knows a field of a feed's status that 0.1.0 had not; it writes nothing.
 * @throws where it refuses it for another reason
 */
export async function takesWantedHash(kube: KubeClient): Promise<boolean> {
  const pipeline = { window: "1m", engine: "Embedded", state: "Running", specHash: "a", wantedHash: "b" };
  try {
    const path = `${FEEDS}/tech/status?dryRun=All&fieldValidation=Strict`;
    await kube.patch(path, { status: { pipelines: [pipeline] } });
    return true;
  } catch (error) {
    if (error instanceof Error && error.message.includes("wantedHash")) return false;
    throw error;
  }
}

/** Feeds and the workloads that poll and compute for them, by name, UID and generation: the same where none was changed. */
export async function workOfFeeds(kube: KubeClient): Promise<unknown> {
  const lists = await Promise.all([FEEDS, CRONJOBS, ENGINES].map((path) => kube.list(path)));
  return lists.flatMap(({ items }) => items.map(({ metadata: { name, uid, generation } }) => [name, uid, generation]));
}
