import { ClusterError, type ClusterErrorKind } from "../../controller-ports.ts";

/** Longest Retry-After that is believed; what waits longer would miss what happens meanwhile. */
const MAX_RETRY_AFTER_MS = 15_000;
/** How much of a message of the server's is repeated. */
const MAX_MESSAGE = 500;

/** Why a request got no answer, as the `code` of metrics. */
export type NoAnswer = "timeout" | "network" | "aborted" | "fenced";

/** A failed request, with what the API server said; `status` is 0 where it said nothing. */
export class ApiError extends ClusterError {
  readonly status: number;
  /** The server's reason as one word, such as AlreadyExists or Expired. */
  readonly reason: string;

  constructor(
    kind: ClusterErrorKind,
    message: string,
    options: ErrorOptions & { readonly retryAfterMs?: number; readonly status?: number; readonly reason?: string } = {},
  ) {
    super(kind, message, options);
    this.status = options.status ?? 0;
    this.reason = options.reason ?? "";
  }
}

/** The part of a metav1.Status that is read. */
interface Status {
  readonly message?: unknown;
  readonly reason?: unknown;
  readonly code?: unknown;
}

/**
 * The error that an answer other than 2xx stands for.
 * @param what the request in words, such as `PATCH /api/v1/…`
 * @param body the answer, a metav1.Status where the API server itself made it
 */
export function errorOfAnswer(what: string, status: number, body: unknown, retryAfter?: string): ApiError {
  const said: Status = typeof body === "object" && body !== null ? body : {};
  const reason = typeof said.reason === "string" ? said.reason : "";
  const message = typeof said.message === "string" ? said.message : typeof body === "string" ? body : "";
  const retryAfterMs = readRetryAfter(retryAfter);
  const text = [`${what}: ${status}`, reason, message.slice(0, MAX_MESSAGE)].filter((part) => part !== "").join(" ");
  return new ApiError(kindOf(status), text, {
    status,
    reason,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

/** The error that a Status inside a watch stands for, whose HTTP answer was 200. */
export function errorOfStatus(what: string, object: unknown): ApiError {
  const code = typeof object === "object" && object !== null && "code" in object ? object.code : undefined;
  return errorOfAnswer(what, typeof code === "number" ? code : 500, object);
}

function kindOf(status: number): ClusterErrorKind {
  if (status === 401 || status === 403) return "Forbidden";
  if (status === 404) return "NotFound";
  if (status === 409) return "Conflict";
  if (status === 429) return "Throttled";
  // 408: the server gave up waiting; 410: what a list or watch would go on from is gone.
  if (status === 408 || status === 410 || status >= 500) return "Unavailable";
  return "Invalid";
}

/** Seconds; API servers send no dates. */
function readRetryAfter(value: string | undefined): number | undefined {
  if (value === undefined || !/^[0-9]{1,9}$/.test(value)) return undefined;
  return Math.min(Number(value) * 1000, MAX_RETRY_AFTER_MS);
}
