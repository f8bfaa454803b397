import { setTimeout as delay } from "node:timers/promises";
import { stockFeedCrd } from "../src/api/crd.ts";
import type { KubeObject } from "../src/api/kube-object.ts";
import { type AnyObject, KubeClient, KubeRefusal } from "./kube-client.ts";

const CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const PATIENCE_MS = 30_000;

/** The part of a CRD that says what it is of, and whether it is served. */
interface Crd extends AnyObject {
  readonly spec: {
    readonly group: string;
    readonly names: { readonly plural: string };
    readonly versions: readonly { readonly name: string }[];
  };
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

/**
 * Puts a CRD onto an API server, or brings the one that is there up to date, and comes back once its kind is served.
 * @param kubeconfig the file's path
 * @param crd StockFeed's, unless told otherwise
 * @throws when the server refuses it, or doesn't serve it within 30 s, with what it said
 */
export async function installCrd(kubeconfig: string, crd: KubeObject = stockFeedCrd()): Promise<void> {
  const client = new KubeClient(kubeconfig);
  const path = `${CRDS}/${crd.metadata.name}`;
  await client.patch(`${path}?fieldManager=install-crd&force=true`, crd, "apply");
  const before = performance.now();
  for (;;) {
    const refusal = await refusalOf(client, path);
    if (refusal === undefined) return;
    if (performance.now() - before > PATIENCE_MS) throw refusal;
    await delay(50);
  }
}

/** A just-made CRD is not found for a moment, then asks to come back, and is there. */
async function refusalOf(client: KubeClient, path: string): Promise<Error | undefined> {
  const { spec, status } = await client.get<Crd>(path);
  if (status?.conditions?.some(({ type, status }) => type === "Established" && status === "True") !== true) {
    return new Error(`${path} is not established.`);
  }
  try {
    await client.list(`/apis/${spec.group}/${spec.versions[0]?.name ?? ""}/${spec.names.plural}?limit=1`);
    return undefined;
  } catch (error) {
    if (error instanceof KubeRefusal) return error;
    throw error;
  }
}
