/**
 * Pub/Sub's administration for the controller: topics and subscriptions of many projects.
 *
 * - Reading costs two paged lists a project and interval, whatever the number of feeds. A put compares with what the
 *   list has and calls only where something differs, so a feed that is as it should be costs nothing.
 * - No call is retried in here and none takes longer than 20 s: the controller comes back by itself, with a backoff.
 * - Who leads no more writes nothing: each call that writes asks the fence first.
 * - A put or delete that finds the object in another state than listed (made or deleted by someone else since) does
 *   what is left to do, and ends as it was asked to.
 */
import {
  ClusterError,
  type Messaging,
  MessagingError,
  type MessagingInventory,
  type Subscription,
  type Topic,
} from "../../controller-ports.ts";
import type { EpochMs } from "../../quotes/quote.ts";
import type { AdminCalls, ObjectCalls } from "./admin-calls.ts";
import { fencedCalls } from "./fenced-calls.ts";
import { statusOf } from "./grpc-status.ts";
import { type AttemptedCall, messagingError } from "./messaging-error.ts";
import { type Listed, ProjectListing } from "./project-listing.ts";
import { ShownMap } from "./shown-map.ts";
import {
  type ApiSubscription,
  type ApiTopic,
  type Change,
  shortName,
  subscriptionChange,
  subscriptionOf,
  subscriptionPath,
  topicChange,
  topicOf,
  topicPath,
  wantedSubscription,
  wantedTopic,
} from "./wanted-objects.ts";

export interface MessagingOptions {
  /** Made when it is needed first, and again where that failed. */
  readonly calls: () => Promise<AdminCalls>;
  /** Asked before each call that writes; throws a ClusterError (NotLeader) where another leads. */
  readonly fence?: () => void;
  /** How long a listing serves; a minute by default. */
  readonly listIntervalMs?: number;
  /** Milliseconds that only grow; those of the process by default. */
  readonly now?: () => number;
}

const LIST_INTERVAL_MS = 60_000;
const NOT_FOUND = 5;
const ALREADY_EXISTS = 6;
/** Of a snapshot that would expire within the hour. */
const FAILED_PRECONDITION = 9;
/** How long a snapshot lives of a subscription in which nothing waits. */
const SNAPSHOT_MS = 7 * 86_400_000;

/** Pub/Sub's administration as a port. */
export function pubsubMessaging(options: MessagingOptions): Messaging & { close(): Promise<void> } {
  return new PubsubMessaging(options);
}

class PubsubMessaging implements Messaging {
  readonly #makeCalls: () => Promise<AdminCalls>;
  readonly #listIntervalMs: number;
  readonly #now: () => number;
  readonly #projects = new Map<string, ProjectListing>();
  #calls: Promise<AdminCalls> | undefined;

  constructor(options: MessagingOptions) {
    const { calls, fence, listIntervalMs = LIST_INTERVAL_MS, now = () => performance.now() } = options;
    this.#makeCalls = fence === undefined ? calls : async () => fencedCalls(await calls(), fence);
    this.#listIntervalMs = listIntervalMs;
    this.#now = now;
  }

  async inventory(project: string): Promise<MessagingInventory> {
    const { topics, subscriptions } = await this.#listing(project).get();
    return { topics: new ShownMap(topics, topicOf), subscriptions: new ShownMap(subscriptions, subscriptionOf) };
  }

  async putTopic(project: string, topic: Topic): Promise<void> {
    const listed = await this.#listing(project).get();
    const object = await this.#put({
      call: { project, action: `set the topic ${topic.name} up` },
      existing: listed.topics.get(topic.name),
      wanted: wantedTopic(project, topic),
      calls: ({ topics }) => topics,
      change: topicChange,
    });
    this.#listing(project).write(({ topics }) => topics.set(topic.name, object));
  }

  async putSubscription(project: string, subscription: Subscription): Promise<void> {
    const { name, bigQueryTable } = subscription;
    const listed = await this.#listing(project).get();
    const object = await this.#put({
      call: { project, action: `set the subscription ${name} up`, toBigQuery: bigQueryTable !== undefined },
      existing: listed.subscriptions.get(name),
      wanted: wantedSubscription(project, subscription),
      calls: ({ subscriptions }) => subscriptions,
      change: (existing, wanted) => {
        assertSameTopic(existing, subscription, project);
        return subscriptionChange(existing, wanted);
      },
    });
    this.#listing(project).write(({ subscriptions }) => subscriptions.set(name, object));
  }

  async seek(project: string, subscription: string, time: EpochMs): Promise<void> {
    const call = { project, action: `rewind the subscription ${subscription}` };
    await this.#try(call, (calls) => calls.seek(subscriptionPath(project, subscription), time));
  }

  /**
   * Pub/Sub has no call that tells the age of what waits. A snapshot does: it lives for seven days, less that age.
   * https://cloud.google.com/pubsub/docs/reference/rest/v1/projects.snapshots#Snapshot.FIELDS.expire_time
   */
  async acknowledgedUpTo(project: string, subscription: string): Promise<EpochMs | undefined> {
    const call = { project, action: `look at what waits in the subscription ${subscription}` };
    const path = `projects/${project}/snapshots/${subscription}`;
    return this.#try(call, async (calls) => {
      const drop = () => unless(NOT_FOUND, calls.deleteSnapshot(path));
      const take = () => calls.createSnapshot(path, subscriptionPath(project, subscription));
      try {
        // One that is there was left by somebody who was killed.
        const expiry = await unless(ALREADY_EXISTS, take(), () => drop().then(take));
        await drop();
        return expiry - SNAPSHOT_MS;
      } catch (error) {
        if (statusOf(error) === NOT_FOUND) return undefined;
        if (statusOf(error) === FAILED_PRECONDITION) return 0;
        throw error;
      }
    });
  }

  async deleteTopic(project: string, name: string): Promise<void> {
    const call = { project, action: `delete the topic ${name}` };
    await this.#try(call, async ({ topics }) => unless(NOT_FOUND, topics.delete(topicPath(project, name))));
    this.#listing(project).write(({ topics, subscriptions }) => {
      topics.delete(name);
      // Its subscriptions stay, on no topic.
      for (const [key, subscription] of subscriptions) {
        if (shortName(subscription.topic) === name) subscriptions.set(key, { ...subscription, topic: DELETED_TOPIC });
      }
    });
  }

  async deleteSubscription(project: string, name: string): Promise<void> {
    const call = { project, action: `delete the subscription ${name}` };
    const path = subscriptionPath(project, name);
    await this.#try(call, async ({ subscriptions }) => unless(NOT_FOUND, subscriptions.delete(path)));
    this.#listing(project).write(({ subscriptions }) => subscriptions.delete(name));
  }

  /** Closes the connections. */
  async close(): Promise<void> {
    await (await this.#calls?.catch(() => undefined))?.close();
  }

  /** Creates or changes an object; what it is then. */
  async #put<T extends ApiTopic | ApiSubscription>(put: {
    readonly call: AttemptedCall;
    readonly existing: T | undefined;
    readonly wanted: T;
    readonly calls: (calls: AdminCalls) => ObjectCalls<T>;
    readonly change: (existing: T, wanted: T) => Change<T>;
  }): Promise<T> {
    const { call, wanted, change } = put;
    const path = wanted.name ?? "";
    if (put.existing !== undefined && change(put.existing, wanted).paths.length === 0) return put.existing;
    return this.#try(call, async (all) => {
      const calls = put.calls(all);
      // What the list does not have may have been made since, and what it has may be gone.
      const existing = put.existing ?? (await unless(ALREADY_EXISTS, calls.create(wanted), () => calls.get(path)));
      const needed = change(existing, wanted);
      if (needed.paths.length === 0) return existing;
      return unless(NOT_FOUND, calls.update(needed), () => calls.create(wanted));
    });
  }

  async #try<T>(call: AttemptedCall, work: (calls: AdminCalls) => Promise<T>): Promise<T> {
    try {
      this.#calls ??= this.#makeCalls();
      const calls = await this.#calls.catch((error: unknown) => {
        this.#calls = undefined;
        throw error;
      });
      return await work(calls);
    } catch (error) {
      const isTold = error instanceof MessagingError || error instanceof ClusterError;
      throw isTold ? error : messagingError(error, call);
    }
  }

  #listing(project: string): ProjectListing {
    const known = this.#projects.get(project);
    if (known !== undefined) return known;
    const listing = new ProjectListing(() => this.#list(project), this.#listIntervalMs, this.#now);
    this.#projects.set(project, listing);
    return listing;
  }

  #list(project: string): Promise<Listed> {
    return this.#try({ project, action: "list its topics and subscriptions" }, async (calls) => {
      const [topics, subscriptions] = await Promise.all([
        calls.topics.list(project),
        calls.subscriptions.list(project),
      ]);
      return { topics: byShortName(topics), subscriptions: byShortName(subscriptions) };
    });
  }
}

/** What the topic of a subscription is called once it is deleted. */
const DELETED_TOPIC = "_deleted-topic_";

function byShortName<T extends ApiTopic | ApiSubscription>(objects: readonly T[]): Map<string, T> {
  return new Map(objects.map((object) => [shortName(object.name), object]));
}

/** The work's result; with this gRPC status the other's instead. */
async function unless(status: number, work: Promise<void>): Promise<void>;
async function unless<T>(status: number, work: Promise<T>, otherwise: () => Promise<T>): Promise<T>;
async function unless<T>(status: number, work: Promise<T>, otherwise?: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (statusOf(error) !== status) throw error;
    return otherwise?.();
  }
}

/** @throws MessagingError where the subscription is on another topic, which can't be changed */
function assertSameTopic({ topic }: ApiSubscription, { name, topic: wanted }: Subscription, project: string): void {
  if (topic === topicPath(project, wanted)) return;
  const there = topic === DELETED_TOPIC ? "a topic that is deleted" : `the topic ${topic ?? ""}`;
  throw new MessagingError(
    "Conflict",
    `The subscription ${name} of project ${project} is on ${there}, not on ${wanted}, and can't be moved. Delete it, ` +
      "and it is made anew; quotes that it has not delivered yet are then read from the topic, as far back as that keeps them.",
  );
}
