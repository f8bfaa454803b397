/**
 * Stands in for what runs workloads in a cluster: the controllers of StatefulSets and CronJobs, nodes, and the containers
 * on them. A StatefulSet is ready at once. Each period every CronJob has a new Pod, made of its own template, which runs
 * until the next period and then leaves its summary; the one before it is deleted. So the operator sees the objects and
 * events that a cluster would show it, and no container is run.
 */
import { encodeSummary } from "../../src/quotes/poll-summary.ts";
import { inLanes } from "../../src/lanes/in-lanes.ts";
import type { AnyObject, KubeClient } from "../../test/kube-client.ts";
import { follow } from "./follow.ts";

const CRON_JOBS = "/apis/batch/v1/cronjobs";
const STATEFUL_SETS = "/apis/apps/v1/statefulsets";
const FEED_LABEL = "stockfeed.dev/feed";
/** Requests under way at once. */
const AT_ONCE = 16;
/** What each finished poller says it polled. */
export const SLOTS_A_POLLER = 6;
const SYMBOLS = 10;

interface StatefulSet extends AnyObject {
  readonly metadata: AnyObject["metadata"] & { readonly generation?: number };
  readonly spec: { readonly replicas?: number };
  readonly status?: { readonly observedGeneration?: number; readonly readyReplicas?: number };
}

interface CronJob extends AnyObject {
  readonly spec: { readonly jobTemplate: { readonly spec: { readonly template: PodTemplate } } };
}

interface PodTemplate {
  readonly metadata: { readonly labels?: Readonly<Record<string, string>> };
  readonly spec: object;
}

/** A child as a check needs it. */
export interface SeenChild {
  readonly kind: "CronJob" | "StatefulSet";
  /** UIDs of its owners. */
  readonly owners: readonly string[];
}

interface HollowOptions {
  readonly client: KubeClient;
  readonly signal: AbortSignal;
  readonly onError: (error: unknown) => void;
}

export class HollowWorkloads {
  readonly #options: HollowOptions;
  readonly #cronJobs = new Map<string, CronJob>();
  readonly #children = new Map<string, SeenChild>();
  /** By feed: when its first child was seen, by `performance.now()`. */
  readonly #firstSeen = new Map<string, number>();
  readonly #running = new Map<string, string>();
  readonly #finished = new Map<string, string>();
  /** Pods that have ended with a summary. */
  finishedPollers = 0;

  private constructor(options: HollowOptions) {
    this.#options = options;
  }

  static async start(options: HollowOptions): Promise<HollowWorkloads> {
    const hollow = new HollowWorkloads(options);
    await follow<CronJob>(
      options.client,
      CRON_JOBS,
      (type, cronJob) => {
        hollow.#see("CronJob", type, cronJob);
        if (type === "DELETED") hollow.#cronJobs.delete(keyOf(cronJob));
        else hollow.#cronJobs.set(keyOf(cronJob), cronJob);
      },
      options,
    );
    await follow<StatefulSet>(
      options.client,
      STATEFUL_SETS,
      (type, statefulSet) => {
        hollow.#see("StatefulSet", type, statefulSet);
        if (type !== "DELETED") hollow.#makeReady(statefulSet).catch(options.onError);
      },
      options,
    );
    return hollow;
  }

  /** Every CronJob and StatefulSet of the cluster. */
  get children(): readonly SeenChild[] {
    return [...this.#children.values()];
  }

  /** When the first child of a feed was seen, by `performance.now()`; undefined while it has none. */
  firstChildAt(feed: string): number | undefined {
    return this.#firstSeen.get(feed);
  }

  /** One period: what runs ends, what had ended goes, and every CronJob has a new Pod. */
  async period(): Promise<void> {
    const minute = Math.floor(Date.now() / 60_000);
    await inLanes([...this.#cronJobs.values()], AT_ONCE, async (cronJob) => {
      const key = keyOf(cronJob);
      const [running, finished] = [this.#running.get(key), this.#finished.get(key)];
      if (running !== undefined) await this.#finish(cronJob, running);
      if (finished !== undefined) await this.#options.client.delete(finished, { gracePeriodSeconds: 0 });
      await this.#begin(cronJob, `${cronJob.metadata.name}-${minute}`);
    });
  }

  #see(kind: SeenChild["kind"], type: "ADDED" | "MODIFIED" | "DELETED", object: AnyObject): void {
    const {
      namespace = "",
      labels,
      ownerReferences = [],
    } = object.metadata as AnyObject["metadata"] & {
      readonly ownerReferences?: readonly { readonly uid: string }[];
    };
    const key = `${kind} ${keyOf(object)}`;
    if (type === "DELETED") this.#children.delete(key);
    else this.#children.set(key, { kind, owners: ownerReferences.map(({ uid }) => uid) });
    const feed = `${namespace}/${labels?.[FEED_LABEL] ?? ""}`;
    if (type === "ADDED" && !this.#firstSeen.has(feed)) this.#firstSeen.set(feed, performance.now());
  }

  async #makeReady({ metadata, spec, status }: StatefulSet): Promise<void> {
    const { name, namespace = "", generation } = metadata;
    const { replicas = 1 } = spec;
    if (status?.observedGeneration === generation && status?.readyReplicas === replicas) return;
    const ready = { replicas, readyReplicas: replicas, updatedReplicas: replicas, availableReplicas: replicas };
    await this.#options.client.patch(`/apis/apps/v1/namespaces/${namespace}/statefulsets/${name}/status`, {
      status: { observedGeneration: generation, ...ready },
    });
  }

  async #begin({ metadata, spec }: CronJob, job: string): Promise<void> {
    const { namespace = "" } = metadata;
    const template = spec.jobTemplate.spec.template;
    const pods = `/api/v1/namespaces/${namespace}/pods`;
    const { metadata: made } = await this.#options.client.create(pods, {
      metadata: {
        generateName: `${job}-0-`,
        labels: {
          ...template.metadata.labels,
          "batch.kubernetes.io/job-name": job,
          "batch.kubernetes.io/job-completion-index": "0",
        },
      },
      spec: { ...template.spec, nodeName: "hollow" },
    });
    const path = `${pods}/${made.name}`;
    this.#running.set(keyOf({ metadata }), path);
    await this.#status(path, "Running", { running: { startedAt: new Date().toISOString() } });
  }

  async #finish(cronJob: CronJob, path: string): Promise<void> {
    const { namespace = "", labels } = cronJob.metadata;
    const now = Date.now();
    const message = encodeSummary({
      feed: `${namespace}/${labels?.[FEED_LABEL] ?? ""}`,
      provider: "Simulated",
      slotsPolled: SLOTS_A_POLLER,
      slotsMissed: 0,
      quotes: SLOTS_A_POLLER * SYMBOLS,
      staleQuotes: 0,
      undeliveredQuotes: 0,
      deadLetters: {},
      failures: {},
      marketState: "Open",
      lastSlot: now - (now % 10_000),
      newestProviderTime: now,
    });
    const finishedAt = new Date(now).toISOString();
    await this.#status(path, "Succeeded", {
      terminated: { exitCode: 0, reason: "Completed", startedAt: finishedAt, finishedAt, message },
    });
    this.#finished.set(keyOf(cronJob), path);
    this.finishedPollers++;
  }

  async #status(path: string, phase: "Running" | "Succeeded", state: object): Promise<void> {
    const ready = phase === "Running";
    const container = { name: "poll", image: "stockfeed", imageID: "", ready, restartCount: 0, state };
    const conditions = [{ type: "Ready", status: ready ? "True" : "False" }];
    await this.#options.client.patch(`${path}/status`, {
      status: { phase, conditions, containerStatuses: [container] },
    });
  }
}

function keyOf({ metadata: { namespace = "", name } }: AnyObject): string {
  return `${namespace}/${name}`;
}
