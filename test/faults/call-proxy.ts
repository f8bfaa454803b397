/**
 * A reverse proxy before a real server that tells of each call once the server has done it, before the client hears of it.
 * Clients bring their own tokens, so that each acts under its own account. Plain HTTP on 127.0.0.1.
 */
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import {
  createServer,
  type IncomingMessage,
  request as plainRequest,
  type Server,
  type ServerResponse,
} from "node:http";
import { Agent, request } from "node:https";
import type { AddressInfo } from "node:net";
import { KubeConfig } from "@kubernetes/client-node";

export class CallProxy {
  readonly url: string;
  /** How many writes were asked for, done or refused; those of leases are not among them. */
  asked = 0;
  /** Told of a write when it is done, such as `PATCH /api/v1/…`; its client knows nothing of it yet. Leases are left out. */
  onWrite: (what: string) => void = () => undefined;
  /** Told of a read that was answered, such as `GET /api/v1/…`, or of a watch that began. */
  onRead: (what: string) => void = () => undefined;
  readonly #server: Server;
  readonly #upstream: string;
  readonly #agent: Agent | undefined;

  /** @param caFile what an HTTPS server is checked by; a plain one needs none */
  static async start(upstream: string, caFile?: string): Promise<CallProxy> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new CallProxy(server, upstream, caFile);
  }

  private constructor(server: Server, upstream: string, caFile: string | undefined) {
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    this.#server = server;
    this.#upstream = upstream;
    this.#agent = caFile === undefined ? undefined : new Agent({ keepAlive: true, ca: readFileSync(caFile) });
    server.on("request", (incoming, response) => {
      this.#forward(incoming, response);
    });
  }

  /**
   * Writes a kubeconfig that leads here, with the credentials of another.
   * @returns its path
   */
  async kubeconfig(original: string): Promise<string> {
    const config = new KubeConfig();
    config.loadFromFile(original);
    const { namespace } = config.getContextObject(config.getCurrentContext()) ?? {};
    const token = config.getCurrentUser()?.token ?? "";
    const path = `${original}.${new URL(this.url).port}`;
    const through = {
      apiVersion: "v1",
      kind: "Config",
      clusters: [{ name: "proxy", cluster: { server: this.url, "insecure-skip-tls-verify": true } }],
      users: [{ name: "client", user: { token } }],
      contexts: [{ name: "proxy", context: { cluster: "proxy", user: "client", namespace } }],
      "current-context": "proxy",
    };
    // JSON is YAML.
    await writeFile(path, JSON.stringify(through), { mode: 0o600 });
    return path;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    this.#agent?.destroy();
  }

  #forward(incoming: IncomingMessage, response: ServerResponse): void {
    const { method = "GET", url = "/", headers } = incoming;
    const [path = "", query = ""] = url.split("?");
    const isLease = path.includes("/leases");
    const isWrite = method !== "GET" && !isLease;
    if (isWrite) this.asked++;
    const options = { method, headers, ...(this.#agent && { agent: this.#agent }) };
    const sent = (this.#agent ? request : plainRequest)(new URL(url, this.#upstream), options);
    sent.on("error", () => response.destroy());
    sent.on("response", (answer) => {
      const { statusCode = 502 } = answer;
      if (isWrite && statusCode < 300) this.onWrite(`${method} ${path}`);
      else if (!isWrite && !isLease) this.onRead(`${/\bwatch=(true|1)\b/.test(query) ? "WATCH" : "GET"} ${path}`);
      answer.on("error", () => response.destroy());
      response.writeHead(statusCode, answer.headers);
      response.flushHeaders();
      answer.pipe(response);
      response.on("close", () => sent.destroy());
    });
    incoming.pipe(sent);
  }
}
