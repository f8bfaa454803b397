/**
 * What a failed call of one of Google's REST APIs says. Its client gives errors of two makes: those of the transport,
 * which carry the answer's JSON as their message, and the whole request with its token; and those that it makes of
 * answers itself, with a gRPC code. Neither gets out of here.
 */

export interface ApiFault {
  /** HTTP status; undefined where no answer came. */
  readonly status?: number;
  /** Google's own word, such as FAILED_PRECONDITION. https://cloud.google.com/apis/design/errors#error_codes */
  readonly reason?: string;
  /** The narrower word of `google.rpc.ErrorInfo`, such as RATE_LIMIT_EXCEEDED, or of the older form, such as rateLimitExceeded. */
  readonly info?: string;
  /** In the API's words, without a full stop. */
  readonly said: string;
}

/** HTTP status by gRPC code, where they are told apart. https://cloud.google.com/apis/design/errors#http_mapping */
const HTTP_STATUS: Readonly<Record<number, number>> = {
  3: 400,
  5: 404,
  6: 409,
  7: 403,
  8: 429,
  9: 400,
  10: 409,
  11: 400,
  14: 503,
  16: 401,
};

/** What an error of the client says. */
export function apiFault(error: unknown): ApiFault {
  const message = error instanceof Error ? error.message : String(error);
  const body = answerOf(message);
  const status = body?.code ?? statusOf(error);
  const said = (body?.message ?? message).trim().replace(/\.$/, "").slice(0, 1000);
  const info = body?.info ?? infoIn([error]);
  return {
    said,
    ...(status !== undefined && { status }),
    ...(body?.status !== undefined && { reason: body.status }),
    ...(info !== undefined && { info }),
  };
}

interface Answer extends Pick<ApiFault, "info"> {
  readonly code?: number;
  readonly message?: string;
  readonly status?: string;
}

/** `{"error": {"code": 409, "message": …, "status": …, "details": […]}}`, which the transport leaves as it came. */
function answerOf(text: string): Answer | undefined {
  const start = text.indexOf("{");
  if (start < 0) return undefined;
  try {
    const { error } = JSON.parse(text.slice(start)) as { readonly error?: Readonly<Record<string, unknown>> };
    if (typeof error !== "object") return undefined;
    const { code, message, status, details, errors } = error;
    // As it is now, and as it was before.
    const info = infoIn(details, errors);
    return {
      ...(typeof code === "number" && { code }),
      ...(typeof message === "string" && { message }),
      ...(typeof status === "string" && { status }),
      ...(info !== undefined && { info }),
    };
  } catch {
    return undefined;
  }
}

/** The first reason that is named in one of these lists, or by the client's own error. */
function infoIn(...lists: readonly unknown[]): string | undefined {
  const entries = lists.flatMap((list) => (Array.isArray(list) ? (list as readonly unknown[]) : []));
  const reasons = entries.map((entry) => ((entry ?? {}) as { readonly reason?: unknown }).reason);
  return reasons.find((reason) => typeof reason === "string");
}

function statusOf(error: unknown): number | undefined {
  const code: unknown = typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
  if (typeof code !== "number") return undefined;
  return code >= 100 ? code : HTTP_STATUS[code];
}
