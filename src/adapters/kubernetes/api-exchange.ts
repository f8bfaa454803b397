import http from "node:http";
import https from "node:https";
import { TLSSocket } from "node:tls";
import type { Connection } from "./api-connection.ts";
import { ApiError, type NoAnswer } from "./api-error.ts";

/** One request of the API server. */
export interface ApiRequest {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean>>;
  readonly body?: unknown;
  /** `application/json` where it is not given. */
  readonly contentType?: string;
  /** The `verb` of metrics, such as `apply`; the method's own where it is not given. */
  readonly verb?: string;
  readonly signal?: AbortSignal;
  /** Milliseconds until the whole answer is there; 10,000 where it is not given. */
  readonly timeoutMs?: number;
  /** Called when the connection stands, in the same turn in which the request is sent; what it throws sends nothing. */
  readonly fence?: () => void;
}

/** How a request is sent. */
export interface Sending {
  readonly connection: Connection;
  readonly userAgent: string;
  /** Milliseconds until the exchange has to be over. */
  readonly totalMs: number;
  /** Milliseconds until the answer begins, and between two calls of `touch`. */
  readonly silenceMs: number;
}

/** An answer whose head is there. */
export interface Exchange {
  readonly response: http.IncomingMessage;
  readonly status: number;
  /** Something came: the silence is counted anew; with 0, silence is no longer watched. */
  readonly touch: (silenceMs?: 0) => void;
  /** What an error while the body is read means. */
  failure(error: unknown): Error;
  /** To be called in the end, whatever happened: stops the timers, and the connection too where the body is unread. */
  release(): void;
}

/** Why a request ended before its answer's head, beside the error. */
export class NoAnswerError extends Error {
  readonly code: NoAnswer;
  override readonly cause: Error;

  constructor(code: NoAnswer, cause: Error) {
    super(cause.message);
    this.code = code;
    this.cause = cause;
  }
}

/** Sends a request; resolves with the head of the answer. @throws NoAnswerError */
export function exchange(request: ApiRequest, sending: Sending): Promise<Exchange> {
  const what = `${request.method} ${request.path}`;
  const body = request.body === undefined ? undefined : Buffer.from(JSON.stringify(request.body));
  const { signal } = request;
  return new Promise((resolve, reject) => {
    let failed: NoAnswerError | undefined;
    const wire = openRequest(request, sending, body);
    const end = (code: NoAnswer, error: Error) => {
      failed ??= new NoAnswerError(code, error);
      wire.destroy(error);
    };
    const after = (ms: number, state: string) =>
      setTimeout(() => {
        end("timeout", new ApiError("Unavailable", `${what}: ${state} ${ms / 1000} s.`));
      }, ms);
    const onAbort = () => {
      end("aborted", signal?.reason as Error);
    };
    const total = after(sending.totalMs, "not ended after");
    const silence = after(sending.silenceMs, "silent for");
    const release = () => {
      clearTimeout(total);
      clearTimeout(silence);
      signal?.removeEventListener("abort", onAbort);
      wire.destroy(); // an answer read to its end is bound to its connection no longer, which is kept
    };
    const touch = (silenceMs?: 0) => {
      if (silenceMs === 0) clearTimeout(silence);
      else silence.refresh();
    };
    const failure = (error: unknown) => failed?.cause ?? unreachable(what, error);

    signal?.addEventListener("abort", onAbort, { once: true });
    wire.on("error", (error) => {
      release();
      reject(failed ?? new NoAnswerError("network", unreachable(what, error)));
    });
    wire.on("response", (response) => {
      response.on("error", () => undefined); // who reads the body is told too
      touch();
      resolve({ response, status: response.statusCode ?? 0, touch, failure, release });
    });
    whenConnected(wire, () => {
      try {
        request.fence?.();
        wire.end(body);
      } catch (error) {
        end("fenced", error as Error);
      }
    });
  });
}

function openRequest(
  { method, path, query = {}, contentType = "application/json" }: ApiRequest,
  { connection, userAgent }: Sending,
  body: Buffer | undefined,
): http.ClientRequest {
  const { server, headers, auth, agent } = connection;
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) search.set(name, String(value));
  return (server.protocol === "https:" ? https : http).request({
    method,
    protocol: server.protocol,
    hostname: server.hostname.replace(/^\[|\]$/g, ""),
    port: server.port,
    path: `${server.pathname.replace(/\/$/, "")}${path}${search.size > 0 ? `?${search.toString()}` : ""}`,
    agent,
    ...(auth !== undefined && { auth }),
    headers: {
      ...headers,
      accept: "application/json",
      "user-agent": userAgent,
      ...(body && { "content-type": contentType, "content-length": body.length }),
    },
  });
}

/** Calls back once the request has a connection that stands, TLS included: what is sent from then on leaves at once. */
function whenConnected(wire: http.ClientRequest, then: () => void): void {
  wire.on("socket", (socket) => {
    const handshake = socket instanceof TLSSocket && "secureConnecting" in socket && socket.secureConnecting === true;
    if (handshake) socket.once("secureConnect", then);
    else if (socket.connecting) socket.once("connect", then);
    else then();
  });
}

function unreachable(what: string, error: unknown): ApiError {
  const why = error instanceof Error ? ("code" in error ? String(error.code) : error.message) : String(error);
  return new ApiError("Unavailable", `${what}: the connection failed (${why}).`, { cause: error });
}
