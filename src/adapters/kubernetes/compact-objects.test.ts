import { describe, expect, it } from "vitest";
import type { KubeObject } from "../../api/kube-object.ts";
import { compactor, OWNED } from "./compact-objects.ts";

const metadata = {
  name: "x",
  namespace: "n",
  uid: "u",
  generation: 2,
  resourceVersion: "7",
  labels: { a: "b" },
  annotations: { "kubectl.kubernetes.io/last-applied-configuration": "{…}", "stockfeed.dev/adopt": "true", other: "o" },
  managedFields: [{ manager: "stockfeed", operation: "Apply", fieldsV1: { "f:spec": {} } }],
};
const compact = (kind: Parameters<typeof compactor>[0], rest: object) =>
  compactor(kind)({ metadata, ...rest } as unknown as KubeObject);

describe("what is kept of an object", () => {
  it("of a Secret is the names of its keys, and no value", () => {
    const secret = compact("Secret", { data: { KEY: "aHVzaA==" }, stringData: { K: "hush" }, type: "Opaque" });
    expect(secret).toMatchObject({ apiVersion: "v1", kind: "Secret", data: { KEY: "" } });
    expect(JSON.stringify(secret)).not.toMatch(/hush|aHVzaA/);
  });

  it("of a feed is spec, status and annotations, without what kubectl applied last", () => {
    const feed = compact("StockFeed", { spec: { symbols: ["A"] }, status: { marketState: "Open" } });
    expect(feed).toEqual({
      apiVersion: "stockfeed.dev/v1alpha1",
      kind: "StockFeed",
      metadata: {
        name: "x",
        namespace: "n",
        uid: "u",
        generation: 2,
        resourceVersion: "7",
        labels: { a: "b" },
        annotations: { "stockfeed.dev/adopt": "true", other: "o" },
      },
      spec: { symbols: ["A"] },
      status: { marketState: "Open" },
    });
  });

  it("of a CronJob is no status, which changes each minute, but the fields that we own", () => {
    const spec = { schedule: "* * * * *", suspend: false, jobTemplate: { spec: {} } };
    const cronJob = compact("CronJob", { spec, status: { lastScheduleTime: "now" } });
    expect(cronJob.spec).toEqual({ schedule: "* * * * *", suspend: false });
    expect(cronJob).not.toHaveProperty("status");
    expect(cronJob.metadata.annotations).toEqual({ "stockfeed.dev/adopt": "true" });
    expect(cronJob[OWNED]).toBe('{"f:spec":{},"f:metadata":{}}');
  });

  it("of a Pod is how it and its containers are", () => {
    const terminated = { exitCode: 1, reason: "Error", message: "{}", finishedAt: "t", containerID: "long" };
    const pod = compact("Pod", {
      spec: { nodeName: "node", containers: [{ env: [{ name: "A", value: "hush" }] }] },
      status: {
        phase: "Failed",
        hostIP: "1.2.3.4",
        conditions: [{ type: "Ready", status: "False", reason: "R", message: "m", lastProbeTime: null }],
        containerStatuses: [{ name: "c", ready: false, restartCount: 3, imageID: "long", state: { terminated } }],
      },
    });
    expect(pod.spec).toEqual({ nodeName: "node" });
    expect(pod.status).toEqual({
      phase: "Failed",
      conditions: [{ type: "Ready", status: "False", reason: "R", message: "m" }],
      containerStatuses: [
        {
          name: "c",
          ready: false,
          restartCount: 3,
          state: { terminated: { exitCode: 1, reason: "Error", message: "{}", finishedAt: "t" } },
          lastState: {},
        },
      ],
    });
  });

  it("of nothing odd is an error", () => {
    for (const kind of ["StockFeed", "Secret", "Pod", "CronJob", "Deployment", "StatefulSet"] as const) {
      expect(() => compact(kind, { spec: null, status: "x", data: null })).not.toThrow();
    }
  });
});
