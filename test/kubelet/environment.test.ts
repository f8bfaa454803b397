import { describe, expect, it } from "vitest";
import { ConfigError, type EnvironmentSources, expand, resolveEnvironment } from "./environment.ts";
import type { Container, Pod } from "./pod.ts";

const pod: Pod = {
  metadata: {
    name: "tech-29000000-0-abcde",
    namespace: "markets",
    uid: "u",
    labels: { "batch.kubernetes.io/job-name": "tech-29000000" },
    annotations: { "batch.kubernetes.io/job-completion-index": "3" },
  },
  spec: { nodeName: "node", restartPolicy: "Never", containers: [] },
};

const sources: EnvironmentSources = {
  secret: (_namespace, name) => Promise.resolve(name === "alpaca" ? { key: "k", secret: "s" } : undefined),
  configMap: (_namespace, name) => Promise.resolve(name === "settings" ? { colour: "red" } : undefined),
};

const resolve = (container: Partial<Container>) =>
  resolveEnvironment(pod, { name: "main", image: "x", ...container }, sources);
const field = (fieldPath: string) => [{ name: "FIELD", valueFrom: { fieldRef: { fieldPath } } }];

describe("the environment of a container", () => {
  it.each([
    ["metadata.name", "tech-29000000-0-abcde"],
    ["metadata.namespace", "markets"],
    ["metadata.labels['batch.kubernetes.io/job-name']", "tech-29000000"],
    ["metadata.annotations['batch.kubernetes.io/job-completion-index']", "3"],
    ["metadata.labels['no-such']", ""],
    ["spec.nodeName", "node"],
    ["status.podIP", "127.0.0.1"],
  ])("has the Pod's own %s", async (path, value) => {
    expect(await resolve({ env: field(path) })).toEqual({ FIELD: value });
  });

  it("takes Secrets and ConfigMaps by key and as a whole, what is named later winning", async () => {
    const environment = await resolve({
      envFrom: [{ prefix: "A_", secretRef: { name: "alpaca" } }, { configMapRef: { name: "settings" } }],
      env: [
        { name: "colour", value: "blue" },
        { name: "KEY", valueFrom: { secretKeyRef: { name: "alpaca", key: "key" } } },
      ],
    });
    expect(environment).toEqual({ A_key: "k", A_secret: "s", colour: "blue", KEY: "k" });
  });

  it("says in a kubelet's words what is missing, and leaves out what is optional", async () => {
    const reference = (name: string, key: string, optional?: boolean) => ({
      env: [{ name: "KEY", valueFrom: { secretKeyRef: { name, key, optional } } }],
    });
    await expect(resolve(reference("nobody", "key"))).rejects.toThrow('secret "nobody" not found');
    await expect(resolve(reference("alpaca", "id"))).rejects.toThrow("couldn't find key id in Secret markets/alpaca");
    await expect(resolve(reference("alpaca", "id"))).rejects.toBeInstanceOf(ConfigError);
    expect(await resolve(reference("nobody", "key", true))).toEqual({});
  });

  it("expands names that came before, and no others", () => {
    expect(expand("$(A)-$(B)-$$(A)-$A", { A: "1" })).toBe("1-$(B)-$(A)-$A");
  });
});
