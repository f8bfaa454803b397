import type { KubeObject } from "../../src/api/kube-object.ts";
import type { FaultWorld } from "./operator-world.ts";

/**
 * All that operators made in a namespace and its project, without what tells how and where it came about: what a feed has
 * in two namespaces, or at two times, can be compared.
 */
export async function endStateOf(world: FaultWorld, namespace: string): Promise<unknown> {
  const plain = (text: string) =>
    text.replaceAll(namespace, "NAMESPACE").replaceAll(/-[0-9a-z]{8}-(?=quotes|windows|archive)/g, "-HASH-");
  const workloads = (await world.workloads(namespace)).map(({ kind, metadata, spec }: KubeObject) => {
    const { name, labels, ownerReferences } = metadata;
    return { kind, name, labels, owners: ownerReferences?.map((owner) => owner.name), spec };
  });
  const cloud = [...world.pubsub.topics.values(), ...world.pubsub.subscriptions.values()];
  const objects = cloud.filter(({ name }) => name.startsWith(`projects/${namespace}/`));
  return JSON.parse(plain(JSON.stringify([...workloads, ...objects].sort(byName)))) as unknown;
}

function byName(a: { readonly name?: string }, b: { readonly name?: string }): number {
  return (a.name ?? "").localeCompare(b.name ?? "");
}
