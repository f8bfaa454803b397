import {
  type Messaging,
  MessagingError,
  type MessagingInventory,
  type Subscription,
  type Topic,
} from "../../src/controller-ports.ts";

/** Pub/Sub's topics and subscriptions in memory. */
export interface MemoryMessaging extends Messaging {
  /** What each project holds; to be changed as by somebody else. */
  project(name: string): { readonly topics: Map<string, Topic>; readonly subscriptions: Map<string, Subscription> };
  /** Writes that were made, such as `put topic x`. */
  readonly writes: string[];
  /** Before which time everything has been acknowledged, by subscription; nobody knows of others. */
  readonly acknowledged: Map<string, number>;
  /** Called before each call; what it throws is the call's answer. */
  fault: ((call: string) => void) | undefined;
  /** Called after each write has been made; what it throws is all that the caller sees. */
  afterWrite: ((write: string) => void) | undefined;
}

/** Keeps what it is given whole, and like Pub/Sub leaves the subscriptions of a deleted topic on no topic. */
export function memoryMessaging(): MemoryMessaging {
  const projects = new Map<string, ReturnType<MemoryMessaging["project"]>>();
  const project = (name: string) => {
    const known = projects.get(name) ?? {
      topics: new Map<string, Topic>(),
      subscriptions: new Map<string, Subscription>(),
    };
    projects.set(name, known);
    return known;
  };
  const call = async (name: string, work?: () => void): Promise<void> => {
    await Promise.resolve();
    fake.fault?.(name);
    if (work === undefined) return;
    work();
    fake.writes.push(name);
    fake.afterWrite?.(name);
  };
  const fake: MemoryMessaging = {
    project,
    writes: [],
    acknowledged: new Map(),
    fault: undefined,
    afterWrite: undefined,
    async inventory(name): Promise<MessagingInventory> {
      await call(`inventory ${name}`);
      return project(name);
    },
    putTopic: (name, topic) => call(`put topic ${topic.name}`, () => project(name).topics.set(topic.name, topic)),
    putSubscription: (name, subscription) =>
      call(`put subscription ${subscription.name}`, () => {
        const { topics, subscriptions } = project(name);
        if (!topics.has(subscription.topic)) throw new MessagingError("NotFound", `no topic ${subscription.topic}`);
        const present = subscriptions.get(subscription.name);
        if (present !== undefined && present.topic !== subscription.topic) {
          throw new MessagingError("Conflict", `${subscription.name} is on ${present.topic}`);
        }
        subscriptions.set(subscription.name, subscription);
      }),
    seek: (name, subscription, time) =>
      call(`seek ${subscription} to ${new Date(time).toISOString()}`, () => {
        if (!project(name).subscriptions.has(subscription)) throw new MessagingError("NotFound", `no ${subscription}`);
      }),
    acknowledgedUpTo: async (_name, subscription) => {
      await call(`look at ${subscription}`);
      return fake.acknowledged.get(subscription);
    },
    deleteTopic: (name, topic) =>
      call(`delete topic ${topic}`, () => {
        const { topics, subscriptions } = project(name);
        topics.delete(topic);
        for (const each of subscriptions.values()) {
          if (each.topic === topic) subscriptions.set(each.name, { ...each, topic: "_deleted-topic_" });
        }
      }),
    deleteSubscription: (name, subscription) =>
      call(`delete subscription ${subscription}`, () => project(name).subscriptions.delete(subscription)),
  };
  return fake;
}
