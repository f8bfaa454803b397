/**
 * A plain client of the Kubernetes API for tests: paths, JSON as the server writes it, and errors as values to assert on.
 * It shares nothing with src/adapters/kubernetes, so that the one can check the other. It retries nothing.
 */
import type { IncomingMessage } from "node:http";
import { Agent, request, type RequestOptions } from "node:https";
import { setTimeout as delay } from "node:timers/promises";
import { text } from "node:stream/consumers";
import { KubeConfig } from "@kubernetes/client-node";

/** What every object has; the rest is as its kind has it. */
export interface AnyObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly generation?: number;
    readonly resourceVersion?: string;
    readonly deletionTimestamp?: string;
    readonly finalizers?: readonly string[];
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
}

export interface ObjectList<T> {
  readonly metadata: { readonly resourceVersion: string };
  readonly items: readonly T[];
}

export interface WatchEvent<T> {
  readonly type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK" | "ERROR";
  readonly object: T;
}

/** What the server refused. */
export class KubeRefusal extends Error {
  /** HTTP status, such as 404. */
  readonly code: number;
  /** Such as `NotFound`. */
  readonly reason: string;

  constructor(code: number, reason: string, message: string) {
    super(message);
    this.code = code;
    this.reason = reason;
  }
}

const PATCHES = {
  json: "application/json-patch+json",
  merge: "application/merge-patch+json",
  strategic: "application/strategic-merge-patch+json",
  apply: "application/apply-patch+yaml",
};

export class KubeClient {
  readonly #server: URL;
  readonly #options: RequestOptions = {};
  readonly #ready: Promise<void>;

  /** @param kubeconfig path of one, whose current context is taken */
  constructor(kubeconfig: string) {
    const config = new KubeConfig();
    config.loadFromFile(kubeconfig);
    this.#server = new URL(config.getCurrentCluster()?.server ?? "");
    this.#ready = config.applyToHTTPSOptions(this.#options).then(() => {
      const { ca, cert, key } = this.#options;
      this.#options.agent = new Agent({ keepAlive: true, ca, cert, key });
    });
  }

  get<T = AnyObject>(path: string): Promise<T> {
    return this.#json<T>("GET", path);
  }

  list<T = AnyObject>(path: string): Promise<ObjectList<T>> {
    return this.#json<ObjectList<T>>("GET", path);
  }

  /** @param path of the collection */
  create<T = AnyObject>(path: string, body: object): Promise<T> {
    return this.#json<T>("POST", path, body);
  }

  replace<T = AnyObject>(path: string, body: object): Promise<T> {
    return this.#json<T>("PUT", path, body);
  }

  patch<T = AnyObject>(path: string, body: object, kind: keyof typeof PATCHES = "merge"): Promise<T> {
    return this.#json<T>("PATCH", path, body, PATCHES[kind]);
  }

  /** @param options such as `{propagationPolicy: "Foreground"}` */
  delete(path: string, options: object = {}): Promise<unknown> {
    return this.#json("DELETE", path, options);
  }

  /**
   * The events of a collection after a resource version, until the server or the signal ends them.
   * An ERROR event is handed on: its object is the server's status.
   */
  async *watch<T = AnyObject>(
    path: string,
    resourceVersion: string,
    signal: AbortSignal,
  ): AsyncGenerator<WatchEvent<T>> {
    const query = `watch=true&allowWatchBookmarks=true&resourceVersion=${resourceVersion}`;
    const response = await this.#send("GET", `${path}${path.includes("?") ? "&" : "?"}${query}`, { signal });
    if (response.statusCode !== 200) throw refusal(response.statusCode ?? 0, await text(response));
    let rest = "";
    for await (const chunk of response.setEncoding("utf8") as AsyncIterable<string>) {
      const lines = (rest + chunk).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) yield JSON.parse(line) as WatchEvent<T>;
    }
  }

  async #json<T>(method: string, path: string, body?: object, type = "application/json"): Promise<T> {
    const response = await this.#send(method, path, { body: body && JSON.stringify(body), type });
    const answer = await text(response);
    const { statusCode = 0 } = response;
    if (statusCode >= 300) throw refusal(statusCode, answer);
    return JSON.parse(answer) as T;
  }

  async #send(
    method: string,
    path: string,
    { body, type, signal }: { body?: string; type?: string; signal?: AbortSignal },
  ): Promise<IncomingMessage> {
    await this.#ready;
    const headers = {
      ...(this.#options.headers as Record<string, string>),
      accept: "application/json",
      ...(type && { "content-type": type }),
      // Node says no length of a DELETE's body, and the server would read it as the next request.
      ...(body !== undefined && { "content-length": Buffer.byteLength(body) }),
    };
    return new Promise((resolve, reject) => {
      const sent = request(new URL(path, this.#server), { ...this.#options, method, headers, signal }, resolve);
      sent.once("error", reject).end(body);
    });
  }
}

/** Makes a namespace that takes Pods, which is when its service account is there. */
export async function createNamespace(client: KubeClient, name: string): Promise<void> {
  await client.create("/api/v1/namespaces", { metadata: { name } });
  const made = async () => (await client.list(`/api/v1/namespaces/${name}/serviceaccounts`)).items.length > 0;
  while (!(await made())) await delay(50);
}

function refusal(code: number, answer: string): KubeRefusal {
  try {
    const { reason, message } = JSON.parse(answer) as { reason?: string; message?: string };
    return new KubeRefusal(code, reason ?? "", message ?? answer);
  } catch {
    return new KubeRefusal(code, "", answer);
  }
}
