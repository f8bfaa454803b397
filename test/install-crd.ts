import { setTimeout as delay } from "node:timers/promises";
import { CRD_NAME, stockFeedCrd } from "../src/api/crd.ts";
import { type KubeRequests, kubeRequests } from "./kube-request.ts";

const CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const FEEDS = "/apis/stockfeed.dev/v1alpha1/stockfeeds";
const PATIENCE_MS = 30_000;

/**
 * Puts the CRD onto an API server, or brings the one that is there up to date, and comes back once StockFeeds are served.
 * @param kubeconfig the file's path
 * @throws when the server refuses it, or doesn't serve it within 30 s, with what it said
 */
export async function installCrd(kubeconfig: string): Promise<void> {
  const requests = kubeRequests(kubeconfig);
  try {
    const path = `${CRDS}/${CRD_NAME}?fieldManager=install-crd&force=true`;
    const { status, body } = await requests.send("PATCH", path, stockFeedCrd(), "application/apply-patch+yaml");
    if (status > 201) throw new Error(`The API server refused the CRD: ${status} ${String(body.message)}`);
    await served(requests);
  } finally {
    requests.close();
  }
}

/** A just-made CRD is not found for a moment, then asks to come back, and is there. */
async function served(requests: KubeRequests): Promise<void> {
  const before = performance.now();
  for (;;) {
    const { body: crd } = await requests.send("GET", `${CRDS}/${CRD_NAME}`);
    const conditions =
      (crd.status as { conditions?: { type: string; status: string }[] } | undefined)?.conditions ?? [];
    const established = conditions.some(({ type, status }) => type === "Established" && status === "True");
    const { status, body } = await requests.send("GET", `${FEEDS}?limit=1`);
    if (established && status === 200) return;
    if (performance.now() - before > PATIENCE_MS) {
      throw new Error(`StockFeeds are not served: ${status} ${String(body.message)}`);
    }
    await delay(50);
  }
}
