import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { installCrd } from "../install-crd.ts";
import { KubeClient, KubeRefusal } from "../kube-client.ts";
import { withoutPart } from "../missing-part.ts";
import { type ControlPlane, controlPlaneMissing, startControlPlane } from "./control-plane.ts";

const CONFIG_MAPS = "/api/v1/namespaces/default/configmaps";

describe.skipIf(withoutPart(await controlPlaneMissing()))("the control plane", () => {
  let plane: ControlPlane;
  beforeAll(async () => {
    plane = await startControlPlane();
  });
  afterAll(() => plane.stop());

  const admin = () => new KubeClient(plane.kubeconfig);
  const put = (name: string) => admin().create(CONFIG_MAPS, { metadata: { name } });
  const names = async () => {
    const { items } = await admin().list(CONFIG_MAPS);
    return items.map((item) => item.metadata.name).filter((name) => name !== "kube-root-ca.crt");
  };

  it("is the same cluster after SIGKILL and a restart: objects and tokens hold", async ({ skip }) => {
    skip(!plane.restartable, "an existing cluster");
    const token = await plane.kubeconfigFor("default", "default");
    const url = plane.url;
    await put("before-the-kill");
    await plane.kill();
    await expect(names()).rejects.toThrow();
    await plane.restart();
    expect(plane.url).toBe(url);
    expect(await names()).toEqual(["before-the-kill"]);
    await expect(new KubeClient(token).list(CONFIG_MAPS)).rejects.toMatchObject({ code: 403 });
  });

  it("goes back to a snapshot", async ({ skip }) => {
    skip(!plane.restartable, "an existing cluster");
    const directory = await mkdtemp(join(tmpdir(), "stockfeed-snapshot-"));
    await put("in-the-snapshot");
    await plane.kill();
    await plane.snapshot(join(directory, "etcd"));
    await plane.restart();
    await put("after-the-snapshot");
    await plane.kill();
    await plane.restore(join(directory, "etcd"));
    await plane.restart();
    expect(await names()).toContain("in-the-snapshot");
    expect(await names()).not.toContain("after-the-snapshot");
    await rm(directory, { recursive: true });
  });

  it("has no aggregation layer, and still discovers and describes kinds of its own and custom ones", async ({
    skip,
  }) => {
    const { STOCKFEED_TEST_KUBECONFIG, KUBEBUILDER_ASSETS } = process.env;
    skip((STOCKFEED_TEST_KUBECONFIG ?? KUBEBUILDER_ASSETS) !== undefined, "a kube-apiserver as it comes");
    await expect(admin().list("/apis/apiregistration.k8s.io/v1/apiservices")).rejects.toMatchObject({ code: 404 });
    await installCrd(plane.kubeconfig);
    const described = async () => {
      const { paths } = await admin().get<{ readonly paths: object }>("/openapi/v3");
      return Object.keys(paths);
    };
    await expect
      .poll(described, { timeout: 60_000, interval: 200 })
      .toEqual(expect.arrayContaining(["apis/apps/v1", "apis/stockfeed.dev/v1alpha1"]));
  });

  it("refuses what RBAC does not grant to a service account, and knows who asks", async () => {
    const account = new KubeClient(await plane.kubeconfigFor("kube-system", "default"));
    await expect(account.list(CONFIG_MAPS)).rejects.toMatchObject({
      code: 403,
      message: expect.stringContaining("system:serviceaccount:kube-system:default") as string,
    });
  });

  it("ends a namespace and what is in it", async () => {
    const client = admin();
    await client.create("/api/v1/namespaces", { metadata: { name: "short-lived" } });
    await client.create("/api/v1/namespaces/short-lived/configmaps", { metadata: { name: "content" } });
    await client.delete("/api/v1/namespaces/short-lived");
    const code = async () => {
      try {
        await client.get("/api/v1/namespaces/short-lived");
        return 200;
      } catch (error) {
        return error instanceof KubeRefusal ? error.code : error;
      }
    };
    await expect.poll(code, { timeout: 60_000, interval: 200 }).toBe(404);
  });
});
