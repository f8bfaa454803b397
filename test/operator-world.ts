import { setTimeout as wait } from "node:timers/promises";
import { operatorInstall } from "../cdk8s/operator.ts";
import type { KubeObject } from "../src/api/kube-object.ts";
import { type BigQueryServer, startBigQuery } from "./bigquery/bigquery-server.ts";
import { makeTables, makeViews } from "./bigquery/stockfeed-dataset.ts";
import { type ControlPlane, controlPlaneMissing, startControlPlane } from "./control-plane/control-plane.ts";
import { installCrd } from "./install-crd.ts";
import { type AnyObject, KubeClient } from "./kube-client.ts";
import { type PubsubEmulator, pubsubEmulatorMissing, startPubsubEmulator } from "./pubsub-emulator.ts";
import { StockfeedProcess } from "./stockfeed-process.ts";

export const PROJECT = "acme-feeds";
export const OPERATOR = { namespace: "stockfeed-system", name: "stockfeed-operator" };
/** Several operators may be starting beside each other. */
const PATIENCE_MS = 60_000;

/** A feed as the API server has it. */
export interface LiveFeed extends AnyObject {
  readonly metadata: AnyObject["metadata"] & { readonly generation?: number };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly marketState?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly reason: string }[];
  };
}

/** Why this machine can't run an operator on real servers, or undefined where it can. */
export async function operatorWorldMissing(): Promise<string | undefined> {
  return (await controlPlaneMissing()) ?? pubsubEmulatorMissing();
}

/** Asks until the answer is true, for a minute unless told otherwise. */
export async function until(look: () => Promise<boolean | undefined>, timeout = PATIENCE_MS): Promise<void> {
  const end = Date.now() + timeout;
  while ((await look()) !== true) {
    if (Date.now() > end) throw new Error(`It is not so after ${timeout / 1000} s: ${String(look)}`);
    await wait(100);
  }
}

/** A control plane, Pub/Sub's emulator and a BigQuery with the tables, and operators that run on them under their own account. */
export class OperatorWorld {
  readonly plane: ControlPlane;
  readonly emulator: PubsubEmulator;
  readonly bigQuery: BigQueryServer;
  /** With an administrator's rights. */
  readonly kube: KubeClient;
  readonly #processes: StockfeedProcess[] = [];

  private constructor(plane: ControlPlane, emulator: PubsubEmulator, bigQuery: BigQueryServer) {
    this.plane = plane;
    this.emulator = emulator;
    this.bigQuery = bigQuery;
    this.kube = new KubeClient(plane.kubeconfig);
  }

  static async start(apiServerFlags: readonly string[] = []): Promise<OperatorWorld> {
    const [plane, emulator, bigQuery] = await Promise.all([
      startControlPlane({ apiServerFlags }),
      startPubsubEmulator(),
      startBigQuery(),
    ]);
    const world = new OperatorWorld(plane, emulator, bigQuery);
    await Promise.all([installCrd(plane.kubeconfig), makeTables(bigQuery, "markets")]);
    await makeViews(bigQuery, "markets");
    await world.kube.create("/api/v1/namespaces", { metadata: { name: "markets" } });
    await world.grant(operatorInstall({ namespace: OPERATOR.namespace, image: "stockfeed:test" }));
    return world;
  }

  /** Makes the namespace, account and rights of an install, or brings them to this; the Deployment is a process here. */
  grant(install: readonly KubeObject[]): Promise<void> {
    return grant(this.kube, install);
  }

  /** Starts an operator as a process, under its own account. */
  async startOperator(
    flags: readonly string[] = [],
    env: Readonly<Record<string, string>> = {},
  ): Promise<StockfeedProcess> {
    const started = new StockfeedProcess(
      [
        ...["operator", "--image", "stockfeed:test", "--metrics-address", "127.0.0.1:0", "--drift-interval", "2s"],
        ...["--lease-namespace", OPERATOR.namespace, ...flags],
      ],
      {
        env: {
          STOCKFEED_KUBECONFIG: await this.plane.kubeconfigFor(OPERATOR.namespace, OPERATOR.name),
          PUBSUB_EMULATOR_HOST: this.emulator.host,
          BIGQUERY_EMULATOR_HOST: this.bigQuery.url,
          ...env,
        },
      },
    );
    this.#processes.push(started);
    return started;
  }

  async stop(): Promise<void> {
    for (const started of this.#processes) started.kill("SIGKILL");
    await Promise.all([this.plane.stop(), this.emulator.stop(), this.bigQuery.stop()]);
  }

  manifest(name: string, spec: object = {}, namespace = "markets"): object {
    return {
      apiVersion: "stockfeed.dev/v1alpha1",
      kind: "StockFeed",
      metadata: { name, namespace },
      spec: {
        symbols: ["AAPL", "MSFT"],
        provider: { type: "Simulated" },
        pubsub: { projectId: PROJECT },
        sink: { bigQuery: { projectId: this.bigQuery.project, dataset: "markets" } },
        ...spec,
      },
    };
  }

  feed(name: string, namespace = "markets"): Promise<LiveFeed> {
    return this.kube.get<LiveFeed>(`${feedsIn(namespace)}/${name}`);
  }

  async condition(name: string, type = "Ready", namespace = "markets") {
    return (await this.feed(name, namespace)).status?.conditions?.find((each) => each.type === type);
  }

  /** Says of the engine's Pods what a kubelet would, until the feed is Ready as its spec is now. */
  untilReady(name: string, namespace = "markets"): Promise<unknown> {
    return until(async () => {
      await this.runPods(namespace);
      const { metadata, status } = await this.feed(name, namespace);
      const ready = status?.conditions?.find(({ type }) => type === "Ready");
      return ready?.reason === "Ready" && status?.observedGeneration === metadata.generation;
    });
  }

  async exists(path: string): Promise<boolean> {
    return this.kube.get(path).then(
      () => true,
      () => false,
    );
  }

  untilGone(path: string, timeout?: number): Promise<unknown> {
    return until(async () => !(await this.exists(path)), timeout);
  }

  /** Says of the engine's Pods what a kubelet would. */
  async runPods(namespace = "markets"): Promise<void> {
    const path = `/api/v1/namespaces/${namespace}/pods`;
    const { items } = await this.kube.list(`${path}?labelSelector=app.kubernetes.io/component=stream`);
    const status = { phase: "Running", conditions: [{ type: "Ready", status: "True" }] };
    // Its controller may have been faster.
    for (const { metadata } of items) {
      await this.kube.patch(`${path}/${metadata.name}/status`, { status }).catch(() => undefined);
    }
  }

  /** Ends the Pods that are to end, as a kubelet would. */
  async endPods(namespace = "markets"): Promise<void> {
    const path = `/api/v1/namespaces/${namespace}/pods`;
    const { items } = await this.kube.list(path);
    for (const { metadata } of items) {
      if (metadata.deletionTimestamp === undefined) continue;
      await this.kube.delete(`${path}/${metadata.name}`, { gracePeriodSeconds: 0 }).catch(() => undefined);
    }
  }

  /** Names of what a project has in Pub/Sub. */
  async pubsub(kind: "topics" | "subscriptions", project = PROJECT): Promise<string[]> {
    const response = await fetch(`http://${this.emulator.host}/v1/projects/${project}/${kind}`);
    const listed = ((await response.json()) as Record<string, { readonly name: string }[]>)[kind] ?? [];
    return listed.map(({ name }) => name.split("/").at(-1) ?? "").sort();
  }
}

/** A namespace's feeds. */
export function feedsIn(namespace: string): string {
  return `/apis/stockfeed.dev/v1alpha1/namespaces/${namespace}/stockfeeds`;
}

/** Those of the world's own namespace. */
export const FEEDS = feedsIn("markets");

/** What an operator answers on its metrics port. */
export async function answerOf(operator: StockfeedProcess, path: string): Promise<string> {
  return (await fetch(`http://${await addressOf(operator)}${path}`)).text();
}

/** Where an operator, or another program with a metrics port, has that. */
export async function addressOf(program: StockfeedProcess): Promise<string> {
  await program.complaint(/"metricsPort":\d+/);
  return `127.0.0.1:${/"metricsPort":(\d+)/.exec(program.stderr)?.[1] ?? ""}`;
}

/** Makes the namespace, account and rights of an install, or brings them to this. */
export async function grant(kube: KubeClient, install: readonly KubeObject[]): Promise<void> {
  for (const object of install.filter(({ kind }) => kind !== "Deployment")) {
    await kube.patch(`${pathOf(object)}?fieldManager=test&force=true`, object, "apply");
  }
}

function pathOf({ apiVersion, kind, metadata: { namespace, name } }: KubeObject): string {
  const root = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const plural = `${kind.toLowerCase()}s`;
  return namespace === undefined ? `${root}/${plural}/${name}` : `${root}/namespaces/${namespace}/${plural}/${name}`;
}
