import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** What a container that runs without end answers Kubernetes and Prometheus. */
export interface Probes {
  /** Why it is not ready yet; undefined where it is. */
  readonly notReady: () => string | undefined;
  /** The text of `/metrics`, and its content type. */
  readonly metrics: () => Promise<string>;
  readonly contentType: string;
  /** The text of `/summary`, where there is one. */
  readonly summary?: () => string;
}

/**
 * Serves `/healthz`, `/readyz`, `/metrics` and, where there is one, `/summary`, on all addresses of the Pod unless told
 * otherwise. That it answers is what `/healthz` tells: a process whose event loop is stuck does not.
 * @returns the port, and how to stop
 */
export async function serveProbes(
  port: number,
  probes: Probes,
  host?: string,
): Promise<{ readonly port: number; readonly close: () => void }> {
  const server = createServer((request, response) => {
    const answer = (status: number, text: string, type = "text/plain; charset=utf-8") => {
      response.writeHead(status, { "content-type": type }).end(text);
    };
    const path = request.url?.split("?", 1)[0];
    if (path === "/healthz") {
      answer(200, "ok\n");
    } else if (path === "/readyz") {
      const reason = probes.notReady();
      answer(reason === undefined ? 200 : 503, `${reason ?? "ok"}\n`);
    } else if (path === "/metrics") {
      probes.metrics().then(
        (text) => {
          answer(200, text, probes.contentType);
        },
        () => {
          answer(500, "The metrics can't be read.\n");
        },
      );
    } else if (path === "/summary" && probes.summary !== undefined) {
      answer(200, probes.summary(), "application/json");
    } else {
      const paths =
        probes.summary === undefined ? "/healthz, /readyz and /metrics" : "/healthz, /readyz, /metrics and /summary";
      answer(404, `There are ${paths}.\n`);
    }
  });
  server.listen(port, host);
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
