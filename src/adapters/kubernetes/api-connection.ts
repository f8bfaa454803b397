import { createHash } from "node:crypto";
import http from "node:http";
import https from "node:https";
import type { ApiAccess } from "./api-access.ts";
import { ApiError } from "./api-error.ts";

/** How long credentials are used before they are read again. A mounted token is replaced well before it ends. */
const CREDENTIALS_MS = 60_000;
/** Idle time on a connection after which the kernel asks whether the other end is there. */
const KEEP_ALIVE_MS = 15_000;

/** Where requests go, and with what. */
export interface Connection {
  readonly server: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** `user:password`, for the few servers that take it. */
  readonly auth?: string;
  readonly agent: http.Agent;
}

/** Credentials that follow what is on disk. */
export interface ApiConnection {
  /** @throws ApiError where credentials can't be read and there are none from before */
  current(): Promise<Connection>;
  /** Reads everything anew at the next call: the server refused what we have. */
  renew(): void;
  /** Closes connections that wait for a request; after a failure they are likely as dead as the one that failed. */
  dropIdle(): void;
  close(): void;
}

interface Tls {
  readonly agent: http.Agent;
  readonly digest: string;
}

/**
 * The way to the API server that a kubeconfig or a Pod's service account describes: address, TLS, token.
 *
 * Guarantees: what stands in files (token, CA, certificate, the kubeconfig itself) is read again every minute and after
 * a 401, and connections with another CA or certificate are new ones. An exec plugin runs again when its token ends or
 * is refused. A file that can't be read for a moment leaves the former credentials in use.
 * Caveat: no token is ever in an error; a failing exec plugin's own words, which might hold one, are left out.
 *
 * @param load makes the configuration anew, such as from a file
 */
export function apiConnection(
  load: () => ApiAccess | Promise<ApiAccess>,
  now: () => number = () => performance.now(),
): ApiConnection {
  let config: ApiAccess | undefined;
  let tls: Tls | undefined;
  let connection: Connection | undefined;
  let readAt = -Infinity;
  let reading: Promise<Connection> | undefined;

  const read = async (): Promise<Connection> => {
    // An exec plugin's token is kept by the configuration that ran it, until it ends: it is not loaded anew each minute.
    if (config?.getCurrentUser()?.exec === undefined) config = undefined;
    config ??= await load();
    const cluster = config.getCurrentCluster();
    if (cluster === null) throw new Error("no current cluster");
    const options: https.RequestOptions = {};
    await config.applyToHTTPSOptions(options);
    const { ca, cert, key, servername, rejectUnauthorized } = options;
    const secure = new URL(cluster.server).protocol === "https:";
    const digest = digestOf([secure, cluster.proxyUrl, ca, cert, key, servername, rejectUnauthorized]);
    if (tls?.digest !== digest) {
      const keep = { keepAlive: true, keepAliveMsecs: KEEP_ALIVE_MS };
      const direct = () =>
        secure
          ? new https.Agent({ ...keep, ca, cert, key, rejectUnauthorized, ...(servername && { servername }) })
          : new http.Agent(keep);
      // Only for a proxy the client's own agent is needed.
      const agent = cluster.proxyUrl !== undefined && options.agent instanceof http.Agent ? options.agent : direct();
      tls = { agent, digest };
    }
    const headers = Object.fromEntries(Object.entries(options.headers ?? {}).map(([k, v]) => [k, String(v).trim()]));
    const auth = typeof options.auth === "string" ? { auth: options.auth } : {};
    return { server: new URL(cluster.server), headers, agent: tls.agent, ...auth };
  };

  const refresh = async () => {
    try {
      connection = await read();
    } catch (error) {
      if (connection === undefined) throw unreadable(config, error);
    } finally {
      reading = undefined;
    }
    readAt = now();
    return connection;
  };

  return {
    current: () => {
      if (connection !== undefined && now() - readAt < CREDENTIALS_MS) return Promise.resolve(connection);
      reading ??= refresh();
      return reading;
    },
    renew: () => {
      config = undefined;
      readAt = -Infinity;
    },
    dropIdle: () => {
      for (const sockets of Object.values(tls?.agent.freeSockets ?? {})) for (const s of sockets ?? []) s.destroy();
    },
    close: () => tls?.agent.destroy(),
  };
}

function unreadable(config: ApiAccess | undefined, error: unknown): ApiError {
  const exec: unknown = config?.getCurrentUser()?.exec;
  if (exec !== undefined) {
    const command = typeof exec === "object" && exec !== null && "command" in exec ? String(exec.command) : "unknown";
    return new ApiError("Forbidden", `The kubeconfig's exec plugin ${command} gave no credentials; run it by hand.`);
  }
  const why = error instanceof Error ? error.message : String(error);
  return new ApiError("Forbidden", `The API server's address or credentials can't be read: ${why}.`);
}

function digestOf(parts: readonly unknown[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part instanceof Buffer ? part : `${typeof part}:${String(part)}`).update("\0");
  return hash.digest("base64url");
}
