/**
 * A reverse proxy before a real API server that does to its clients what networks and servers do: it refuses, resets,
 * goes silent, breaks off and garbles. Plain HTTP on 127.0.0.1; it brings its own credentials to the server, and asks its
 * clients for a bearer token of its own, so that tokens can be rotated.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { Agent, request, type RequestOptions } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { KubeConfig } from "@kubernetes/client-node";

/** What happens to requests while it is set. */
export type Fault =
  /** Watches are refused: the version is too old. */
  | "watch-410"
  /** The same, as an event in a watch that was taken. */
  | "watch-410-event"
  /** The second page of a list is refused: the list is too old. */
  | "list-410"
  /** Everything is refused with Retry-After. */
  | "429"
  | "500"
  /** Every connection is reset, those that are there too. */
  | "reset"
  /** Everything is taken, nothing is answered; watches that are open say nothing more, for ever. */
  | "half-open"
  /** Watches bring lines that are no event. */
  | "malformed-event"
  /** Watches end inside an event. */
  | "cut-event"
  /** Watches end at once, politely. */
  | "early-end"
  /** Lists take seconds. */
  | "slow-list"
  /** Lists stop half-way, and the connection stays. */
  | "stalled-list"
  /** The answer is a page of some other server. */
  | "html";

/** Answers that a fault gives in place of the server's; undefined where this request is none of its. */
const REFUSALS: Partial<Record<Fault, readonly [code: number, reason: string]>> = {
  "429": [429, "TooManyRequests"],
  "500": [500, "InternalError"],
  "watch-410": [410, "Expired"],
  "list-410": [410, "Expired"],
};

type Kind = "watch" | "list" | "one";

export class FaultProxy {
  readonly url: string;
  readonly #server: Server;
  readonly #upstream: Upstream;
  readonly #sockets = new Set<Socket>();
  readonly #watches = new Set<{ readonly answer: IncomingMessage; readonly response: ServerResponse }>();
  readonly #requests: string[] = [];
  #fault: Fault | undefined;
  #token = "first";

  /** Starts one before the server of a kubeconfig. */
  static async start(kubeconfig: string): Promise<FaultProxy> {
    const upstream = await connectTo(kubeconfig);
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new FaultProxy(server, upstream);
  }

  private constructor(server: Server, upstream: Upstream) {
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    this.#server = server;
    this.#upstream = upstream;
    server.on("request", (incoming, response) => {
      this.#handle(incoming, response);
    });
    server.on("connection", (socket) => {
      this.#sockets.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => this.#sockets.delete(socket));
    });
  }

  /** Watches that are open through it. */
  get openWatches(): number {
    return this.#watches.size;
  }

  /** What was asked for since the last look, such as `watch /api/v1/configmaps`. */
  takeRequests(): string[] {
    return this.#requests.splice(0);
  }

  /** From now on this happens; undefined ends it, but what is silent by then stays silent. */
  set(fault: Fault | undefined): void {
    this.#fault = fault;
    for (const { answer, response } of this.#watches) {
      if (fault === undefined) continue;
      const garbled = GARBLED[fault];
      if (garbled !== undefined) response.end(garbled);
      else if (fault === "half-open") answer.unpipe(response).resume();
      else response.socket?.resetAndDestroy();
    }
    if (fault === "reset") for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  /** The only token that is taken from now on; watches end. */
  rotate(token: string): void {
    this.#token = token;
    for (const { response } of this.#watches) response.end();
  }

  /** A configuration for its clients. */
  config(token = "first"): KubeConfig {
    const config = new KubeConfig();
    config.loadFromClusterAndUser({ name: "proxy", server: this.url, skipTLSVerify: true }, { name: "client", token });
    return config;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #handle(incoming: IncomingMessage, response: ServerResponse): void {
    const url = new URL(incoming.url ?? "/", this.url);
    const kind = url.searchParams.has("watch") ? "watch" : url.searchParams.has("limit") ? "list" : "one";
    const fault = this.#fault;
    const forward = () => {
      this.#forward(incoming, response, kind);
    };
    this.#requests.push(`${kind} ${url.pathname}`);
    if (incoming.headers.authorization !== `Bearer ${this.#token}`) refuse(response, 401, "Unauthorized");
    else if (fault === undefined || !meets(fault, kind, url)) forward();
    else if (REFUSALS[fault] !== undefined) refuse(response, ...REFUSALS[fault]);
    else if (GARBLED[fault] !== undefined) response.writeHead(200, JSON_TYPE).end(GARBLED[fault]);
    else if (fault === "reset") incoming.socket.resetAndDestroy();
    else if (fault === "slow-list") setTimeout(forward, SLOW_MS);
    else if (fault === "stalled-list") response.writeHead(200, JSON_TYPE).write('{"kind":"List","metadata":{');
    // Half-open: taken, and never answered.
  }

  #forward(incoming: IncomingMessage, response: ServerResponse, kind: Kind): void {
    const { server, options, headers } = this.#upstream;
    const sent = request(new URL(incoming.url ?? "/", server), {
      ...options,
      method: incoming.method,
      headers: { ...incoming.headers, ...headers },
    });
    sent.on("error", () => response.destroy());
    sent.on("response", (answer) => {
      answer.on("error", () => response.destroy());
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      response.flushHeaders();
      answer.pipe(response);
      if (kind !== "watch") return;
      const watch = { answer, response };
      this.#watches.add(watch);
      response.on("close", () => {
        this.#watches.delete(watch);
        sent.destroy();
      });
    });
    incoming.pipe(sent);
  }
}

const JSON_TYPE = { "content-type": "application/json" };
const SLOW_MS = 3_000;

function meets(fault: Fault, kind: Kind, url: URL): boolean {
  if (fault === "list-410") return url.searchParams.has("continue");
  if (fault === "slow-list" || fault === "stalled-list") return kind === "list";
  if (["429", "500", "reset", "half-open", "html"].includes(fault)) return true;
  return kind === "watch";
}

/** What a watch brings last, or anything where it is said of no watch. */
const GARBLED: Partial<Record<Fault, string>> = {
  "watch-410-event": `{"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired","metadata":{}}}\n`,
  "malformed-event": `{"type":"ADDED","object":{"metadata":{"resourceVersion":"7"}}}\n`,
  "cut-event": `{"type":"ADDED","object":{"metadata":{"name":"half`,
  "early-end": "",
  html: "<html>sign in</html>",
};

function refuse(response: ServerResponse, code: number, reason: string): void {
  response.writeHead(code, { "content-type": "application/json" });
  response.end(JSON.stringify({ kind: "Status", apiVersion: "v1", status: "Failure", code, reason, message: reason }));
}

interface Upstream {
  readonly server: string;
  readonly headers: Record<string, string> | undefined;
  readonly options: RequestOptions;
}

async function connectTo(kubeconfig: string): Promise<Upstream> {
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  const options: RequestOptions = {};
  await config.applyToHTTPSOptions(options);
  const { ca, cert, key, headers } = options;
  const server = config.getCurrentCluster()?.server ?? "";
  return {
    server,
    headers: headers as Record<string, string> | undefined,
    options: { agent: new Agent({ keepAlive: true, ca, cert, key }) },
  };
}
