/**
 * How an API server is reached, of the two kinds that need no library: a Pod's service account, and a kubeconfig whose
 * user has a token or a certificate. What Kubernetes' own client library reads beside these (exec plugins, cloud
 * accounts, proxies) is left to it: it takes half a second and 70 MiB to load, which an operator in a Pod does without.
 */
import { existsSync, readFileSync } from "node:fs";
import type { RequestOptions } from "node:https";
import { isIPv6 } from "node:net";
import { dirname, join, resolve } from "node:path";
import { parse } from "yaml";
import { z } from "zod";

/** What a connection needs to know; the client library's KubeConfig is one too. */
export interface ApiAccess {
  /** Null where there is no current cluster. */
  getCurrentCluster(): { readonly server: string; readonly proxyUrl?: string } | null;
  getCurrentUser(): { readonly exec?: unknown } | null;
  /** Adds what the server is checked by, and who asks. Rejects where a file can't be read. */
  applyToHTTPSOptions(options: RequestOptions): Promise<void>;
}

/** An access, and the namespace that goes with it. */
export interface NamedAccess {
  readonly access: ApiAccess;
  readonly namespace?: string;
}

const SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount";

/** The access of the Pod that this process is in; undefined where it is in none, or has no token there. */
export function podAccess(
  env: Readonly<Record<string, string | undefined>>,
  directory = SERVICE_ACCOUNT,
): NamedAccess | undefined {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = env;
  const [token, authority, namespace] = ["token", "ca.crt", "namespace"].map((name) => join(directory, name));
  if (!host || !port || token === undefined || !existsSync(token)) return undefined;
  const server = `https://${isIPv6(host) ? `[${host}]` : host}:${port}`;
  const access = accessOf(server, () => ({ ca: bytesOf(authority), token: bytesOf(token)?.toString().trim() }));
  return { access, ...(namespace !== undefined && existsSync(namespace) && { namespace: textOf(namespace) }) };
}

const cluster = z
  .strictObject({
    server: z.string().startsWith("https://"),
    "certificate-authority": z.string().optional(),
    "certificate-authority-data": z.string().optional(),
    extensions: z.unknown().optional(),
  })
  .refine(isSaidOnce);
const user = z
  .strictObject({
    token: z.string().optional(),
    "client-certificate": z.string().optional(),
    "client-certificate-data": z.string().optional(),
    "client-key": z.string().optional(),
    "client-key-data": z.string().optional(),
  })
  .refine(isSaidOnce);
const context = z.object({ cluster: z.string(), user: z.string(), namespace: z.string().optional() });
const name = z.string();
const kubeconfig = z.object({
  "current-context": name,
  clusters: z.array(z.object({ name, cluster: z.unknown() })),
  users: z.array(z.object({ name, user: z.unknown() })),
  contexts: z.array(z.object({ name, context: z.unknown() })),
});

/**
 * The access that a kubeconfig's current context describes; undefined where it says more than is understood here.
 * @throws where the file can't be read
 */
export function kubeconfigAccess(path: string): NamedAccess | undefined {
  const text = readFileSync(path, "utf8");
  const file = kubeconfig.safeParse(parsed(text)).data;
  if (file === undefined) return undefined;
  const at = context.safeParse(named(file.contexts, file["current-context"])?.context).data;
  const where = cluster.safeParse(named(file.clusters, at?.cluster)?.cluster).data;
  const who = user.safeParse(named(file.users, at?.user)?.user).data;
  if (where === undefined || who === undefined) return undefined;
  const contents = (data: string | undefined, at: string | undefined) =>
    data === undefined ? bytesOf(at && resolve(dirname(path), at)) : Buffer.from(data, "base64");
  const access = accessOf(where.server, () => ({
    ca: contents(where["certificate-authority-data"], where["certificate-authority"]),
    cert: contents(who["client-certificate-data"], who["client-certificate"]),
    key: contents(who["client-key-data"], who["client-key"]),
    token: who.token,
  }));
  return { access, ...(at?.namespace !== undefined && { namespace: at.namespace }) };
}

type Credentials = Pick<RequestOptions, "ca" | "cert" | "key"> & { readonly token?: string | undefined };

/** @param read reads the files, at each use: what is in them changes */
function accessOf(server: string, read: () => Credentials): ApiAccess {
  return {
    getCurrentCluster: () => ({ server }),
    getCurrentUser: () => ({}),
    applyToHTTPSOptions: async (options) => {
      const { token, ...tls } = await Promise.resolve().then(read); // what it throws is a rejection
      Object.assign(options, tls);
      if (token) options.headers = { Authorization: `Bearer ${token}` };
    },
  };
}

/** Of a file and data in its place, readers disagree which counts. */
function isSaidOnce(fields: object): boolean {
  return Object.keys(fields).every((field) => !Object.hasOwn(fields, `${field}-data`));
}

function named<Entry extends { readonly name: string }>(entries: readonly Entry[], name: string | undefined) {
  return entries.find((entry) => entry.name === name);
}

function parsed(text: string): unknown {
  try {
    return parse(text);
  } catch {
    return undefined;
  }
}

function bytesOf(path: string | undefined): Buffer | undefined {
  return path === undefined ? undefined : readFileSync(path);
}

function textOf(path: string): string {
  return readFileSync(path, "utf8").trim();
}
