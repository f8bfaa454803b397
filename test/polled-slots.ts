import { decodeSummary } from "../src/quotes/poll-summary.ts";
import type { AnyObject, KubeClient } from "./kube-client.ts";

interface PollerPod extends AnyObject {
  readonly metadata: AnyObject["metadata"] & { readonly ownerReferences?: readonly { readonly uid: string }[] };
  readonly status?: {
    readonly phase?: string;
    readonly containerStatuses?: readonly { readonly state: { readonly terminated?: { readonly message?: string } } }[];
  };
}

/** Slots that pollers of a namespace have polled and told of as they ended, without those of Jobs of these UIDs. */
export async function slotsPolled(
  kube: KubeClient,
  namespace: string,
  without: readonly (string | undefined)[],
): Promise<number> {
  const { items } = await kube.list<PollerPod>(`/api/v1/namespaces/${namespace}/pods`);
  const slots = items
    .filter(({ metadata }) => metadata.ownerReferences?.every(({ uid }) => !without.includes(uid)))
    .filter(({ status }) => status?.phase === "Succeeded")
    .map(({ status }) => decodeSummary(status?.containerStatuses?.[0]?.state.terminated?.message ?? ""))
    .map((summary) => summary?.slotsPolled ?? 0);
  return slots.reduce((sum, polled) => sum + polled, 0);
}
