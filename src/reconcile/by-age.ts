import type { KubeObject } from "../api/kube-object.ts";

/** Orders objects by when they were made, then by name: the same order whoever asks. */
export function byAge(one: KubeObject, other: KubeObject): number {
  const [a, b] = [one.metadata, other.metadata];
  const [madeA, madeB] = [a.creationTimestamp ?? "", b.creationTimestamp ?? ""];
  if (madeA !== madeB) return madeA < madeB ? -1 : 1;
  if (a.name !== b.name) return a.name < b.name ? -1 : 1;
  return 0;
}
