/**
 * What the operator is measured in: a real API server with the hollow workloads, and a Google Cloud whose every call takes
 * as long as one across a region, within Google's quota. All of it runs on this machine, beside the operator.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { operatorInstall } from "../../cdk8s/operator.ts";
import type { KubeObject } from "../../src/api/kube-object.ts";
import { inLanes } from "../../src/lanes/in-lanes.ts";
import { makeTables, makeViews } from "../../test/bigquery/stockfeed-dataset.ts";
import { type BigQueryServer, startBigQuery } from "../../test/bigquery/bigquery-server.ts";
import { type ControlPlane, startControlPlane } from "../../test/control-plane/control-plane.ts";
import { type PubsubService, startPubsubService } from "../../test/fakes/pubsub-service.ts";
import { installCrd } from "../../test/install-crd.ts";
import { KubeClient, KubeRefusal } from "../../test/kube-client.ts";
import { AuditLog } from "./audit-log.ts";
import {
  type BenchFeed,
  DATASET,
  type FeedObject,
  isReady,
  namespacesOf,
  PROJECT,
  SECRET_NAME,
} from "./bench-feeds.ts";
import { follow } from "./follow.ts";
import { HollowWorkloads } from "./hollow-workloads.ts";
import { OperatorProcess } from "./operator-process.ts";

const LATENCY_MS = 50;
const AT_ONCE = 32;
const ACCOUNT = { namespace: "stockfeed-system", name: "stockfeed-operator" };
const IMAGE = "registry.example.com/stockfeed:bench";
const INSTALL = operatorInstall({ namespace: ACCOUNT.namespace, image: IMAGE });
/** The environment that the installed operator has. */
const INSTALLED_ENV = environmentIn(INSTALL);
/** Of the controllers, the one without which a namespace takes no Pods; the hollow workloads do the others' part. */
const CONTROLLERS = ["serviceaccount-controller"];
const FEEDS = "/apis/stockfeed.dev/v1alpha1/stockfeeds";

export class World {
  readonly client: KubeClient;
  readonly pubsub: PubsubService;
  readonly audit: AuditLog;
  readonly hollow: HollowWorkloads;
  /** Feeds as the server has them, by `namespace/name`. */
  readonly feeds = new Map<string, FeedObject>();
  /** Feeds that were created. */
  readonly wanted: BenchFeed[] = [];
  /** Paths of the Secrets that feeds share. */
  readonly secrets: readonly string[];
  readonly #parts: Parts;
  readonly #operators = new Set<OperatorProcess>();

  private constructor(parts: Parts, hollow: HollowWorkloads, namespaces: readonly string[]) {
    this.#parts = parts;
    this.client = parts.client;
    this.pubsub = parts.pubsub;
    this.audit = parts.audit;
    this.hollow = hollow;
    this.secrets = namespaces.map((namespace) => secretPath(namespace));
  }

  /** @param feeds how many there will be, beside late ones */
  static async start(feeds: number): Promise<World> {
    const parts = await startParts();
    const { client, stopped, failed } = parts;
    const namespaces = namespacesOf(feeds);
    await makeNamespaces(client, namespaces);
    const watching = { signal: stopped.signal, onError: failed };
    const world = new World(parts, await HollowWorkloads.start({ client, ...watching }), namespaces);
    await follow<FeedObject>(
      client,
      FEEDS,
      (type, feed) => {
        const key = `${feed.metadata.namespace ?? ""}/${feed.metadata.name}`;
        if (type === "DELETED") world.feeds.delete(key);
        else world.feeds.set(key, feed);
      },
      watching,
    );
    return world;
  }

  /** Starts an operator, with its defaults unless flags say otherwise. */
  startOperator(...flags: readonly string[]): OperatorProcess {
    const { kubeconfig, pubsub, bigQuery } = this.#parts;
    const lease = ["--lease-namespace", ACCOUNT.namespace];
    const image = ["--image", IMAGE];
    const { NODE_OPTIONS = "" } = process.env;
    const env = {
      ...INSTALLED_ENV,
      NODE_OPTIONS: `${INSTALLED_ENV.NODE_OPTIONS ?? ""} ${NODE_OPTIONS}`,
      PUBSUB_EMULATOR_HOST: pubsub.host,
      BIGQUERY_EMULATOR_HOST: bigQuery.host,
    };
    const operator = new OperatorProcess(["--kubeconfig", kubeconfig, ...lease, ...image, ...flags], env);
    this.#operators.add(operator);
    return operator;
  }

  /** Ends an operator as a node's drain does, or at once. */
  async endOperator(operator: OperatorProcess, signal: "SIGTERM" | "SIGKILL" = "SIGTERM"): Promise<void> {
    this.#operators.delete(operator);
    await operator.end(signal);
  }

  /** Creates feeds, many at once. */
  async create(feeds: readonly BenchFeed[]): Promise<void> {
    this.wanted.push(...feeds);
    await inLanes(feeds, AT_ONCE, async ({ collection, manifest }) => {
      await this.client.create(collection, manifest);
    });
  }

  /** How many of the feeds are not Ready. */
  unready(): number {
    return this.wanted.filter(({ key }) => {
      const feed = this.feeds.get(key);
      return feed === undefined || !isReady(feed);
    }).length;
  }

  /** Rejects where a part of this world has broken, or an operator has ended that nobody ended. */
  async whole(): Promise<void> {
    for (const operator of this.#operators) operator.assertRuns();
    await Promise.race([this.#parts.failure, Promise.resolve()]);
  }

  async stop(): Promise<void> {
    for (const operator of this.#operators) await operator.end("SIGKILL");
    await stopParts(this.#parts);
  }
}

interface Parts {
  readonly plane: ControlPlane;
  readonly directory: string;
  readonly client: KubeClient;
  readonly audit: AuditLog;
  readonly pubsub: PubsubService;
  readonly bigQuery: BigQueryServer;
  /** Of the operator's own service account. */
  readonly kubeconfig: string;
  readonly stopped: AbortController;
  readonly failure: Promise<never>;
  readonly failed: (error: unknown) => void;
}

async function startParts(): Promise<Parts> {
  const directory = await mkdtemp(join(tmpdir(), "stockfeed-bench-"));
  const user = `system:serviceaccount:${ACCOUNT.namespace}:${ACCOUNT.name}`;
  const { log: audit, flags } = await AuditLog.in(directory, user);
  const plane = await startControlPlane({ apiServerFlags: flags, controllers: CONTROLLERS });
  if (!plane.restartable)
    throw new Error("This benchmark fills a cluster of its own: unset STOCKFEED_TEST_KUBECONFIG.");
  await installCrd(plane.kubeconfig);
  const client = new KubeClient(plane.kubeconfig);
  await installAccount(client);
  const pubsub = await startPubsubService({ latencyMs: LATENCY_MS });
  const bigQuery = await startBigQuery({ project: PROJECT });
  await makeTables(bigQuery, DATASET);
  await makeViews(bigQuery, DATASET);
  bigQuery.fail({ kind: "slow", ms: LATENCY_MS });
  const kubeconfig = await plane.kubeconfigFor(ACCOUNT.namespace, ACCOUNT.name, 24 * 3_600);
  const { promise: failure, reject: failed } = Promise.withResolvers<never>();
  failure.catch(() => undefined);
  const stopped = new AbortController();
  return { plane, directory, client, audit, pubsub, bigQuery, kubeconfig, stopped, failure, failed };
}

async function stopParts({ stopped, pubsub, bigQuery, plane, directory }: Parts): Promise<void> {
  stopped.abort();
  pubsub.stop();
  await bigQuery.stop();
  await plane.stop();
  await rm(directory, { recursive: true, force: true });
}

/** The operator's account and rights, as an install makes them: so the server's priorities and fairness hold it too. */
async function installAccount(client: KubeClient): Promise<void> {
  for (const object of INSTALL) {
    if (object.kind !== "Deployment") await client.create(collectionOf(object), object);
  }
}

function environmentIn(objects: readonly KubeObject[]): Readonly<Record<string, string>> {
  const { spec } = objects.find(({ kind }) => kind === "Deployment") as unknown as {
    spec: { template: { spec: { containers: { env?: { name: string; value: string }[] }[] } } };
  };
  const env = spec.template.spec.containers.flatMap((container) => container.env ?? []);
  return Object.fromEntries(env.map(({ name, value }) => [name, value]));
}

function collectionOf({ apiVersion, kind, metadata: { namespace } }: KubeObject): string {
  const group = apiVersion === "v1" ? "/api/v1" : `/apis/${apiVersion}`;
  return `${group}/${namespace === undefined ? "" : `namespaces/${namespace}/`}${kind.toLowerCase()}s`;
}

function secretPath(namespace: string): string {
  return `/api/v1/namespaces/${namespace}/secrets/${SECRET_NAME}`;
}

async function makeNamespaces(client: KubeClient, namespaces: readonly string[]): Promise<void> {
  await inLanes(namespaces, AT_ONCE, async (namespace) => {
    await client.create("/api/v1/namespaces", { metadata: { name: namespace } });
    await client.create(`/api/v1/namespaces/${namespace}/secrets`, {
      metadata: { name: SECRET_NAME },
      stringData: { "APCA-API-KEY-ID": "bench", "APCA-API-SECRET-KEY": "bench" },
    });
    await untilAccount(client, namespace);
  });
}

/** A namespace takes Pods once its default service account is made. */
async function untilAccount(client: KubeClient, namespace: string): Promise<void> {
  for (;;) {
    try {
      await client.get(`/api/v1/namespaces/${namespace}/serviceaccounts/default`);
      return;
    } catch (error) {
      if (!(error instanceof KubeRefusal && error.code === 404)) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
