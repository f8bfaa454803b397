/**
 * A kubelet and scheduler for tests: binds the Pods of an API server to its Node and runs their containers as local
 * processes, so that CronJob → Job → Pod → program is real but for the container.
 *
 * Held to what a kubelet does: environment with the downward API, Secrets and ConfigMaps; a service account's bound token;
 * exit codes and termination messages; restart policies with back-off; HTTP probes; SIGTERM, grace period, SIGKILL;
 * phases, conditions and container statuses; deletion, forced too. A server that goes away and comes back, on older data
 * too, is waited for, and processes are then made what its Pods say.
 *
 * How a process differs from a container: it has no mounts, so that
 * - a service account's token comes as a kubeconfig, whose path is in KUBECONFIG,
 * - environment values equal to the termination message path become a real file's path;
 * and it shares the machine's ports, so that every container with STOCKFEED_METRICS_PORT gets a free one in its place, also
 * in its probes; the Pod's annotation `test.stockfeed.dev/port` has the last. Every Pod's IP is 127.0.0.1.
 *
 * What it does not do: volumes, init containers and sidecars, probes other than httpGet, resources and their limits, node
 * selectors, affinity and tolerations, priorities, activeDeadlineSeconds of a Pod itself, image pulls, lifecycle hooks,
 * token rotation (a token lives for a day), Events.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { KubeClient } from "../kube-client.ts";
import { ContainerStarter } from "./container-starter.ts";
import { serveLogs } from "./log-server.ts";
import { heartbeat, registerNode } from "./node.ts";
import { NodePods } from "./node-pods.ts";
import { followPods } from "./pod-feed.ts";
import { podLogs } from "./pod-logs.ts";

/** How long stopped processes have, in seconds, when the kubelet stops. */
const STOP_GRACE = 5;

export interface KubeletOptions {
  /** Path of an administrator's kubeconfig. */
  readonly kubeconfig: string;
  /** What an image runs: the beginning of the command line, which a container's args are added to. */
  readonly images: Readonly<Record<string, readonly string[]>>;
  /** What every process gets on top of its container's environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Where a `service.namespace:port` in a container's variable is, in place of a cluster's DNS and proxy. */
  readonly services?: Readonly<Record<string, () => Promise<string>>>;
  readonly nodeName?: string;
  /** Pods that run at once; more wait unbound. By default 100. */
  readonly maxPods?: number;
  /** Path of a certificate, its key beside it, to serve logs by, for `kubectl logs`; without one there are none. */
  readonly certificate?: string;
  /** The first wait before a crashed container is restarted once more, in milliseconds; a real kubelet's is 10 s. */
  readonly backoff?: number;
}

export interface Kubelet {
  readonly nodeName: string;
  /** All that the Pods of a name have written so far, oldest first; a Pod's log outlives it. */
  logs(namespace: string, pod: string, container?: string): string;
  /** Process of a Pod's container (by default its first), while it runs. */
  pid(namespace: string, pod: string, container?: string): number | undefined;
  /** Ends all processes (SIGTERM, then SIGKILL) and writes nothing more: as if the machine had lost its network. */
  stop(): Promise<void>;
}

/** Starts a kubelet; its Node is Ready when this resolves. */
export async function startKubelet(options: KubeletOptions): Promise<Kubelet> {
  const { nodeName = "test-node", maxPods = 100 } = options;
  const client = new KubeClient(options.kubeconfig);
  const directory = await mkdtemp(join(tmpdir(), "stockfeed-kubelet-"));
  const { certificate } = options;
  const logs = (namespace: string, pod: string, container?: string) => podLogs(directory, namespace, pod, container);
  const logServer = certificate === undefined ? undefined : await serveLogs(certificate, logs);
  await registerNode(client, nodeName, maxPods, logServer?.port);
  const starter = new ContainerStarter(client, directory, options);
  const pods = new NodePods(client, nodeName, maxPods, options.backoff ?? 10_000, starter);
  const stopped = new AbortController();
  const loops = [heartbeat(client, nodeName, stopped.signal), followPods(client, stopped.signal, pods)];
  return {
    nodeName,
    logs,
    pid: (namespace, pod, container) => pods.find(namespace, pod)?.pid(container),
    stop: async () => {
      stopped.abort();
      logServer?.stop();
      await Promise.all([...loops, pods.stop(STOP_GRACE)]);
      await rm(directory, { recursive: true, force: true });
    },
  };
}
