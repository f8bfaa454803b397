/**
 * A fake of Pub/Sub's administration, on the public gRPC protocol: topics and subscriptions are made, listed by pages,
 * changed by masks, rewound and deleted, each call after the latency of a data centre and within Google's quota. Nothing can be
 * published. It stands in where the real emulator can't: the emulator answers at once, has no quota, and refuses to
 * change labels.
 */
import { type handleUnaryCall, Server, ServerCredentials, type ServiceDefinition, status } from "@grpc/grpc-js";
import { fromJSON } from "@grpc/proto-loader";
import { createRequire } from "node:module";
import { setTimeout as delay } from "node:timers/promises";

/** A topic or subscription as the protocol has it; of its fields the fake knows the name alone. */
interface Named {
  readonly name: string;
  readonly topic?: string;
}

export interface PubsubServiceOptions {
  /** Milliseconds that each call takes. */
  readonly latencyMs?: number;
  /**
   * Administration calls a minute, over which they are refused as RESOURCE_EXHAUSTED.
   * https://cloud.google.com/pubsub/quotas
   */
  readonly callsPerMinute?: number;
  /** Called before a call is answered; what it throws is the answer, by its gRPC `code`. */
  readonly onCall?: (method: string, name: string) => void;
}

export interface PubsubService {
  /** `127.0.0.1:port`, for PUBSUB_EMULATOR_HOST. */
  readonly host: string;
  /** By full name, `projects/p/topics/t`. */
  readonly topics: Map<string, Named>;
  readonly subscriptions: Map<string, Named>;
  /** How often each method was called. */
  readonly calls: Map<string, number>;
  stop(): void;
}

const ADMIN_CALLS_PER_MINUTE = 6_000;

/** The fields of all requests that are read. */
interface Request {
  readonly name?: string;
  readonly topic?: string | Named;
  readonly subscription?: string | Named;
  readonly project?: string;
  readonly pageSize?: number;
  readonly pageToken?: string;
  readonly updateMask?: { readonly paths: readonly string[] };
}

type Call = (request: Request) => object;
type Handler = handleUnaryCall<Request, object>;

/** Starts the service on a free port. */
export async function startPubsubService(options: PubsubServiceOptions = {}): Promise<PubsubService> {
  const { latencyMs = 0, callsPerMinute = ADMIN_CALLS_PER_MINUTE, onCall } = options;
  const topics = new Map<string, Named>();
  const subscriptions = new Map<string, Named>();
  const calls = new Map<string, number>();
  const allows = quota(callsPerMinute);

  const answer = (method: string, call: Call): Handler => {
    return (request, callback) => {
      calls.set(method, (calls.get(method) ?? 0) + 1);
      void delay(latencyMs).then(() => {
        try {
          if (!allows())
            throw failure(status.RESOURCE_EXHAUSTED, "Quota exceeded for quota metric 'Administrator operations'");
          onCall?.(method, nameIn(request.request));
          callback(null, call(request.request));
        } catch (error) {
          callback(error as Error);
        }
      });
    };
  };
  const server = new Server();
  const { Publisher, Subscriber } = definitions();
  server.addService(Publisher, methods(answer, "Topic", topics));
  server.addService(Subscriber, methods(answer, "Subscription", subscriptions));
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
  });
  const stop = () => {
    server.forceShutdown();
  };
  return { host: `127.0.0.1:${port}`, topics, subscriptions, calls, stop };
}

/** The calls of a kind of object. */
function methods(
  answer: (method: string, call: Call) => Handler,
  kind: "Topic" | "Subscription",
  held: Map<string, Named>,
) {
  const field = kind === "Topic" ? "topic" : "subscription";
  const find = (name: string): Named => {
    const object = held.get(name);
    if (object === undefined) throw failure(status.NOT_FOUND, `Resource not found (resource=${name}).`);
    return object;
  };
  // Create requests are the object itself; the others name it in the field of its kind.
  const create: Call = (request) => {
    const object = request as Named;
    if (held.has(object.name))
      throw failure(status.ALREADY_EXISTS, `Resource already exists (resource=${object.name}).`);
    held.set(object.name, object);
    return object;
  };
  const update: Call = (request) => {
    const wanted = request[field] as Named;
    const paths = (request.updateMask?.paths ?? []).map(camelCase);
    const masked = Object.entries(wanted).filter(([key]) => paths.includes(key));
    const changed: Named = { ...find(wanted.name), ...Object.fromEntries(masked) };
    held.set(changed.name, changed);
    return changed;
  };
  const list: Call = ({ project = "", pageSize: size, pageToken: token }) => {
    const all = [...held.values()].filter(({ name }) => name.startsWith(`${project}/`));
    const from = Number(token ?? 0);
    const to = from + (size ?? 100);
    return { [`${field}s`]: all.slice(from, to), nextPageToken: to < all.length ? String(to) : "" };
  };
  const byName = (request: Request) => request[field] as string;
  const named: Record<string, Call> = {
    [`Create${kind}`]: create,
    [`Update${kind}`]: update,
    [`List${kind}s`]: list,
    [`Get${kind}`]: (request) => find(byName(request)),
    [`Delete${kind}`]: (request) => {
      held.delete(find(byName(request)).name);
      return {};
    },
    ...(kind === "Subscription" && {
      Seek: (request: Request) => {
        find(byName(request));
        return {};
      },
      // Of a subscription in which nothing waits.
      CreateSnapshot: (request: Request) => {
        find(byName(request));
        return { name: request.name, expireTime: { seconds: String(Math.floor(Date.now() / 1_000) + 604_800) } };
      },
      DeleteSnapshot: () => ({}),
    }),
  };
  return Object.fromEntries(Object.entries(named).map(([name, call]) => [name, answer(name, call)]));
}

/** The services' definitions, as Google's client carries them. */
function definitions() {
  const json = createRequire(import.meta.url)("@google-cloud/pubsub/build/protos/protos.json") as never;
  const all = fromJSON(json, { keepCase: true, longs: String, enums: String, oneofs: true });
  const service = (name: string) => all[`google.pubsub.v1.${name}`] as ServiceDefinition;
  return { Publisher: service("Publisher"), Subscriber: service("Subscriber") };
}

/** A bucket of a minute's calls that fills evenly. */
function quota(perMinute: number): () => boolean {
  let left = perMinute;
  let at = performance.now();
  return () => {
    const now = performance.now();
    left = Math.min(perMinute, left + ((now - at) * perMinute) / 60_000);
    at = now;
    if (left < 1) return false;
    left -= 1;
    return true;
  };
}

function failure(code: status, message: string): Error {
  return Object.assign(new Error(message), { code, details: message });
}

/** A mask has a field's name as the protocol writes it; objects have it as Google's client does. */
function camelCase(path: string): string {
  return path.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** The name of the object that a request is about. */
function nameIn({ name, topic, subscription, project }: Request): string {
  const object = name ?? subscription ?? topic ?? project ?? "";
  return typeof object === "string" ? object : object.name;
}
