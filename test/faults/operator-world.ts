import { join } from "node:path";
import { feedWorkloads } from "../../cdk8s/feed-workloads.ts";
import { operatorInstall } from "../../cdk8s/operator.ts";
import type { KubeObject } from "../../src/api/kube-object.ts";
import { type StockFeed, stockFeedSchema } from "../../src/api/stockfeed.ts";
import { plannedObjects } from "../../src/plan/objects.ts";
import { type BigQueryServer, startBigQuery } from "../bigquery/bigquery-server.ts";
import { makeTables, makeViews } from "../bigquery/stockfeed-dataset.ts";
import { type ControlPlane, startControlPlane } from "../control-plane/control-plane.ts";
import { type PubsubService, startPubsubService } from "../fakes/pubsub-service.ts";
import { installCrd } from "../install-crd.ts";
import { createNamespace, KubeClient } from "../kube-client.ts";
import { grant, type LiveFeed, OPERATOR, until } from "../operator-world.ts";
import { StockfeedProcess } from "../stockfeed-process.ts";
import { CallProxy } from "./call-proxy.ts";

const IMAGE = "stockfeed:test";
/** Kinds of a feed's workloads, by the path of their collections. */
const WORKLOADS = [
  ["CronJob", "apis/batch/v1", "cronjobs"],
  ["Deployment", "apis/apps/v1", "deployments"],
  ["StatefulSet", "apis/apps/v1", "statefulsets"],
] as const;

/** Names of what a feed has, `Kind name`, sorted. */
export interface Made {
  readonly workloads: readonly string[];
  readonly topics: readonly string[];
  readonly subscriptions: readonly string[];
}

/**
 * A control plane behind a proxy that tells of calls, a Pub/Sub administration that can be looked into and a BigQuery with
 * the tables: where operators are killed, stopped and meddled with. Namespaces, and projects by the same names, keep tests apart.
 */
export class FaultWorld {
  readonly plane: ControlPlane;
  readonly pubsub: PubsubService;
  readonly kube: KubeClient;
  readonly proxy: CallProxy;
  /** Told of each write of Pub/Sub before it is done; its caller hears of it later. */
  onPubsubWrite: (what: string) => void = () => undefined;
  /** The same of each read. */
  onPubsubRead: (what: string) => void = () => undefined;
  /** More of the operators' environment. */
  readonly env: Record<string, string> = {};
  readonly bigQuery: BigQueryServer;
  readonly #driftInterval: string;
  readonly #processes: StockfeedProcess[] = [];
  #account: Promise<string> | undefined;
  /** Path of the kubeconfig by proxy: its token outlives every test. */
  readonly #kubeconfigs = new Map<CallProxy, Promise<string>>();

  private constructor(
    plane: ControlPlane,
    pubsub: PubsubService,
    bigQuery: BigQueryServer,
    proxy: CallProxy,
    driftInterval: string,
  ) {
    this.plane = plane;
    this.#driftInterval = driftInterval;
    this.pubsub = pubsub;
    this.kube = new KubeClient(plane.kubeconfig);
    this.proxy = proxy;
    this.bigQuery = bigQuery;
    // One that has ended by itself leaves what it compiled to those after it, which then start twice as fast.
    this.env.NODE_COMPILE_CACHE = join(plane.dataDir, "compiled");
  }

  /** @param driftInterval how often an operator looks at what has no watch */
  static async start({ latencyMs = 5, driftInterval = "2s" } = {}): Promise<FaultWorld> {
    const onCall = (method: string, name: string) => {
      // A snapshot is taken to look at, and gone again.
      if (method.endsWith("Snapshot")) return;
      const isWrite = /^(Create|Update|Delete|Seek)/.test(method);
      (isWrite ? world.onPubsubWrite : world.onPubsubRead)(`${method} ${name}`);
    };
    const [plane, pubsub, bigQuery] = await Promise.all([
      startControlPlane(),
      startPubsubService({ latencyMs, onCall }),
      startBigQuery(),
    ]);
    const proxy = await CallProxy.start(plane.url, plane.caFile);
    const world = new FaultWorld(plane, pubsub, bigQuery, proxy, driftInterval);
    await Promise.all([installCrd(plane.kubeconfig), makeTables(bigQuery, "markets")]);
    await makeViews(bigQuery, "markets");
    await grant(world.kube, operatorInstall({ namespace: OPERATOR.namespace, image: IMAGE }));
    return world;
  }

  /**
   * Starts an operator as a process, under its own account.
   * @param proxy what it reaches the API server through
   * @param env more of its environment
   */
  async startOperator(
    flags: readonly string[] = ["--leader-elect", "false"],
    proxy = this.proxy,
    env: Readonly<Record<string, string>> = {},
  ): Promise<StockfeedProcess> {
    const kubeconfig = this.#kubeconfigs.get(proxy) ?? this.#accountThrough(proxy);
    this.#kubeconfigs.set(proxy, kubeconfig);
    const args = ["--image", IMAGE, "--metrics-address", "127.0.0.1:0", "--drift-interval", this.#driftInterval];
    const started = new StockfeedProcess(["operator", ...args, "--lease-namespace", OPERATOR.namespace, ...flags], {
      env: {
        STOCKFEED_KUBECONFIG: await kubeconfig,
        PUBSUB_EMULATOR_HOST: this.pubsub.host,
        BIGQUERY_EMULATOR_HOST: this.bigQuery.url,
        ...this.env,
        ...env,
      },
    });
    this.#processes.push(started);
    return started;
  }

  async #accountThrough(proxy: CallProxy): Promise<string> {
    this.#account ??= this.plane.kubeconfigFor(OPERATOR.namespace, OPERATOR.name);
    return proxy.kubeconfig(await this.#account);
  }

  async stop(): Promise<void> {
    for (const started of this.#processes) started.kill("SIGKILL");
    await this.proxy.close();
    this.pubsub.stop();
    await Promise.all([this.plane.stop(), this.bigQuery.stop()]);
  }

  namespace(name: string): Promise<void> {
    return createNamespace(this.kube, name);
  }

  /** A feed whose messages go to the project with its namespace's name. */
  manifest(namespace: string, name: string, spec: object = {}) {
    return {
      apiVersion: "stockfeed.dev/v1alpha1",
      kind: "StockFeed",
      metadata: { name, namespace },
      spec: {
        symbols: ["AAPL", "MSFT"],
        provider: { type: "Simulated" },
        pubsub: { projectId: namespace },
        sink: { bigQuery: { projectId: this.bigQuery.project, dataset: "markets" } },
        deletionPolicy: "Cancel",
        ...spec,
      },
    };
  }

  /**
   * Makes the feed, or gives the one that is there this spec and no other field.
   * @param annotations of one that is made
   */
  async apply(namespace: string, name: string, spec: object = {}, annotations: object = {}): Promise<void> {
    const manifest = this.manifest(namespace, name, spec);
    const path = pathOfFeed(namespace, name);
    if ((await this.feed(namespace, name)) === undefined) {
      const metadata = { ...manifest.metadata, annotations };
      await this.kube.create(path.slice(0, path.lastIndexOf("/")), { ...manifest, metadata });
      return;
    }
    // A merge adds to what is there; a whole spec takes its place, whatever the operator writes meanwhile.
    const operation = { op: "replace", path: "/spec", value: manifest.spec };
    await this.kube.patch(path, [operation], "json");
  }

  feed(namespace: string, name: string): Promise<LiveFeed | undefined> {
    return this.kube.get<LiveFeed>(pathOfFeed(namespace, name)).catch(() => undefined);
  }

  async condition(namespace: string, name: string, type = "Ready") {
    return (await this.feed(namespace, name))?.status?.conditions?.find((each) => each.type === type);
  }

  delete(namespace: string, name: string): Promise<unknown> {
    return this.kube.delete(pathOfFeed(namespace, name));
  }

  /** Whether the feed's present generation is Ready. */
  async isReady(namespace: string, name: string): Promise<boolean> {
    await this.playKubelet(namespace);
    const feed = await this.feed(namespace, name);
    const { generation } = (feed?.metadata ?? {}) as { readonly generation?: number };
    const ready = feed?.status?.conditions?.find(({ type }) => type === "Ready");
    return ready?.status === "True" && feed?.status?.observedGeneration === generation;
  }

  untilReady(namespace: string, name: string): Promise<unknown> {
    return until(() => this.isReady(namespace, name), 60_000);
  }

  /** Whether the feed is gone, when its Pods end. */
  async isGone(namespace: string, name: string): Promise<boolean> {
    await this.playKubelet(namespace);
    return (await this.feed(namespace, name)) === undefined;
  }

  untilGone(namespace: string, name: string): Promise<unknown> {
    return until(() => this.isGone(namespace, name), 60_000);
  }

  /** Says of Pods what a kubelet would: they run, or end where they are to. */
  async playKubelet(namespace: string): Promise<void> {
    const path = `/api/v1/namespaces/${namespace}/pods`;
    const { items } = await this.kube.list<Pod>(path);
    const status = { phase: "Running", conditions: [{ type: "Ready", status: "True" }] };
    for (const { metadata, status: present } of items) {
      const pod = `${path}/${metadata.name}`;
      const forced = { gracePeriodSeconds: 0 };
      // Its controller may have been faster.
      if (metadata.deletionTimestamp !== undefined) await this.kube.delete(pod, forced).catch(() => undefined);
      else if (present.phase !== "Running") await this.kube.patch(`${pod}/status`, { status }).catch(() => undefined);
    }
  }

  /** The workloads of a namespace. */
  async workloads(namespace: string): Promise<KubeObject[]> {
    const listed = await Promise.all(
      WORKLOADS.map(async ([kind, root, plural]) => {
        const { items } = await this.kube.list<KubeObject>(`/${root}/namespaces/${namespace}/${plural}`);
        return items.map((item) => ({ ...item, kind }));
      }),
    );
    return listed.flat();
  }

  /** What there is in a namespace, and in the project of its name. */
  async made(namespace: string): Promise<Made> {
    const names = (held: ReadonlyMap<string, unknown>) => {
      const prefix = new RegExp(`^projects/${namespace}/[a-z]+/`);
      return [...held.keys()]
        .filter((name) => prefix.test(name))
        .map((name) => name.replace(prefix, ""))
        .sort();
    };
    const { topics, subscriptions } = this.pubsub;
    const workloads = (await this.workloads(namespace)).map(({ kind, metadata }) => `${kind} ${metadata.name}`).sort();
    return { workloads, topics: names(topics), subscriptions: names(subscriptions) };
  }
}

interface Pod {
  readonly metadata: { readonly name: string; readonly deletionTimestamp?: string };
  readonly status: { readonly phase?: string };
}

/** What a feed should have, by the plan that `stockfeed plan` shows and the workloads that a chart would hold. */
export function wantedOf(manifest: object): Made {
  const feed: StockFeed = stockFeedSchema.parse(manifest);
  const owner = { apiVersion: feed.apiVersion, kind: feed.kind, name: feed.metadata.name, uid: "" };
  const workloads = feedWorkloads(feed, {
    image: IMAGE,
    env: {},
    owner: { ...owner, controller: true, blockOwnerDeletion: true },
  });
  const planned = plannedObjects(feed).filter(({ platform }) => platform === "Pub/Sub");
  const names = (isKind: (kind: string) => boolean) =>
    planned
      .filter(({ kind }) => isKind(kind))
      .map(({ name }) => name)
      .sort();
  return {
    workloads: workloads.map(({ kind, metadata }) => `${kind} ${metadata.name}`).sort(),
    topics: names((kind) => kind === "Topic"),
    subscriptions: names((kind) => kind !== "Topic"),
  };
}

/** What stays when all feeds of a project are gone. */
export const SHARED: Made = {
  workloads: [],
  topics: ["stockfeed-dead-letter"],
  subscriptions: ["stockfeed-dead-letter"],
};

/** The same where one was on Dataflow. */
export const SHARED_BY_JOBS: Made = {
  workloads: [],
  topics: ["stockfeed-dead-letter", "stockfeed-windows"],
  subscriptions: ["stockfeed-dead-letter", "stockfeed-windows"],
};

/** Where a feed is. */
export function pathOfFeed(namespace: string, name: string): string {
  return `/apis/stockfeed.dev/v1alpha1/namespaces/${namespace}/stockfeeds/${name}`;
}

/** Where a workload is. */
export function pathOfWorkload({ kind, metadata }: Pick<KubeObject, "kind" | "metadata">): string {
  const [, root = "", plural = ""] = WORKLOADS.find(([each]) => each === kind) ?? [];
  return `/${root}/namespaces/${metadata.namespace ?? ""}/${plural}/${metadata.name}`;
}
