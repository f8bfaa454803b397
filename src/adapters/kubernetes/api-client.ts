import type { ApiAccess } from "./api-access.ts";
import { apiConnection } from "./api-connection.ts";
import { ApiError, errorOfAnswer } from "./api-error.ts";
import { exchange, NoAnswerError, type ApiRequest, type Exchange } from "./api-exchange.ts";
import { linesOf, textOf } from "./response-body.ts";

export interface ApiResponse {
  readonly status: number;
  readonly body: unknown;
}

/** What a watch may take. */
export interface WatchLimits {
  readonly signal: AbortSignal;
  /** Milliseconds after which the watch fails, whatever it has brought. */
  readonly longestMs: number;
}

/** Requests of the API server. */
export interface ApiClient {
  /** @throws ApiError; the signal's reason when it is aborted; what the fence throws */
  request(request: ApiRequest): Promise<ApiResponse>;
  /** The lines of a watch as they come; ends when the server ends it, and throws on everything else as `request` does. */
  watch(path: string, query: NonNullable<ApiRequest["query"]>, limits: WatchLimits): AsyncIterable<string>;
  close(): void;
}

export interface ApiClientOptions {
  /** Makes the configuration anew, such as from a file: called at the first request, each minute and after a 401. */
  readonly config: () => ApiAccess | Promise<ApiAccess>;
  readonly userAgent: string;
  /** Told of each request: its status, or why there was none, and how long it took until the answer's head. */
  readonly onRequest?: (verb: string, code: string, seconds: number) => void;
  /** Milliseconds until an answer begins, and between two pieces of it; 10,000 where it is not given. */
  readonly silenceMs?: number;
}

const TIMEOUT_MS = 10_000;

/**
 * A client of the Kubernetes API server, over HTTP/1.1: JSON in and out, and watches as lines.
 *
 * Guarantees: every request ends in bounded time, also when the server takes it and says nothing. Credentials follow
 * what is on disk, and a 401 is tried once more with what is there now. Redirects are not followed, no request is
 * repeated by itself otherwise, and no token is in a message.
 * Caveat: a write that timed out, or was aborted, may have been done all the same.
 */
export function createApiClient(options: ApiClientOptions): ApiClient {
  const open = opener(options);
  return {
    request: async (request) => {
      const what = `${request.method} ${request.path}`;
      const answer = await open(request, request.timeoutMs ?? TIMEOUT_MS);
      try {
        const body = parsed(await textOf(answer.response, answer.touch));
        if (body === undefined) throw new ApiError("Unavailable", `${what}: the answer is no JSON.`);
        return { status: answer.status, body };
      } catch (error) {
        throw error instanceof ApiError ? error : answer.failure(error);
      } finally {
        answer.release();
      }
    },
    watch: async function* (path, query, { signal, longestMs }) {
      const answer = await open({ method: "GET", path, query, verb: "watch", signal }, longestMs);
      try {
        answer.touch(0);
        yield* linesOf(answer.response);
      } catch (error) {
        throw answer.failure(error);
      } finally {
        answer.release();
      }
    },
    close: open.close,
  };
}

/** Opens exchanges: resolves with a 2xx answer whose body is still to be read. */
function opener(options: ApiClientOptions) {
  const connection = apiConnection(options.config);

  const once = async (request: ApiRequest, totalMs: number): Promise<Exchange> => {
    const startedAt = performance.now();
    let code = "network";
    try {
      request.signal?.throwIfAborted();
      const { userAgent, silenceMs = TIMEOUT_MS } = options;
      const answer = await exchange(request, { connection: await connection.current(), userAgent, totalMs, silenceMs });
      code = String(answer.status);
      return answer;
    } catch (error) {
      if (!(error instanceof NoAnswerError)) throw error;
      code = error.code;
      if (code === "timeout" || code === "network") connection.dropIdle();
      throw error.cause;
    } finally {
      options.onRequest?.(request.verb ?? request.method.toLowerCase(), code, (performance.now() - startedAt) / 1000);
    }
  };

  const open = async (request: ApiRequest, totalMs: number): Promise<Exchange> => {
    let answer = await once(request, totalMs);
    if (answer.status === 401) {
      await textOf(answer.response, answer.touch).catch(() => "");
      answer.release();
      connection.renew();
      answer = await once(request, totalMs);
    }
    if (answer.status >= 200 && answer.status < 300) return answer;
    const text = await textOf(answer.response, answer.touch).catch(() => "");
    answer.release();
    const retryAfter = answer.response.headers["retry-after"];
    throw errorOfAnswer(`${request.method} ${request.path}`, answer.status, parsed(text) ?? text, retryAfter);
  };

  const close = () => {
    connection.close();
  };
  return Object.assign(open, { close });
}

/** The value of a JSON text, undefined where it is none. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
