import { mkdtemp, rm, writeFile } from "node:fs/promises";
import type { RequestOptions } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { KubeConfig } from "@kubernetes/client-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ApiAccess, kubeconfigAccess, podAccess } from "./api-access.ts";

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "stockfeed-access-"));
  for (const name of ["ca.crt", "user.crt", "user.key"]) await writeFile(join(directory, name), `the ${name}`);
  await writeFile(join(directory, "token"), "s3cret\n");
  await writeFile(join(directory, "namespace"), "markets\n");
});
afterAll(() => rm(directory, { recursive: true }));

const data = (text: string) => Buffer.from(text).toString("base64");

async function written(cluster: object, user: object, more: object = {}): Promise<string> {
  const path = join(directory, "config");
  const config = {
    apiVersion: "v1",
    kind: "Config",
    clusters: [
      { name: "other", cluster: { server: "https://other" } },
      { name: "c", cluster: { server: "https://127.0.0.1:6443", ...cluster } },
    ],
    users: [{ name: "u", user }],
    contexts: [{ name: "x", context: { cluster: "c", user: "u", namespace: "markets" } }],
    "current-context": "x",
    ...more,
  };
  await writeFile(path, JSON.stringify(config));
  return path;
}

/** What a connection makes of an access; texts in place of bytes. */
async function seen(access: Pick<ApiAccess, "getCurrentCluster" | "applyToHTTPSOptions">) {
  const options: RequestOptions = {};
  await access.applyToHTTPSOptions(options);
  const { ca, cert, key, headers, servername, rejectUnauthorized } = options;
  const text = (value: unknown) => (value instanceof Buffer ? value.toString() : value);
  return {
    server: access.getCurrentCluster()?.server,
    ca: text(ca),
    cert: text(cert),
    key: text(key),
    token: (headers as Record<string, string> | undefined)?.Authorization?.trim(),
    servername,
    rejectUnauthorized,
  };
}

describe("a kubeconfig of the common kinds", () => {
  it.each([
    ["a token, and the authority in a file", { "certificate-authority": "ca.crt" }, { token: "t0ken" }],
    ["a token, and the authority as data", { "certificate-authority-data": data("an authority") }, { token: "t0ken" }],
    ["no authority but the system's", {}, { token: "t0ken" }],
    [
      "a certificate in files",
      { "certificate-authority": "ca.crt" },
      { "client-certificate": "user.crt", "client-key": "user.key" },
    ],
    [
      "a certificate as data",
      { "certificate-authority-data": data("an authority") },
      { "client-certificate-data": data("cert"), "client-key-data": data("key") },
    ],
    ["nobody", { "certificate-authority": "ca.crt" }, {}],
  ])("is read as the client library reads it: %s", async (_, cluster, user) => {
    const path = await written(cluster, user);
    const library = new KubeConfig();
    library.loadFromFile(path);
    const own = kubeconfigAccess(path);
    expect(own?.namespace).toBe("markets");
    expect(own && (await seen(own.access))).toEqual(await seen(library));
  });

  it.each([
    ["an exec plugin", {}, { exec: { command: "gke-gcloud-auth-plugin" } }],
    ["a cloud account", {}, { "auth-provider": { name: "gcp" } }],
    ["a token in a file", {}, { tokenFile: "token" }],
    ["a password", {}, { username: "u", password: "p" }],
    ["another identity", {}, { token: "t", as: "root" }],
    ["a proxy", { "proxy-url": "http://proxy" }, { token: "t" }],
    ["another server name", { "tls-server-name": "name" }, { token: "t" }],
    ["a server that is not checked", { "insecure-skip-tls-verify": true }, { token: "t" }],
    [
      "a file and data in its place",
      { "certificate-authority": "a", "certificate-authority-data": "b" },
      { token: "t" },
    ],
    ["plain HTTP", { server: "http://127.0.0.1" }, { token: "t" }],
    ["no such context", {}, { token: "t" }, { "current-context": "y" }],
    ["no such user", {}, { token: "t" }, { users: [] }],
    ["no kubeconfig", {}, {}, { clusters: "none" }],
  ])(
    "leaves what it does not understand to the library: %s",
    async (_, cluster: object, user: object, more: object = {}) => {
      expect(kubeconfigAccess(await written(cluster, user, more))).toBeUndefined();
    },
  );

  it("says at each use what a file holds then, and that one is missing", async () => {
    const path = await written({ "certificate-authority": "changing.crt" }, { token: "t" });
    const { access } = kubeconfigAccess(path) ?? {};
    if (access === undefined) throw new Error("not understood");
    await expect(seen(access)).rejects.toThrow(/changing\.crt/);
    await writeFile(join(directory, "changing.crt"), "a new one");
    expect((await seen(access)).ca).toBe("a new one");
    expect(() => kubeconfigAccess(join(directory, "none"))).toThrow(/ENOENT/);
  });
});

describe("a Pod's service account", () => {
  const env = { KUBERNETES_SERVICE_HOST: "10.0.0.1", KUBERNETES_SERVICE_PORT: "443" };

  it("is its token, which changes, its authority and its namespace", async () => {
    const { access, namespace } = podAccess(env, directory) ?? {};
    if (access === undefined) throw new Error("no access");
    expect(namespace).toBe("markets");
    const common = { server: "https://10.0.0.1:443", ca: "the ca.crt" };
    expect(await seen(access)).toMatchObject({ ...common, token: "Bearer s3cret" });
    await writeFile(join(directory, "token"), "another\n");
    expect(await seen(access)).toMatchObject({ ...common, token: "Bearer another" });
  });

  it("has a server of IPv6 too, and is not there outside of a Pod", () => {
    const { access } = podAccess({ ...env, KUBERNETES_SERVICE_HOST: "fd00::1" }, directory) ?? {};
    expect(access?.getCurrentCluster()?.server).toBe("https://[fd00::1]:443");
    expect(podAccess({}, directory)).toBeUndefined();
    expect(podAccess(env, join(directory, "nowhere"))).toBeUndefined();
  });
});
