import type { KubeObject } from "../../api/kube-object.ts";
import { ClusterError, type FeedEvent } from "../../controller-ports.ts";
import type { Clock } from "../../ports.ts";
import type { EpochMs } from "../../quotes/quote.ts";
import { ApiError } from "./api-error.ts";
import type { Write } from "./fenced-writes.ts";

/** An event that comes again within this time of its last is counted up. */
const SERIES_MS = 600_000;
/** A series is written at most this often, however often its event comes. */
const COUNT_MS = 60_000;
/** What the server takes. https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/ */
const MAX_NOTE = 1_024;
const MAX_REASON = 128;
/** Writes about one object: this many at once, then one more each five minutes. */
const BURST = 25;
const REFILL_MS = 300_000;
/** Series and objects that are remembered before those that are over are forgotten. */
const MAX_REMEMBERED = 5_000;
/** Events that wait to be written; beyond it new ones are dropped. */
const MAX_WAITING = 10_000;

export interface EventRecorderOptions {
  readonly write: Write;
  readonly clock: Pick<Clock, "now">;
  /** Such as `stockfeed.dev/operator`. */
  readonly controller: string;
  /** This process, such as the Pod's name. */
  readonly instance: string;
  /** Told of each event that could not be written. */
  readonly onProblem: (error: Error) => void;
}

/** An event that was written, and how often it has come since. */
interface Series {
  readonly path: string;
  count: number;
  lastSeen: EpochMs;
  writtenAt: EpochMs;
}

interface Job {
  readonly about: KubeObject;
  readonly event: FeedEvent;
}

/**
 * Records events about objects, of events.k8s.io/v1, one after the other in the background.
 *
 * Guarantees: it never throws and never holds up its caller. The same event again within ten minutes is counted in the
 * series of the first, which is written once a minute at most; an object gets 25 writes at once, then one in five
 * minutes.
 * Caveats: events are for people, so those that can't be written are dropped. A count that grew since the last write is
 * written with the next occurrence only.
 */
export class EventRecorder {
  readonly #options: EventRecorderOptions;
  readonly #series = new Map<string, Series>();
  /** By object: when its allowance would be whole again. */
  readonly #allowances = new Map<string, EpochMs>();
  readonly #waiting: Job[] = [];
  #working: Promise<void> | undefined;
  #nameCount = 0;

  constructor(options: EventRecorderOptions) {
    this.#options = options;
  }

  record(about: KubeObject, event: FeedEvent): void {
    if (this.#waiting.length >= MAX_WAITING) return;
    this.#waiting.push({ about, event });
    this.#working ??= this.#work();
  }

  /** Resolves once everything recorded so far is written or dropped. */
  async drain(): Promise<void> {
    await this.#working;
  }

  async #work(): Promise<void> {
    for (let job = this.#waiting.shift(); job !== undefined; job = this.#waiting.shift()) {
      try {
        await this.#say(job);
      } catch (error) {
        if (!(error instanceof ClusterError && error.kind === "NotLeader")) {
          this.#options.onProblem(error instanceof Error ? error : new Error(String(error)));
        }
      }
    }
    this.#working = undefined;
  }

  async #say({ about, event }: Job): Promise<void> {
    const now = this.#options.clock.now();
    const key = [about.metadata.uid, event.type, event.reason, event.note].join("\0");
    const series = this.#series.get(key);
    if (series === undefined || now - series.lastSeen > SERIES_MS) {
      if (!this.#allows(about, now)) return;
      this.#tidy(now);
      const path = await this.#create(about, event, now);
      this.#series.set(key, { path, count: 1, lastSeen: now, writtenAt: now });
      return;
    }
    series.count++;
    series.lastSeen = now;
    if (now - series.writtenAt < COUNT_MS || !this.#allows(about, now)) return;
    series.writtenAt = now;
    try {
      await this.#options.write({
        method: "PATCH",
        path: series.path,
        contentType: "application/merge-patch+json",
        body: { series: { count: series.count, lastObservedTime: microTime(now) } },
      });
    } catch (error) {
      // The server keeps events for an hour or so: where it is gone, the next one begins a new series.
      if (!(error instanceof ApiError && error.kind === "NotFound")) throw error;
      this.#series.delete(key);
    }
  }

  async #create({ apiVersion, kind, metadata }: KubeObject, event: FeedEvent, now: EpochMs): Promise<string> {
    const { controller, instance, write } = this.#options;
    const { name, namespace = "default", uid, resourceVersion } = metadata;
    const collection = `/apis/events.k8s.io/v1/namespaces/${encodeURIComponent(namespace)}/events`;
    const eventName = `${name.slice(0, 200)}.${now.toString(16)}${(this.#nameCount++).toString(16)}`;
    await write({
      method: "POST",
      path: collection,
      body: {
        apiVersion: "events.k8s.io/v1",
        kind: "Event",
        metadata: { name: eventName, namespace },
        eventTime: microTime(now),
        reportingController: controller,
        reportingInstance: instance.slice(0, 128),
        action: event.reason.slice(0, MAX_REASON),
        reason: event.reason.slice(0, MAX_REASON),
        type: event.type,
        note: cut(event.note),
        regarding: { apiVersion, kind, name, namespace, uid, resourceVersion },
      },
    });
    return `${collection}/${encodeURIComponent(eventName)}`;
  }

  #allows({ metadata: { uid = "" } }: KubeObject, now: EpochMs): boolean {
    const wholeAt = Math.max(this.#allowances.get(uid) ?? now, now) + REFILL_MS;
    if (wholeAt - now > BURST * REFILL_MS) return false;
    this.#allowances.set(uid, wholeAt);
    return true;
  }

  /** Forgets what is over. */
  #tidy(now: EpochMs): void {
    if (this.#series.size + this.#allowances.size < MAX_REMEMBERED) return;
    for (const [key, { lastSeen }] of this.#series) if (now - lastSeen > SERIES_MS) this.#series.delete(key);
    for (const [uid, wholeAt] of this.#allowances) if (wholeAt <= now) this.#allowances.delete(uid);
  }
}

/** The note as far as the server takes it; what it counts are bytes. */
function cut(note: string): string {
  if (Buffer.byteLength(note) <= MAX_NOTE) return note;
  // Three bytes for the ellipsis; a character that was cut through is left out.
  return `${Buffer.from(note)
    .subarray(0, MAX_NOTE - 3)
    .toString("utf8")
    .replace(/\uFFFD+$/, "")}…`;
}

function microTime(time: EpochMs): string {
  return new Date(time).toISOString().replace("Z", "000Z");
}
