/**
 * What runs a control plane: our one program (main.go), or etcd, kube-apiserver and kube-controller-manager of a
 * directory that `KUBEBUILDER_ASSETS` names, as setup-envtest fills it. That one has no controller manager; put one there
 * for tests of Jobs and StatefulSets.
 */
import { existsSync } from "node:fs";
import { request } from "node:https";
import { join } from "node:path";
import { freePort, ServerProcess } from "../server-process.ts";

export interface ServerSetup {
  readonly dataDir: string;
  readonly url: string;
  readonly apiServer: readonly string[];
  readonly controllerManager: readonly string[];
}

/** The processes, the first to be ended first. */
export async function startBuilt(program: string, setup: ServerSetup): Promise<ServerProcess[]> {
  const args = [
    `--data-dir=${setup.dataDir}`,
    `--ready-url=${setup.url}/readyz`,
    ...setup.apiServer.map((flag) => `--server-flag=${flag}`),
    ...setup.controllerManager.map((flag) => `--manager-flag=${flag}`),
  ];
  const server = new ServerProcess([program, ...args], join(setup.dataDir, "control-plane.log"));
  await untilReady(server, setup.url);
  return [server];
}

export async function startAssets(assets: string, setup: ServerSetup): Promise<ServerProcess[]> {
  const log = (name: string) => join(setup.dataDir, `${name}.log`);
  const etcdUrl = `http://127.0.0.1:${await freePort()}`;
  const peerUrl = `http://127.0.0.1:${await freePort()}`;
  const etcdFlags = [
    `--data-dir=${join(setup.dataDir, "etcd")}`,
    `--listen-client-urls=${etcdUrl}`,
    `--advertise-client-urls=${etcdUrl}`,
    `--listen-peer-urls=${peerUrl}`,
    "--unsafe-no-fsync",
    "--log-level=error",
  ];
  const etcd = new ServerProcess([join(assets, "etcd"), ...etcdFlags], log("etcd"));
  await etcd.until(async () => (await fetch(`${etcdUrl}/health`)).ok);
  const serverCommand = [join(assets, "kube-apiserver"), ...setup.apiServer, `--etcd-servers=${etcdUrl}`];
  const server = new ServerProcess(serverCommand, log("kube-apiserver"));
  await untilReady(server, setup.url);
  const manager = join(assets, "kube-controller-manager");
  if (!existsSync(manager)) return [server, etcd];
  return [new ServerProcess([manager, ...setup.controllerManager], log("kube-controller-manager")), server, etcd];
}

/** Ready is when the bootstrap roles are made too. */
async function untilReady(server: ServerProcess, url: string): Promise<void> {
  await server.until(async () => (await statusOf(`${url}/readyz`)) === 200);
}

/** The certificate is not checked: it is made while we ask, and one number is all that comes back. */
function statusOf(url: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { rejectUnauthorized: false, agent: false, timeout: 2000 }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    asked.once("timeout", () => asked.destroy(new Error(`${url} says nothing`))).once("error", reject);
    asked.end();
  });
}
