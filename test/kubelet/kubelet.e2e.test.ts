import { spawnSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ControlPlane, controlPlaneMissing, startControlPlane } from "../control-plane/control-plane.ts";
import { type AnyObject, createNamespace, KubeClient, KubeRefusal } from "../kube-client.ts";
import { kubectl } from "../kube-tools.ts";
import { withoutPart } from "../missing-part.ts";
import { type Kubelet, startKubelet } from "./kubelet.ts";
import type { ContainerStatus, Phase } from "./pod.ts";

const NAMESPACE = "kubelet-test";
const CORE = `/api/v1/namespaces/${NAMESPACE}`;
const BATCH = `/apis/batch/v1/namespaces/${NAMESPACE}`;
const APPS = `/apis/apps/v1/namespaces/${NAMESPACE}`;

interface RunningPod extends AnyObject {
  readonly status: {
    readonly phase: Phase;
    readonly conditions: readonly { readonly type: string; readonly status: string }[];
    readonly containerStatuses?: readonly ContainerStatus[];
  };
}

/** Serves until SIGTERM: /ready is 200 after `touch ready` in its directory. */
const SERVER = `
  import { createServer } from "node:http";
  import { existsSync } from "node:fs";
  createServer((request, response) => {
    response.statusCode = request.url === "/ready" && !existsSync("ready") ? 503 : 200;
    response.end();
  }).listen(Number(process.env.STOCKFEED_METRICS_PORT), "127.0.0.1");
  process.on("SIGTERM", () => { console.log("asked to stop"); process.exit(0); });
  console.log("serves in " + process.cwd());
`;

describe.skipIf(withoutPart(await controlPlaneMissing()))("the test kubelet", () => {
  let plane: ControlPlane;
  let kubelet: Kubelet;
  let client: KubeClient;

  beforeAll(async () => {
    plane = await startControlPlane();
    client = new KubeClient(plane.kubeconfig);
    await createNamespace(client, NAMESPACE);
    const images = { shell: ["sh", "-c"], node: [process.execPath, "--input-type=module", "--eval"] };
    kubelet = await startKubelet({ kubeconfig: plane.kubeconfig, images, backoff: 100, certificate: plane.caFile });
  });
  afterAll(async () => {
    await kubelet.stop();
    await plane.stop();
  });

  const pod = (name: string) => client.get<RunningPod>(`${CORE}/pods/${name}`);
  const container = async (name: string) => (await pod(name)).status.containerStatuses?.[0];
  const until = <T>(look: () => Promise<T>) => expect.poll(look, { timeout: 30_000, interval: 100 });
  const createPod = (name: string, script: string, more: object = {}, spec: object = {}) =>
    client.create(`${CORE}/pods`, {
      metadata: { name },
      spec: {
        restartPolicy: "Never",
        containers: [{ name: "main", image: "shell", args: [script], ...more }],
        terminationGracePeriodSeconds: 5,
        ...spec,
      },
    });

  it("runs the Job of a CronJob's template with what its Pod knows, and keeps the message that it leaves", async () => {
    await client.create(`${CORE}/secrets`, { metadata: { name: "keys" }, stringData: { id: "secret-id" } });
    const label = "metadata.labels['batch.kubernetes.io/job-name']";
    const script =
      'echo "log of $JOB"; printf "%s" "$JOB $JOB_COMPLETION_INDEX $KEY $PLAIN" > $STOCKFEED_TERMINATION_LOG';
    const cronJob = await client.create<{ spec: { jobTemplate: { spec: object } } }>(`${BATCH}/cronjobs`, {
      metadata: { name: "ticking" },
      spec: {
        schedule: "* * * * *",
        suspend: true,
        jobTemplate: {
          spec: {
            completions: 2,
            parallelism: 2,
            completionMode: "Indexed",
            template: {
              spec: {
                restartPolicy: "Never",
                containers: [
                  {
                    name: "main",
                    image: "shell",
                    args: [script],
                    env: [
                      { name: "JOB", valueFrom: { fieldRef: { fieldPath: label } } },
                      { name: "KEY", valueFrom: { secretKeyRef: { name: "keys", key: "id" } } },
                      { name: "PLAIN", value: "of $(JOB)" },
                      { name: "STOCKFEED_TERMINATION_LOG", value: "/dev/termination-log" },
                    ],
                  },
                ],
              },
            },
          },
        },
      },
    });
    await client.create(`${BATCH}/jobs`, { metadata: { name: "by-hand" }, spec: cronJob.spec.jobTemplate.spec });
    await until(async () => (await client.get<{ status: object }>(`${BATCH}/jobs/by-hand`)).status).toMatchObject({
      succeeded: 2,
      conditions: expect.arrayContaining([expect.objectContaining({ type: "Complete", status: "True" })]) as unknown,
    });
    const { items } = await client.list<RunningPod>(`${CORE}/pods?labelSelector=batch.kubernetes.io/job-name=by-hand`);
    const messages = items.map(({ status }) => {
      const state = status.containerStatuses?.[0]?.state;
      return state !== undefined && "terminated" in state ? state.terminated.message : undefined;
    });
    expect(messages.sort()).toEqual(["by-hand 0 secret-id of by-hand", "by-hand 1 secret-id of by-hand"]);
    const { name } = items[0]!.metadata;
    expect(kubelet.logs(NAMESPACE, name)).toBe("log of by-hand\n");
    // By way of the API server, which asks the kubelet.
    expect(await kubectl(plane.kubeconfig, "logs", name, "-n", NAMESPACE, "--tail=5")).toBe("log of by-hand\n");
    expect(await kubectl(plane.kubeconfig, "logs", name, "-n", NAMESPACE, "--tail=0")).toBe("");
  });

  it("waits for a Secret that is not there, and runs once it is", async () => {
    const env = [{ name: "KEY", valueFrom: { secretKeyRef: { name: "late", key: "id" } } }];
    await createPod("waiting", 'echo "$KEY"', { env });
    await until(async () => (await container("waiting"))?.state).toEqual({
      waiting: { reason: "CreateContainerConfigError", message: 'secret "late" not found' },
    });
    expect((await pod("waiting")).status.phase).toBe("Pending");
    await client.create(`${CORE}/secrets`, { metadata: { name: "late" }, stringData: { id: "here" } });
    await until(async () => (await pod("waiting")).status.phase).toBe("Succeeded");
    expect(kubelet.logs(NAMESPACE, "waiting")).toBe("here\n");
  });

  it("tells how a container failed: its code, and the end of its log where it left no message", async () => {
    await createPod("failing", "echo what went wrong >&2; exit 3", {
      terminationMessagePolicy: "FallbackToLogsOnError",
    });
    await until(async () => (await pod("failing")).status.phase).toBe("Failed");
    expect((await container("failing"))?.state).toMatchObject({
      terminated: { exitCode: 3, reason: "Error", message: "what went wrong\n" },
    });
  });

  it("restarts a StatefulSet's Pod in place when its process dies, and removes it with the StatefulSet", async () => {
    const readinessProbe = { httpGet: { path: "/", port: 9090 }, periodSeconds: 1 };
    await client.create(`${APPS}/statefulsets`, {
      metadata: { name: "engine" },
      spec: {
        serviceName: "engine",
        selector: { matchLabels: { app: "engine" } },
        template: {
          metadata: { labels: { app: "engine" } },
          spec: { containers: [{ name: "main", image: "node", args: [SERVER], env: metricsPort, readinessProbe }] },
        },
      },
    });
    const statefulSet = async () =>
      (await client.get<{ status: { readyReplicas?: number } }>(`${APPS}/statefulsets/engine`)).status.readyReplicas;
    await until(statefulSet).toBe(1);
    const first = kubelet.pid(NAMESPACE, "engine-0");
    process.kill(first!, "SIGKILL");
    await until(() => container("engine-0")).toMatchObject({
      restartCount: 1,
      ready: true,
      lastState: { terminated: { exitCode: 137, reason: "Error" } },
    });
    const second = kubelet.pid(NAMESPACE, "engine-0");
    expect(second).not.toBe(first);
    await client.delete(`${APPS}/statefulsets/engine`);
    await until(() => code(pod("engine-0"))).toBe(404);
    expect(kubelet.logs(NAMESPACE, "engine-0")).toMatch(/asked to stop\n$/);
    expect(isAlive(second!)).toBe(false);
  });

  it("has a Pod ready when its probe says so, on the port that it was really given", async () => {
    const readinessProbe = { httpGet: { path: "/ready", port: "metrics" }, periodSeconds: 1 };
    const ports = [{ name: "metrics", containerPort: 9090 }];
    await createPod("probed", SERVER, { image: "node", env: metricsPort, ports, readinessProbe });
    await until(() => container("probed")).toMatchObject({ started: true, ready: false });
    const port = (await pod("probed")).metadata.annotations?.["test.stockfeed.dev/port"];
    await until(() => fetch(`http://127.0.0.1:${port}/ready`).then(({ status }) => status)).toBe(503);
    const [, directory = ""] = /serves in (.*)/.exec(kubelet.logs(NAMESPACE, "probed")) ?? [];
    await writeFile(`${directory}/ready`, "");
    await until(() => container("probed")).toMatchObject({ ready: true });
    expect((await pod("probed")).status.conditions).toContainEqual(
      expect.objectContaining({ type: "Ready", status: "True" }),
    );
  });

  it("kills what does not end in its grace period, with all that it started", async () => {
    await createPod(
      "stubborn",
      "trap '' TERM; sleep 1000 & echo $!; while :; do sleep 1; done",
      {},
      {
        terminationGracePeriodSeconds: 1,
      },
    );
    await until(() => Promise.resolve(kubelet.logs(NAMESPACE, "stubborn"))).toMatch(/^\d+\n$/);
    const child = Number(kubelet.logs(NAMESPACE, "stubborn"));
    expect(isAlive(child)).toBe(true);
    const asked = Date.now();
    await client.delete(`${CORE}/pods/stubborn`);
    await until(() => code(pod("stubborn"))).toBe(404);
    expect(Date.now() - asked).toBeGreaterThanOrEqual(1000);
    expect(isAlive(child)).toBe(false);
  });

  it("gives a Pod its service account's token, bound to the Pod", async () => {
    await client.create(`${CORE}/serviceaccounts`, { metadata: { name: "reader" } });
    await createPod("authorized", 'cat "$KUBECONFIG"', {}, { serviceAccountName: "reader" });
    await until(async () => (await pod("authorized")).status.phase).toBe("Succeeded");
    const config = JSON.parse(kubelet.logs(NAMESPACE, "authorized")) as { users: { user: { token: string } }[] };
    const { status } = await client.create<{ status: object }>("/apis/authentication.k8s.io/v1/tokenreviews", {
      spec: { token: config.users[0]!.user.token },
    });
    expect(status).toMatchObject({
      authenticated: true,
      user: {
        username: `system:serviceaccount:${NAMESPACE}:reader`,
        extra: { "authentication.kubernetes.io/pod-name": ["authorized"] },
      },
    });
  });

  it("goes on when the server is killed and comes back: what ended meanwhile is told", async ({ skip }) => {
    skip(!plane.restartable, "an existing cluster");
    await createPod("outlasting", "pwd; while [ ! -e end ]; do sleep 0.1; done; echo over");
    const log = () => Promise.resolve(kubelet.logs(NAMESPACE, "outlasting"));
    await until(log).not.toBe("");
    await plane.kill();
    await writeFile(`${(await log()).trim()}/end`, "");
    await until(log).toMatch(/over/);
    await plane.restart();
    await until(async () => (await pod("outlasting")).status.phase).toBe("Succeeded");
    await createPod("after", "echo runs");
    await until(async () => (await pod("after")).status.phase).toBe("Succeeded");
  });

  it("lets a namespace with running Pods end", async () => {
    await client.delete(`/api/v1/namespaces/${NAMESPACE}`);
    await until(() => code(client.get(`/api/v1/namespaces/${NAMESPACE}`))).toBe(404);
    expect(kubelet.pid(NAMESPACE, "probed")).toBeUndefined();
  });
});

const metricsPort = [{ name: "STOCKFEED_METRICS_PORT", value: "9090" }];

async function code(asked: Promise<unknown>): Promise<unknown> {
  try {
    await asked;
    return 200;
  } catch (error) {
    return error instanceof KubeRefusal ? error.code : error;
  }
}

/** A zombie is not: whoever it was left to has yet to notice. */
function isAlive(pid: number): boolean {
  return /^[^Z]/.test(spawnSync("ps", ["-o", "stat=", "-p", String(pid)], { encoding: "utf8" }).stdout.trim());
}
