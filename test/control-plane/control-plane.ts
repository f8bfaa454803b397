/**
 * A Kubernetes control plane for tests: the real kube-apiserver, etcd and kube-controller-manager, each test file's own.
 *
 * - Up in some seconds; ready means that the API server says so and service accounts are made.
 * - `kill` is SIGKILL. After `restart` it is the same cluster at the same URL: objects, resource versions, tokens.
 * - `snapshot` and `restore` copy its data while it is down; started from an older copy its resource versions go back,
 *   which no client expects and every one has to survive.
 *
 * Its API server has no aggregation layer: no extension API server can be added (api-server.go says what else that means).
 * There is no node and no scheduler: test/kubelet brings both. `STOCKFEED_TEST_KUBECONFIG` names an existing cluster to be
 * used instead, with an administrator's rights; it can't be killed. Tests there share one cluster: make namespaces.
 */
import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type AccountToken, currentCluster, writeAccountKubeconfig } from "../account-kubeconfig.ts";
import { hasGo } from "../go-build.ts";
import { KubeClient } from "../kube-client.ts";
import { freePort, type ServerProcess } from "../server-process.ts";
import { builtControlPlane, buildControlPlane } from "./build.ts";
import { makeCredentials } from "./credentials.ts";
import { apiServerFlags, controllerManagerFlags } from "./server-flags.ts";
import { type ServerSetup, startAssets, startBuilt } from "./servers.ts";

const TOKEN_SECONDS = 3600;

export interface ControlPlaneOptions {
  /** Where it keeps everything; by default a new temporary directory, which `stop` removes. */
  readonly dataDir?: string;
  /** More flags of kube-apiserver, such as `--v=4`. */
  readonly apiServerFlags?: readonly string[];
  /** Names of the controllers to run in place of all that feeds need; a flag of that name would only add to them. */
  readonly controllers?: readonly string[];
  readonly controllerManagerFlags?: readonly string[];
}

export interface ControlPlane {
  /** Such as `https://127.0.0.1:23456`. */
  readonly url: string;
  /** Path of the administrator's kubeconfig. */
  readonly kubeconfig: string;
  /** Path of the certificate that the server is checked by. */
  readonly caFile: string;
  readonly dataDir: string;
  /** Whether it can be killed and restarted: not where it is somebody's cluster. */
  readonly restartable: boolean;
  /** Ends it at once; then `restart` starts it again. */
  kill(): Promise<void>;
  /** Starts it on the same data and port, after a kill where it runs; resolves when it is ready. */
  restart(): Promise<void>;
  /** Copies its data into a directory that does not exist yet. It has to be killed first. */
  snapshot(directory: string): Promise<void>;
  /** Puts the data of a snapshot in place of its own. It has to be killed first. */
  restore(directory: string): Promise<void>;
  /** Path of a kubeconfig with a fresh token of a service account; the account has to be there. */
  kubeconfigFor(namespace: string, serviceAccount: string, seconds?: number): Promise<string>;
  /** Ends it, and removes its data where the directory was not the caller's. */
  stop(): Promise<void>;
}

/** Why this machine has no control plane for tests, or undefined where it has one. */
export async function controlPlaneMissing(): Promise<string | undefined> {
  const { STOCKFEED_TEST_KUBECONFIG, KUBEBUILDER_ASSETS } = process.env;
  if (STOCKFEED_TEST_KUBECONFIG !== undefined || KUBEBUILDER_ASSETS !== undefined) return undefined;
  if ((await builtControlPlane()) !== undefined || hasGo()) return undefined;
  return "no Go to build the control plane with; set KUBEBUILDER_ASSETS or STOCKFEED_TEST_KUBECONFIG instead";
}

/** Starts a control plane, after building it where that has not been done. */
export async function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const existing = process.env.STOCKFEED_TEST_KUBECONFIG;
  if (existing !== undefined) return useExisting(existing);
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), "stockfeed-control-plane-")));
  await mkdir(dataDir, { recursive: true });
  const port = await freePort();
  const url = `https://127.0.0.1:${port}`;
  const files = await makeCredentials(dataDir, url);
  const setup: ServerSetup = {
    dataDir,
    url,
    apiServer: [...apiServerFlags(files, port), ...(options.apiServerFlags ?? [])],
    controllerManager: [
      ...controllerManagerFlags(files, options.controllers),
      ...(options.controllerManagerFlags ?? []),
    ],
  };

  let processes: ServerProcess[] = [];
  const end = async (signal: "SIGTERM" | "SIGKILL") => {
    for (const each of processes.splice(0)) await each.end(signal);
  };
  const start = async () => {
    processes = await startServers(setup);
    if (hasControllers()) await untilAccountsAreMade(files.kubeconfig);
  };
  const copyDown = async (from: string, to: string) => {
    if (processes.length > 0) throw new Error("The control plane runs: kill it before its data are copied.");
    await rm(to, { recursive: true, force: true });
    await cp(from, to, { recursive: true });
  };
  await start();
  return {
    url,
    dataDir,
    kubeconfig: files.kubeconfig,
    caFile: files.authority,
    restartable: true,
    kill: () => end("SIGKILL"),
    restart: async () => {
      await end("SIGKILL");
      await start();
    },
    snapshot: (directory) => copyDown(join(dataDir, "etcd"), directory),
    restore: (directory) => copyDown(directory, join(dataDir, "etcd")),
    kubeconfigFor: (namespace, account, seconds = TOKEN_SECONDS) =>
      kubeconfigIn(dataDir, files.kubeconfig, { namespace, account, seconds }),
    stop: async () => {
      await end("SIGTERM");
      if (options.dataDir === undefined) await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** Without a controller manager among the assets nobody makes service accounts. */
function hasControllers(): boolean {
  const { KUBEBUILDER_ASSETS } = process.env;
  return KUBEBUILDER_ASSETS === undefined || existsSync(join(KUBEBUILDER_ASSETS, "kube-controller-manager"));
}

async function startServers(setup: ServerSetup): Promise<ServerProcess[]> {
  const { KUBEBUILDER_ASSETS } = process.env;
  if (KUBEBUILDER_ASSETS !== undefined) return startAssets(KUBEBUILDER_ASSETS, setup);
  return startBuilt(await buildControlPlane(console.log), setup);
}

/** Without its default service account a namespace takes no Pods; that they are there shows that controllers run. */
async function untilAccountsAreMade(kubeconfig: string): Promise<void> {
  const client = new KubeClient(kubeconfig);
  for (;;) {
    const { items } = await client.list("/api/v1/serviceaccounts");
    const namespaces = items.map(({ metadata }) => metadata.namespace);
    if (namespaces.includes("default") && namespaces.includes("kube-system")) return;
    await delay(50);
  }
}

async function kubeconfigIn(directory: string, admin: string, wanted: AccountToken): Promise<string> {
  const path = join(directory, `${wanted.namespace}.${wanted.account}.kubeconfig`);
  await writeAccountKubeconfig(admin, path, wanted);
  return path;
}

async function useExisting(kubeconfig: string): Promise<ControlPlane> {
  const { server, authority } = await currentCluster(kubeconfig);
  const dataDir = await mkdtemp(join(tmpdir(), "stockfeed-cluster-"));
  const caFile = join(dataDir, "authority.crt");
  await writeFile(caFile, authority);
  const refuse = () =>
    Promise.reject(new Error("This is an existing cluster: it can't be killed, restarted or copied."));
  return {
    url: server,
    kubeconfig,
    caFile,
    dataDir,
    restartable: false,
    kill: refuse,
    restart: refuse,
    snapshot: refuse,
    restore: refuse,
    kubeconfigFor: (namespace, account, seconds = TOKEN_SECONDS) =>
      kubeconfigIn(dataDir, kubeconfig, { namespace, account, seconds }),
    stop: () => rm(dataDir, { recursive: true, force: true }),
  };
}
