import { createHash } from "node:crypto";
import { extname } from "node:path";
import { Hono, type Context } from "hono";
import { bodyLimit } from "hono/body-limit";
import { z } from "zod";
import { QueryError, type ResultReader } from "../ports.ts";
import type { Assets } from "./bundle.ts";
import { eventStream, type Pacing } from "./event-stream.ts";
import type { Monitor } from "./feed-monitor.ts";
import { allowedHost, bearer, headers } from "./guard.ts";

/** Largest body of a query. */
const BODY_BYTES = 256 * 1024;
/** Pages that may follow at once; a browser opens one connection a page. */
const MOST_STREAMS = 64;

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};

const EVENT_FIELDS = {
  "Content-Type": "text/event-stream",
  "Cache-Control": "no-store",
  // What follows the stream's end is a new connection, so a console that closes need not wait for this one.
  Connection: "close",
};

const querySchema = z.strictObject({ sql: z.string().min(1) });

/** Whether the pipeline can do its work, and what is in the way where it cannot. */
interface Readiness {
  readonly ready: boolean;
  readonly reasons: readonly string[];
}

/** What the routes serve. */
export interface RouteOptions {
  readonly monitor: Monitor;
  /** Answers `/api/query`. */
  readonly reader: ResultReader;
  /** The text of `/metrics`, in Prometheus' exposition format. */
  readonly metrics: () => Promise<string>;
  readonly readiness: () => Readiness;
  /** What callers of `/api/query` must know. */
  readonly token: string;
  /** Where the server listens; a name that requests may call it by. */
  readonly host: string;
  readonly pacing: Pacing;
  readonly assets: Assets;
  /** Ends the event streams. */
  readonly closing: AbortSignal;
}

/** The console's routes: page, events, snapshot, query, metrics and health. */
export function routes(options: RouteOptions): Hono {
  const { monitor, metrics, readiness, closing } = options;
  const app = new Hono();
  app.use(headers, allowedHost(options.host));
  serveAssets(app, options.assets);
  serveEvents(app, options);
  serveQueries(app, options);
  app.get("/api/snapshot", (context) => context.json(monitor.snapshot(), 200, { "Cache-Control": "no-store" }));
  app.get("/metrics", async (context) =>
    context.body(await metrics(), 200, { "Content-Type": "text/plain; version=0.0.4; charset=utf-8" }),
  );
  app.get("/healthz", (context) => context.json({ status: "ok" }));
  app.get("/readyz", (context) => {
    const { ready, reasons } = closing.aborted ? { ready: false, reasons: ["shutting down"] } : readiness();
    return context.json({ status: ready ? "ready" : "not ready", reasons }, ready ? 200 : 503);
  });
  app.notFound((context) =>
    context.json({ error: `There is no ${context.req.method} ${context.req.path} here.` }, 404),
  );
  app.onError((error, context) => context.json({ error: error.message }, 500));
  return app;
}

function serveAssets(app: Hono, assets: Assets): void {
  for (const [name, content] of assets) {
    const etag = `"${createHash("sha256").update(content).digest("base64url")}"`;
    const fields = {
      "Content-Type": CONTENT_TYPES[extname(name)] ?? "application/octet-stream",
      // Asked again each time, so that a newer version is seen at once, and sent only when it is new.
      "Cache-Control": "no-cache",
      ETag: etag,
    };
    const send = (context: Context) =>
      context.req.header("if-none-match") === etag
        ? context.body(null, 304, fields)
        : context.body(new Uint8Array(content), 200, fields);
    app.get(`/${name === "index.html" ? "" : name}`, send);
  }
}

function serveEvents(app: Hono, { monitor, pacing, closing }: RouteOptions): void {
  let open = 0;
  app.get("/api/events", (context) => {
    // Hono answers HEAD with what GET would, and drops a body that then nobody ends.
    if (context.req.method === "HEAD") return context.body(null, 200, EVENT_FIELDS);
    if (open >= MOST_STREAMS) return context.json({ error: `${open} pages follow already; close some.` }, 503);
    open += 1;
    const stream = eventStream(monitor, pacing, closing, () => {
      open -= 1;
    });
    return context.body(stream, 200, EVENT_FIELDS);
  });
}

function serveQueries(app: Hono, { reader, token }: RouteOptions): void {
  const limit = bodyLimit({
    maxSize: BODY_BYTES,
    onError: (context) => context.json({ error: `A query may have ${BODY_BYTES} bytes at most.` }, 413),
  });
  app.post("/api/query", bearer(token), limit, async (context) => {
    const body = querySchema.safeParse(await context.req.json().catch(() => undefined));
    if (!body.success) return context.json({ error: 'Send JSON such as {"sql": "SELECT * FROM top_stocks"}.' }, 400);
    try {
      return context.json(await reader.query(body.data.sql, context.req.raw.signal));
    } catch (error) {
      if (error instanceof QueryError) return context.json({ error: error.message }, 400);
      throw error;
    }
  });
}
