/**
 * Stands between gRPC clients and a server, and hands every call on by itself.
 *
 * It does for the Pub/Sub emulator what Pub/Sub does by itself: where a client's process dies, its calls are cancelled.
 * The emulator would keep a dead client's stream as a reader, and go on giving it a part of all messages. And it can be
 * cut: the server is then away for its clients, and keeps what it holds.
 */
import { once } from "node:events";
import { connect, constants, createServer, type ClientHttp2Session, type Http2Server } from "node:http2";
import type { ServerHttp2Session, ServerHttp2Stream, IncomingHttpHeaders } from "node:http2";
import { freePort } from "./server-process.ts";

export class GrpcProxy {
  /** Paths of all calls so far. */
  readonly calls = new Set<string>();
  readonly #target: string;
  readonly #sessions = new Set<ServerHttp2Session>();
  #server: Http2Server | undefined;
  #port = 0;

  /** @param target `127.0.0.1:PORT` */
  constructor(target: string) {
    this.#target = target;
  }

  /** `127.0.0.1:PORT`, always the same. */
  get host(): string {
    return `127.0.0.1:${this.#port}`;
  }

  /** Takes calls from now on. */
  async up(): Promise<void> {
    this.#port ||= await freePort();
    const server = createServer();
    server.on("session", (session) => {
      this.#sessions.add(session);
      const upstream = connect(`http://${this.#target}`);
      upstream.on("error", () => undefined);
      upstream.on("close", () => {
        session.destroy();
      });
      session.on("stream", (stream, headers) => {
        this.calls.add(String(headers[constants.HTTP2_HEADER_PATH]));
        handOn(stream, headers, upstream);
      });
      session.on("error", () => undefined);
      session.on("close", () => {
        this.#sessions.delete(session);
        // Its streams cancel their calls first.
        setTimeout(() => {
          upstream.destroy();
        }, 1_000).unref();
      });
    });
    server.listen(this.#port, "127.0.0.1");
    await once(server, "listening");
    this.#server = server;
  }

  /** Cuts all connections, and refuses new ones until it is up again. */
  async down(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    const closed = once(server, "close");
    server.close();
    for (const session of this.#sessions) session.destroy();
    await closed;
  }
}

/** One call: both directions, the trailers that carry its status, and its end from either side. */
function handOn(client: ServerHttp2Stream, headers: IncomingHttpHeaders, upstream: ClientHttp2Session): void {
  if (upstream.destroyed) {
    client.close(constants.NGHTTP2_REFUSED_STREAM);
    return;
  }
  const server = upstream.request(withoutConnection(headers), { endStream: false });
  client.on("data", (chunk: Buffer) => server.write(chunk));
  client.on("end", () => server.end());
  client.on("error", () => undefined);
  client.on("close", () => {
    server.close(constants.NGHTTP2_CANCEL);
  });
  server.on("response", (response, flags) => {
    if ((flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0) client.respond(response, { endStream: true });
    else client.respond(response, { waitForTrailers: true });
  });
  const trailers = new Promise<IncomingHttpHeaders>((resolve) => {
    server.on("trailers", resolve);
    server.on("close", () => {
      resolve({});
    });
  });
  client.on("wantTrailers", () => {
    void trailers.then((sent) => {
      if (!client.destroyed) client.sendTrailers(sent);
    });
  });
  server.on("data", (chunk: Buffer) => client.write(chunk));
  server.on("end", () => client.end());
  server.on("error", () => {
    client.close(constants.NGHTTP2_INTERNAL_ERROR);
  });
  server.on("close", () => {
    if (!client.closed && server.rstCode !== constants.NGHTTP2_NO_ERROR) client.close(server.rstCode);
  });
}

function withoutConnection(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name !== "host"));
}
