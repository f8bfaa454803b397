import type { PublisherClient, SubscriberClient } from "@google-cloud/pubsub/build/src/v1/index.js";
import type { EpochMs } from "../../quotes/quote.ts";
import type { PubsubSettings } from "./clients.ts";
import type { ApiSubscription, ApiTopic, Change } from "./wanted-objects.ts";

/** The calls of one kind of object; each is one request and rejects with the gRPC status in `code`. */
export interface ObjectCalls<T> {
  /** Everything of a project, page by page. */
  list(project: string): Promise<readonly T[]>;
  /** @param path `projects/p/topics/t` or `projects/p/subscriptions/s` */
  get(path: string): Promise<T>;
  create(object: T): Promise<T>;
  update(change: Change<T>): Promise<T>;
  delete(path: string): Promise<void>;
}

/** The part of Pub/Sub's administration that StockFeed uses. */
export interface AdminCalls {
  readonly topics: ObjectCalls<ApiTopic>;
  readonly subscriptions: ObjectCalls<ApiSubscription>;
  /** Delivers again from this time on; one request. */
  seek(path: string, time: EpochMs): Promise<void>;
  /** Makes a snapshot of a subscription. @returns when it expires */
  createSnapshot(path: string, subscription: string): Promise<EpochMs>;
  deleteSnapshot(path: string): Promise<void>;
  /** Closes the connections. */
  close(): Promise<void>;
}

const PAGE_SIZE = 1000;
/** One attempt, with an end: who calls comes back by itself. */
const ONE_ATTEMPT = { timeout: 20_000, retry: null } as const;
/** The client would take page sizes for a mistake where it goes through the pages itself. */
const ONE_PAGE = { ...ONE_ATTEMPT, autoPaginate: false } as const;

/**
 * The calls by Google's client, for any project. Of the library only the administration is loaded: all of it, with what
 * publishes and pulls, takes the operator 12 MiB more.
 * @throws Error where there are no credentials; who calls makes the calls anew
 */
export async function adminCalls({ emulatorHost }: Pick<PubsubSettings, "emulatorHost">): Promise<AdminCalls> {
  const { PublisherClient, SubscriberClient } = await import("@google-cloud/pubsub/build/src/v1/index.js");
  const options = emulatorHost ? await emulatorOptions(emulatorHost) : {};
  const publisher = new PublisherClient(options);
  const subscriber = new SubscriberClient(options);
  // A client that finds no credentials amid a call leaves a rejection that nobody can handle, and stays without for good.
  await Promise.all([publisher.initialize(), subscriber.initialize()]);
  return {
    topics: topicCalls(publisher),
    subscriptions: subscriptionCalls(subscriber),
    seek: async (subscription, ms) => {
      const time = { seconds: Math.floor(ms / 1_000), nanos: (ms % 1_000) * 1_000_000 };
      await subscriber.seek({ subscription, time }, ONE_ATTEMPT);
    },
    createSnapshot: async (name, subscription) => {
      const [{ expireTime }] = await subscriber.createSnapshot({ name, subscription }, ONE_ATTEMPT);
      return Number(expireTime?.seconds ?? 0) * 1_000 + Math.floor((expireTime?.nanos ?? 0) / 1_000_000);
    },
    deleteSnapshot: async (snapshot) => {
      await subscriber.deleteSnapshot({ snapshot }, ONE_ATTEMPT);
    },
    close: async () => {
      await Promise.all([publisher.close(), subscriber.close()]);
    },
  };
}

async function emulatorOptions(emulatorHost: string) {
  const { credentials } = await import("@grpc/grpc-js");
  const { hostname, port } = new URL(`http://${emulatorHost}`);
  return { servicePath: hostname, port: Number(port), sslCreds: credentials.createInsecure() };
}

function topicCalls(client: PublisherClient): ObjectCalls<ApiTopic> {
  return {
    list: (project) => allPages((page) => client.listTopics({ ...page, project: `projects/${project}` }, ONE_PAGE)),
    get: async (topic) => (await client.getTopic({ topic }, ONE_ATTEMPT))[0],
    create: async (topic) => (await client.createTopic(topic, ONE_ATTEMPT))[0],
    update: async ({ wanted, paths }) =>
      (await client.updateTopic({ topic: wanted, updateMask: { paths: [...paths] } }, ONE_ATTEMPT))[0],
    delete: async (topic) => {
      await client.deleteTopic({ topic }, ONE_ATTEMPT);
    },
  };
}

function subscriptionCalls(client: SubscriberClient): ObjectCalls<ApiSubscription> {
  return {
    list: (project) =>
      allPages((page) => client.listSubscriptions({ ...page, project: `projects/${project}` }, ONE_PAGE)),
    get: async (subscription) => (await client.getSubscription({ subscription }, ONE_ATTEMPT))[0],
    create: async (subscription) => (await client.createSubscription(subscription, ONE_ATTEMPT))[0],
    update: async ({ wanted, paths }) =>
      (await client.updateSubscription({ subscription: wanted, updateMask: { paths: [...paths] } }, ONE_ATTEMPT))[0],
    delete: async (subscription) => {
      await client.deleteSubscription({ subscription }, ONE_ATTEMPT);
    },
  };
}

interface Page {
  readonly pageSize: number;
  readonly pageToken: string;
}

/** What is on all pages; each answer names the next one. */
async function allPages<T>(
  list: (page: Page) => Promise<readonly [T[], unknown, { readonly nextPageToken?: string | null }, ...unknown[]]>,
): Promise<readonly T[]> {
  const all: T[] = [];
  let pageToken = "";
  do {
    const [objects, , response] = await list({ pageSize: PAGE_SIZE, pageToken });
    for (const object of objects) all.push(object);
    pageToken = response.nextPageToken ?? "";
  } while (pageToken !== "");
  return all;
}
