import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";

/** A server on a free port of 127.0.0.1. */
export interface LocalServer {
  /** `http://127.0.0.1:port`. */
  readonly url: string;
  /** Ends it, with what is still open. */
  close(): Promise<void>;
}

/** Serves HTTP by this listener. */
export async function serveLocally(listener: RequestListener): Promise<LocalServer> {
  const server = createServer(listener);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** A request's body. */
export async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** Those who wait for a condition that something else may bring about. */
export class Watchers {
  readonly #waiting = new Set<() => void>();

  /** Resolves once the condition holds; looked at now and at each `look`. */
  until(holds: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const watch = () => {
        if (!holds()) return;
        this.#waiting.delete(watch);
        resolve();
      };
      this.#waiting.add(watch);
      watch();
    });
  }

  look(): void {
    for (const watch of this.#waiting) watch();
  }
}
