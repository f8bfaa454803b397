import { Agent, request, type RequestOptions } from "node:https";
import { text } from "node:stream/consumers";
import { KubeConfig } from "@kubernetes/client-node";

/** What an API server said. */
export interface KubeAnswer {
  readonly status: number;
  /** The object, the list or the Status that came. */
  readonly body: Readonly<Record<string, unknown>>;
  readonly warnings: readonly string[];
}

/** Requests to an API server as they are, past every typed client. */
export interface KubeRequests {
  send: (method: string, path: string, body?: unknown, contentType?: string) => Promise<KubeAnswer>;
  close: () => void;
}

/**
 * Raw requests over connections that are kept.
 * @param kubeconfig the file's path
 */
export function kubeRequests(kubeconfig: string): KubeRequests {
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  const server = config.getCurrentCluster()?.server;
  if (server === undefined) throw new Error(`${kubeconfig} names no cluster.`);
  const agent = new Agent({ keepAlive: true, maxSockets: 4 });
  return {
    async send(method, path, body, contentType = "application/json") {
      const options: RequestOptions = { method };
      await config.applyToHTTPSOptions(options);
      // Its agent is made anew each time, and would open a connection a request.
      const { ca, cert, key, rejectUnauthorized } = options;
      const headers = options.headers as Record<string, string> | undefined;
      const { promise, resolve, reject } = Promise.withResolvers<KubeAnswer>();
      const sent = request(new URL(path, server), {
        method,
        agent,
        ca,
        cert,
        key,
        rejectUnauthorized,
        headers: { ...headers, accept: "application/json", "content-type": contentType },
      });
      sent.on("error", reject).on("response", (response) => {
        text(response).then((answer) => {
          resolve({
            status: response.statusCode ?? 0,
            body: asObject(answer),
            warnings: warningsOf(response.headers.warning),
          });
        }, reject);
      });
      sent.end(body === undefined ? undefined : JSON.stringify(body));
      return promise;
    },
    close: () => {
      agent.destroy();
    },
  };
}

/** An answer that is no JSON, such as that of a path which isn't served yet, as the message of a Status. */
function asObject(answer: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(answer) as Record<string, unknown>;
  } catch {
    return { message: answer };
  }
}

/** Node joins the headers; each is `299 - "text"`. */
function warningsOf(header: string | undefined): string[] {
  return [...(header ?? "").matchAll(/299 - "((?:[^"\\]|\\.)*)"/g)].map(([, warning = ""]) => warning);
}
