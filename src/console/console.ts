import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createAdaptorServer, type ServerType } from "@hono/node-server";
import { loadAssets } from "./assets.ts";
import type { Pacing } from "./event-stream.ts";
import { routes, type RouteOptions } from "./routes.ts";

/** What the console serves, and where it listens. */
export interface ConsoleOptions extends Pick<RouteOptions, "monitor" | "reader" | "metrics" | "readiness" | "token"> {
  /** 127.0.0.1 unless told otherwise: what this shows is for nobody else. */
  readonly host?: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly pacing?: Pacing;
}

/** A web server for the page and its API. */
export interface Console {
  /**
   * Starts listening.
   * @returns the page's address
   * @throws Error that names the port and the mend, when the address cannot be had
   */
  start(): Promise<string>;
  /** Ends every connection, event streams in good order, and frees the port. */
  close(): Promise<void>;
}

const PACING: Pacing = { coalesceMs: 250, heartbeatMs: 5_000 };
/** How long answers under way may take once the console closes. */
const CLOSE_MS = 500;

/** Serves the console page, its events, SQL queries, metrics and health checks. */
export function createConsole(options: ConsoleOptions): Console {
  const { host = "127.0.0.1", port, pacing = PACING } = options;
  const closing = new AbortController();
  let server: ServerType | undefined;
  return {
    async start() {
      const app = routes({ ...options, host, pacing, assets: await loadAssets(), closing: closing.signal });
      server = createAdaptorServer({ fetch: app.fetch });
      await listen(server, host, port);
      const { address, port: taken, family } = server.address() as AddressInfo;
      return `http://${family === "IPv6" ? `[${address}]` : address}:${taken}`;
    },
    async close() {
      closing.abort();
      if (!server?.listening) return;
      const closed = once(server, "close");
      server.close();
      const impatient = setTimeout(() => {
        if (server && "closeAllConnections" in server) server.closeAllConnections();
      }, CLOSE_MS);
      await closed;
      clearTimeout(impatient);
    },
  };
}

async function listen(server: ServerType, host: string, port: number): Promise<void> {
  try {
    const listening = once(server, "listening");
    server.listen(port, host);
    await listening;
  } catch (error) {
    throw listenError(error as NodeJS.ErrnoException, host, port);
  }
}

function listenError(error: NodeJS.ErrnoException, host: string, port: number): Error {
  const mends: Readonly<Record<string, string>> = {
    EADDRINUSE: `Port ${port} on ${host} is in use. Stop the program that has it, or take another port with --port.`,
    EACCES: `Port ${port} needs more rights than this user has. Take one above 1023 with --port.`,
    EADDRNOTAVAIL: `Host ${host} is no address of this machine. Leave --host out to use 127.0.0.1.`,
    ENOTFOUND: `Host ${host} is not known. Leave --host out to use 127.0.0.1.`,
  };
  const message = mends[error.code ?? ""] ?? `The console cannot listen on ${host}:${port}: ${error.message}.`;
  return new Error(message, { cause: error });
}
