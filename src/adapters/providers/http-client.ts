import type { ProviderType } from "../../api/provider-spec.ts";
import type { Clock } from "../../ports.ts";
import { formatTime } from "../../quotes/format-time.ts";
import type { Credentials } from "./credentials.ts";
import { nameSymbols, ProviderError, type NextStep } from "./provider-error.ts";
import { excerpt, readText } from "./response-text.ts";
import { retryAfter } from "./retry-after.ts";

/** One attempt's longest time; the slot's deadline may end it sooner. */
export const ATTEMPT_TIMEOUT_MS = 4_000;
/** Largest body that is read. A full batch is a few hundred kilobytes. */
export const MAX_BODY_BYTES = 8 * 1024 * 1024;
/** Largest body of an error that is read, for the message. */
const MAX_ERROR_BYTES = 4 * 1024;
/** How long calls rest after a 429 that does not say how long. */
export const UNTOLD_PAUSE_MS = 5_000;

/** A GET for some symbols. */
export interface HttpCall {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** Named in messages. */
  readonly symbols: readonly string[];
  /** Ends the call; its reason is what the call then rejects with. */
  readonly signal: AbortSignal;
}

/** What a provider means by a status and text where it differs from what HTTP means by them. */
export type Verdict = "symbol-refused" | "rate-limited";

/** What the client works with. */
export interface HttpClientOptions {
  readonly provider: ProviderType;
  readonly clock: Clock;
  readonly credentials: Credentials;
  /** Told of each request: its status, or `timeout`, `network` or `aborted` where none came, and how long it took. */
  readonly onRequest: (code: string, seconds: number) => void;
  readonly verdict: (status: number, text: string) => Verdict | undefined;
}

/**
 * Gets JSON over HTTP by the runtime's fetch, and turns everything that can go wrong into a ProviderError that says
 * what to do next. Redirects are not followed: fetch would send the keys in our headers along to wherever they lead.
 */
export class HttpClient {
  readonly #options: HttpClientOptions;

  constructor(options: HttpClientOptions) {
    this.#options = options;
  }

  /**
   * The JSON that the address answers with.
   * @throws ProviderError for everything that the provider or the network did; the signal's reason when it is aborted
   */
  async getJson(call: HttpCall): Promise<unknown> {
    const { clock, onRequest } = this.#options;
    const startedAt = clock.now();
    const timeout = new AbortController();
    const answered = new AbortController();
    clock.sleepUntil(startedAt + ATTEMPT_TIMEOUT_MS, answered.signal).then(
      () => {
        timeout.abort();
      },
      () => undefined, // answered in time
    );
    const trace = { code: "network" };
    try {
      return await this.#exchange(call, AbortSignal.any([call.signal, timeout.signal]), trace);
    } catch (error) {
      if (error instanceof ProviderError) throw error;
      if (call.signal.aborted) {
        trace.code = call.signal.reason instanceof ProviderError ? "timeout" : "aborted";
        throw call.signal.reason;
      }
      if (timeout.signal.aborted) {
        trace.code = "timeout";
        throw this.#fail(call, "Timeout", { kind: "retry" }, `did not answer within ${ATTEMPT_TIMEOUT_MS / 1000} s`);
      }
      trace.code = "network";
      throw this.#unreachable(call, error);
    } finally {
      answered.abort();
      onRequest(trace.code, (clock.now() - startedAt) / 1000);
    }
  }

  async #exchange(call: HttpCall, signal: AbortSignal, trace: { code: string }): Promise<unknown> {
    const headers = { accept: "application/json", "user-agent": "stockfeed", ...call.headers };
    const response = await fetch(call.url, { headers, redirect: "manual", signal });
    trace.code = String(response.status);
    const { text, whole } = await readText(response, response.ok ? MAX_BODY_BYTES : MAX_ERROR_BYTES);
    const verdict = this.#options.verdict(response.status, text);
    if (!response.ok || verdict !== undefined) throw this.#refusal(call, response, text, verdict);
    if (!whole) {
      const limit = `more than ${MAX_BODY_BYTES / 1024 / 1024} MB, which no answer needs`;
      throw this.#fail(call, "InvalidResponse", { kind: "skip" }, `sent ${limit}; reading stopped`);
    }
    const json = parseJson(text);
    if (json === undefined) {
      const type = response.headers.get("content-type") ?? "no content type";
      throw this.#fail(call, "InvalidResponse", { kind: "retry" }, `sent no JSON (${type}): ${this.#quote(text)}`);
    }
    return json.value;
  }

  #refusal(call: HttpCall, response: Response, text: string, verdict: Verdict | undefined): ProviderError {
    const { provider, clock, credentials } = this.#options;
    const { status } = response;
    const said = text.trim() === "" ? "" : `: ${this.#quote(text)}`;
    // Imported by name at the top, the module would load half of Node's network code with it, at every start.
    const { STATUS_CODES } = process.getBuiltinModule("node:http");
    const what = `${status} ${STATUS_CODES[status]?.toLowerCase() ?? "status"}`;
    const refused = (kind: ProviderError["kind"], next: NextStep, advice = "") =>
      new ProviderError(
        provider,
        kind,
        next,
        credentials.mask(`${provider} refused ${nameSymbols(call.symbols)}: ${what}${said}.${advice && ` ${advice}`}`),
      );

    if (verdict === "symbol-refused") return refused("Unauthorized", { kind: "split" });
    if (status === 429 || verdict === "rate-limited") {
      const at = retryAfter(response.headers, clock.now()) ?? clock.now() + UNTOLD_PAUSE_MS;
      return refused("RateLimited", { kind: "retry", at }, `It is asked again from ${formatTime(at)}.`);
    }
    if (status === 401 || status === 403) return refused("Unauthorized", { kind: "give-up" }, credentials.advice);
    if (status === 402) return refused("Unauthorized", { kind: "give-up" }, "Check the account's plan.");
    if (status >= 500) return refused("ServerError", { kind: "retry" });
    if (status === 408) return refused("Timeout", { kind: "retry" });
    if (status >= 300 && status < 400) {
      const target = response.headers.get("location") ?? "nowhere";
      return refused(
        "InvalidResponse",
        { kind: "skip" },
        `It redirects to ${target}; set provider.baseUrl to that host.`,
      );
    }
    // Too long an address is mended by fewer symbols, as is one symbol that a batch does not know.
    if ([400, 404, 413, 414, 422].includes(status)) return refused("NotFound", { kind: "split" });
    return refused("InvalidResponse", { kind: "skip" });
  }

  /** Masked before it is cut: half a key is still half a key. */
  #quote(text: string): string {
    return excerpt(this.#options.credentials.mask(text));
  }

  #unreachable(call: HttpCall, error: unknown): ProviderError {
    // What fetch throws says "fetch failed"; why is in its cause, as a code of the system or of the HTTP client.
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const why = cause instanceof Error && "code" in cause ? String(cause.code) : String(cause);
    const advice = "Check provider.baseUrl and the network";
    return this.#fail(call, "Network", { kind: "retry" }, `can't be reached at ${call.url.origin} (${why}). ${advice}`);
  }

  #fail(call: HttpCall, kind: ProviderError["kind"], next: NextStep, what: string): ProviderError {
    const { provider, credentials } = this.#options;
    const message = `${provider}, asked for ${nameSymbols(call.symbols)}, ${what}.`;
    return new ProviderError(provider, kind, next, credentials.mask(message));
  }
}

/**
 * The value of a JSON text, undefined where it is none. Python's encoder writes NaN and Infinity, which JSON does not
 * know; they are taken as null, so that one such price does not cost the batch that it came in.
 */
function parseJson(text: string): { readonly value: unknown } | undefined {
  for (const candidate of [text, text.replaceAll(/([:,[]\s*)(?:NaN|-?Infinity)(?=\s*[,}\]])/g, "$1null")]) {
    try {
      return { value: JSON.parse(candidate) };
    } catch {
      // not JSON as it stands
    }
  }
  return undefined;
}
