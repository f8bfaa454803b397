/** What a failed call of BigQuery means: the first two pass by themselves, the others want somebody's hand. */
export type SinkFault = "Unavailable" | "Throttled" | "Missing" | "SchemaDiffers" | "Forbidden" | "Refused";

/** A call of BigQuery that failed. The message names what was called, what BigQuery said, and the mend. */
export class SinkError extends Error {
  override readonly name = "SinkError";
  readonly fault: SinkFault;
  /** The HTTP status, where there was an answer. */
  readonly status?: number;

  constructor(fault: SinkFault, message: string, status?: number) {
    super(message);
    this.fault = fault;
    if (status !== undefined) this.status = status;
  }

  /** Whether the same call may well succeed later, with nothing changed. */
  get retryable(): boolean {
    return this.fault === "Unavailable" || this.fault === "Throttled";
  }
}

/** The parts that are read of the client's errors; the rest holds the request with its token. */
interface ClientError {
  readonly code?: number | string;
  readonly message?: string;
  readonly errors?: readonly { readonly reason?: string; readonly message?: string }[];
}

/** Reasons that pass. https://cloud.google.com/bigquery/docs/error-messages */
const THROTTLES = new Set(["rateLimitExceeded", "quotaExceeded", "userRateLimitExceeded", "jobRateLimitExceeded"]);
const OUTAGES = new Set(["backendError", "internalError", "jobInternalError", "timeout", "stopped"]);

/** What the client's error means; nothing of it but the API's own words is kept. */
export function apiError(error: unknown): SinkError {
  if (error instanceof SinkError) return error;
  const { code, message, errors } = (typeof error === "object" && error !== null ? error : {}) as ClientError;
  const status = typeof code === "number" ? code : undefined;
  const [first] = errors ?? [];
  const said = shorten(first?.message ?? message ?? String(error));
  return new SinkError(faultOf(status, first?.reason), said, status);
}

/** Whether a row's error, by its reason, passes by itself. */
export function passes(reason: string): boolean {
  return THROTTLES.has(reason) || OUTAGES.has(reason);
}

function faultOf(status: number | undefined, reason: string | undefined): SinkFault {
  if (reason !== undefined && THROTTLES.has(reason)) return "Throttled";
  if (reason !== undefined && OUTAGES.has(reason)) return "Unavailable";
  if (status === 429) return "Throttled";
  if (status === 404) return "Missing";
  if (status === 401 || status === 403) return "Forbidden";
  return status !== undefined && status >= 400 && status < 500 && status !== 408 ? "Refused" : "Unavailable";
}

/** The API's words, no longer than a log line should be. */
function shorten(text: string): string {
  const line = text.replaceAll(/\s+/g, " ").trim();
  return line.length > 300 ? `${line.slice(0, 300)}…` : line;
}
