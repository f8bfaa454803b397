/** Kubeconfigs for a service account, with a token that the server issues. */
import { readFile, writeFile } from "node:fs/promises";
import { KubeConfig } from "@kubernetes/client-node";
import { KubeClient } from "./kube-client.ts";

export interface AccountToken {
  readonly namespace: string;
  readonly account: string;
  /** How long the token lives; a server gives no less than ten minutes. */
  readonly seconds: number;
  /** The Pod that it is bound to: it ends with it. */
  readonly pod?: { readonly name: string; readonly uid: string };
}

/** @param admin path of a kubeconfig that may issue tokens @param path of the file to write, whose namespace is the account's */
export async function writeAccountKubeconfig(admin: string, path: string, wanted: AccountToken): Promise<void> {
  const { namespace, account, seconds, pod } = wanted;
  const { server, authority } = await currentCluster(admin);
  const { status } = await new KubeClient(admin).create<{ status: { token: string } }>(
    `/api/v1/namespaces/${namespace}/serviceaccounts/${account}/token`,
    { spec: { expirationSeconds: seconds, ...(pod && { boundObjectRef: { apiVersion: "v1", kind: "Pod", ...pod } }) } },
  );
  const config = {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "test", cluster: { server, "certificate-authority-data": authority.toString("base64") } }],
    users: [{ name: account, user: { token: status.token } }],
    contexts: [{ name: "test", context: { cluster: "test", user: account, namespace } }],
    "current-context": "test",
  };
  // JSON is YAML.
  await writeFile(path, JSON.stringify(config, undefined, 2), { mode: 0o600 });
}

/** The server of a kubeconfig's current context, and the certificate that it is checked by. */
export async function currentCluster(kubeconfig: string): Promise<{ server: string; authority: Buffer }> {
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  const cluster = config.getCurrentCluster();
  if (cluster === null) throw new Error(`${kubeconfig} has no current cluster`);
  const { server, caData, caFile } = cluster;
  if (caData !== undefined) return { server, authority: Buffer.from(caData, "base64") };
  return { server, authority: caFile === undefined ? Buffer.alloc(0) : await readFile(caFile) };
}
