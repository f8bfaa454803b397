import type { AdminCalls, ObjectCalls } from "../../src/adapters/pubsub/admin-calls.ts";
import type { ApiSubscription, ApiTopic } from "../../src/adapters/pubsub/wanted-objects.ts";

/** An error as the client's calls reject with. */
export function grpcError(code: number, message: string): Error {
  return Object.assign(new Error(message), { code });
}

/** Pub/Sub's administration in memory, with a record of its calls; it applies update masks as the real one does. */
export class FakePubsubAdmin implements AdminCalls {
  readonly topics: ObjectCalls<ApiTopic> & { readonly held: Map<string, ApiTopic> };
  readonly subscriptions: ObjectCalls<ApiSubscription> & { readonly held: Map<string, ApiSubscription> };
  /** Such as `list topics`, `update projects/p/topics/t labels`. */
  readonly calls: string[] = [];
  /** What the next call of this name rejects with, before it has done anything. */
  readonly faults = new Map<string, Error>();
  readonly snapshots = new Set<string>();
  waitingSince = 0;
  /** What lists wait for. */
  gate: Promise<void> = Promise.resolve();

  constructor() {
    this.topics = this.#calls("topics");
    this.subscriptions = this.#calls("subscriptions");
  }

  seek(path: string, time: number): Promise<void> {
    this.#record(`seek ${path} ${new Date(time).toISOString()}`);
    if (!this.subscriptions.held.has(path)) throw grpcError(5, `5 NOT_FOUND: ${path}`);
    return Promise.resolve();
  }

  /** Expires as that of a subscription whose oldest message waits since `waitingSince`. */
  async createSnapshot(path: string, subscription: string): Promise<number> {
    await Promise.resolve();
    this.#record(`snapshot ${path}`);
    if (!this.subscriptions.held.has(subscription)) throw grpcError(5, `5 NOT_FOUND: ${subscription}`);
    if (this.snapshots.has(path)) throw grpcError(6, `6 ALREADY_EXISTS: ${path}`);
    this.snapshots.add(path);
    return this.waitingSince + 7 * 86_400_000;
  }

  async deleteSnapshot(path: string): Promise<void> {
    await Promise.resolve();
    this.#record(`drop ${path}`);
    if (!this.snapshots.delete(path)) throw grpcError(5, `5 NOT_FOUND: ${path}`);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** Calls since this was asked last. */
  newCalls(): string[] {
    return this.calls.splice(0);
  }

  #record(call: string): void {
    this.calls.push(call);
    const fault = this.faults.get(call.split(" ")[0] ?? "");
    if (fault === undefined) return;
    this.faults.delete(call.split(" ")[0] ?? "");
    throw fault;
  }

  #calls<T extends ApiTopic | ApiSubscription>(kind: string): ObjectCalls<T> & { readonly held: Map<string, T> } {
    const held = new Map<string, T>();
    const find = (path: string): T => {
      const object = held.get(path);
      if (object === undefined) throw grpcError(5, `5 NOT_FOUND: ${path}`);
      return object;
    };
    return {
      held,
      list: async (project) => {
        this.#record(`list ${kind}`);
        const seen = [...held.values()].filter(({ name }) => name?.startsWith(`projects/${project}/`));
        await this.gate;
        return seen;
      },
      get: async (path) => {
        this.#record(`get ${path}`);
        return Promise.resolve(find(path));
      },
      create: async (object) => {
        this.#record(`create ${object.name ?? ""}`);
        if (held.has(object.name ?? "")) throw grpcError(6, `6 ALREADY_EXISTS: ${object.name ?? ""}`);
        held.set(object.name ?? "", object);
        return Promise.resolve(object);
      },
      update: async ({ wanted, paths }) => {
        this.#record(`update ${wanted.name ?? ""} ${paths.join(",")}`);
        const fields = new Map<string, unknown>(Object.entries(wanted));
        const taken = paths
          .map((path) => path.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()))
          .map((field) => [field, fields.get(field) ?? null]);
        const changed = { ...find(wanted.name ?? ""), ...Object.fromEntries(taken) } as T;
        held.set(wanted.name ?? "", changed);
        return Promise.resolve(changed);
      },
      delete: async (path) => {
        this.#record(`delete ${path}`);
        find(path);
        held.delete(path);
        return Promise.resolve();
      },
    };
  }
}
