import { setTimeout as delay } from "node:timers/promises";
import { CRD_NAME, stockFeedCrd } from "../src/api/crd.ts";
import { type AnyObject, KubeClient, KubeRefusal } from "./kube-client.ts";

const CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const FEEDS = "/apis/stockfeed.dev/v1alpha1/stockfeeds";
const PATIENCE_MS = 30_000;

/** The part of a CRD that says whether it is served. */
interface Crd extends AnyObject {
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

/**
 * Puts the CRD onto an API server, or brings the one that is there up to date, and comes back once StockFeeds are served.
 * @param kubeconfig the file's path
 * @throws when the server refuses it, or doesn't serve it within 30 s, with what it said
 */
export async function installCrd(kubeconfig: string): Promise<void> {
  const client = new KubeClient(kubeconfig);
  const path = `${CRDS}/${CRD_NAME}?fieldManager=install-crd&force=true`;
  await client.patch(path, stockFeedCrd(), "apply");
  const before = performance.now();
  for (;;) {
    const refusal = await refusalOfFeeds(client);
    if (refusal === undefined) return;
    if (performance.now() - before > PATIENCE_MS) throw refusal;
    await delay(50);
  }
}

/** A just-made CRD is not found for a moment, then asks to come back, and is there. */
async function refusalOfFeeds(client: KubeClient): Promise<Error | undefined> {
  const { status } = await client.get<Crd>(`${CRDS}/${CRD_NAME}`);
  if (status?.conditions?.some(({ type, status }) => type === "Established" && status === "True") !== true) {
    return new Error("The CRD is not established.");
  }
  try {
    await client.list(`${FEEDS}?limit=1`);
    return undefined;
  } catch (error) {
    if (error instanceof KubeRefusal) return error;
    throw error;
  }
}
