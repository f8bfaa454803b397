/**
 * What Pods have written, for the API server to ask: so `kubectl logs` works, with `--tail` alone. Like a kubelet it speaks
 * TLS, by a certificate that the API server does not check; unlike one it lets everybody in, so it is on 127.0.0.1.
 */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";

export interface LogServer {
  readonly port: number;
  stop(): void;
}

/**
 * @param certificate path of one, whose key is beside it as `.key`
 * @param logs what the runs of a container have written
 */
export async function serveLogs(
  certificate: string,
  logs: (namespace: string, pod: string, container: string) => string,
): Promise<LogServer> {
  const pair = { cert: readFileSync(certificate), key: readFileSync(certificate.replace(/\.crt$/, ".key")) };
  const server: Server = createServer(pair, (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "/", "https://127.0.0.1");
    const [, route, namespace = "", pod = "", container = ""] = pathname.split("/");
    const unknown = [...searchParams.keys()].filter((name) => name !== "tailLines");
    if (route !== "containerLogs" || unknown.length > 0) {
      response.writeHead(501).end(`The test kubelet has no ${pathname} with ${unknown.join(", ") || "that"}.\n`);
      return;
    }
    const lines = logs(namespace, pod, container).split(/(?<=\n)/);
    const wanted = Number(searchParams.get("tailLines") ?? lines.length);
    response.end(lines.slice(Math.max(0, lines.length - wanted)).join(""));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    stop: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
