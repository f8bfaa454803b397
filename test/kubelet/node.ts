/** The Node that Pods are bound to: always Ready, of the size of this machine, with a Lease that is renewed. */
import { hostname } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import { type KubeClient, KubeRefusal } from "../kube-client.ts";
import { timestamp } from "./pod.ts";

const LEASES = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases";
const LEASE_SECONDS = 40;

/**
 * Makes the Node, or takes the one that is there, and says that it is Ready.
 * @param port where its kubelet listens on 127.0.0.1; undefined where it does not
 */
export async function registerNode(client: KubeClient, name: string, maxPods: number, port?: number): Promise<void> {
  const labels = { "kubernetes.io/hostname": name, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64" };
  await unlessThere(() => client.create("/api/v1/nodes", { metadata: { name, labels } }));
  const size = { cpu: "64", memory: "256Gi", pods: String(maxPods) };
  const times = { lastHeartbeatTime: timestamp(), lastTransitionTime: timestamp() };
  const status = {
    capacity: size,
    allocatable: size,
    addresses: [
      { type: "InternalIP", address: "127.0.0.1" },
      // By which the API server calls a kubelet, before its IP.
      { type: "Hostname", address: port === undefined ? hostname() : "127.0.0.1" },
    ],
    ...(port !== undefined && { daemonEndpoints: { kubeletEndpoint: { Port: port } } }),
    conditions: [{ type: "Ready", status: "True", reason: "KubeletReady", message: "test kubelet", ...times }],
  };
  await client.patch(`/api/v1/nodes/${name}/status`, { status });
  // A new Node gets the taint `not-ready`, which the node lifecycle controller would take away.
  await client.patch(`/api/v1/nodes/${name}`, { spec: { taints: null } });
}

/** Renews the Node's Lease until the signal; what fails is tried again at the next time. */
export async function heartbeat(client: KubeClient, name: string, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const now = new Date().toISOString().replace("Z", "000Z");
    const spec = { holderIdentity: name, leaseDurationSeconds: LEASE_SECONDS, renewTime: now };
    await renew(client, name, spec).catch(() => undefined);
    await delay((LEASE_SECONDS / 4) * 1000, undefined, { signal }).catch(() => undefined);
  }
}

async function renew(client: KubeClient, name: string, spec: object): Promise<void> {
  await unlessThere(() => client.create(LEASES, { metadata: { name }, spec }));
  await client.patch(`${LEASES}/${name}`, { spec });
}

async function unlessThere(create: () => Promise<unknown>): Promise<void> {
  try {
    await create();
  } catch (error) {
    if (!(error instanceof KubeRefusal) || error.code !== 409) throw error;
  }
}
