import type { KubeObject } from "../api/kube-object.ts";
import { type Cluster, ClusterError, type ControllerTelemetry } from "../controller-ports.ts";
import type { Clock } from "../ports.ts";
import type { Again, Reconciler } from "./reconcile.ts";
import { statusIn } from "./status.ts";
import { type ClusterChange, Waking } from "./waking.ts";

/** Keys that want to be worked on; each is worked on by one worker at a time. */
export interface FeedQueue {
  add(key: string, priority: "high" | "low"): void;
  addAfter(key: string, delayMs: number): void;
  /** After a delay that grows with each failure of the key. */
  retry(key: string, atLeastMs?: number): void;
  /** The key is well again. */
  forget(key: string): void;
}

/** What the controller tells whoever reads logs. */
export interface ControllerLog {
  /** A call that failed and is tried again. */
  onFault(feed: string, fault: Error): void;
  /** A defect: the feed is tried again, but somebody should look. */
  onDefect(feed: string, error: unknown): void;
}

interface ControllerOptions {
  readonly cluster: Cluster;
  readonly queue: FeedQueue;
  readonly reconciler: Reconciler;
  readonly clock: Pick<Clock, "now">;
  readonly telemetry: Pick<ControllerTelemetry, "countReconcileError">;
  readonly log: ControllerLog;
}

/**
 * The control loop: changes of the cluster become keys of feeds, keys become reconciles, and what these come to says
 * when a feed has its next turn.
 *
 * - While it doesn't lead, it takes note of changes and queues nothing.
 * - When it begins to lead, every feed has a turn, behind those that something happens to or has happened to while
 *   nobody led.
 * - A feed that fails costs the others nothing: it comes back after a growing delay.
 */
export class Controller {
  readonly #options: ControllerOptions;
  readonly #waking: Waking;
  #leading = false;

  constructor(options: ControllerOptions) {
    this.#options = options;
    this.#waking = new Waking({ cluster: options.cluster, pollers: options.reconciler.memory.pollers });
  }

  /** Takes note of a change, in the order of the changes. */
  onChange(event: ClusterChange): void {
    const feeds = this.#waking.feedsOf(event);
    const { kind, change, initial } = event;
    if (kind === "StockFeed" && change.type === "deleted") this.#options.reconciler.forget(change.object);
    if (!this.#leading) return;
    for (const feed of feeds) this.#options.queue.add(feed, initial ? "low" : "high");
  }

  /** Begins to lead, with caches that are whole: everything is looked at, and pollers are counted from now on. */
  begin(): void {
    const { cluster, queue, clock, reconciler } = this.#options;
    this.#leading = true;
    reconciler.memory.pollers.countFrom(clock.now());
    for (const feed of cluster.list("StockFeed")) {
      const { name, namespace = "" } = feed.metadata;
      queue.add(`${namespace}/${name}`, hasNews(feed) ? "high" : "low");
    }
  }

  /** Whether it leads. */
  leads(): boolean {
    return this.#leading;
  }

  /** Leads no more. */
  end(): void {
    this.#leading = false;
    this.#options.reconciler.memory.pollers.countFrom(Infinity);
  }

  /** Works on one key of the queue; never rejects. */
  async handle(key: string): Promise<void> {
    const { reconciler, queue, telemetry, log } = this.#options;
    const [namespace = "", name = ""] = key.split("/");
    try {
      this.#schedule(key, await reconciler.reconcile(namespace, name));
    } catch (error) {
      telemetry.countReconcileError();
      log.onDefect(key, error);
      queue.retry(key);
    }
  }

  #schedule(key: string, { afterMs, fault }: Again): void {
    const { queue, telemetry, log } = this.#options;
    if (fault === undefined) {
      queue.forget(key);
      // What goes on at once has its turn with what failed before, not behind it: a launch that nobody has tried yet waits
      // for no more of those that take a minute to fail than wait already.
      if (afterMs === 0) queue.add(key, "high");
      else if (afterMs !== undefined) queue.addAfter(key, afterMs);
      return;
    }
    // Whoever leads now reconciles it; here it has a turn again when this process does.
    if (fault instanceof ClusterError && fault.kind === "NotLeader") return;
    telemetry.countReconcileError();
    log.onFault(key, fault);
    queue.retry(key, afterMs);
  }
}

/** Whether nobody has looked at the feed since its spec was written, or since its deletion was asked for. */
function hasNews(feed: KubeObject): boolean {
  const { generation, deletionTimestamp } = feed.metadata;
  return deletionTimestamp !== undefined || statusIn(feed).observedGeneration !== generation;
}
