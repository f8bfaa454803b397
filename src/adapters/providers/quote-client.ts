import { ZodError } from "zod";
import type { Clock, ObservedPrice } from "../../ports.ts";
import { PROVIDER_LIMITS } from "../../quotes/provider-limits.ts";
import type { EpochMs } from "../../quotes/quote.ts";
import { Circuit } from "./circuit.ts";
import type { Credentials } from "./credentials.ts";
import { HttpClient } from "./http-client.ts";
import { nameSymbols, ProviderError } from "./provider-error.ts";
import { RateLimiter } from "./rate-limiter.ts";
import { observe } from "./slot-fetch.ts";
import type { WireFormat } from "./wire-format.ts";

const MAX_ATTEMPTS = 3;
/** Wait before the second attempt; doubles. Up to half of it is left out at random, so that shards do not march. */
export const FIRST_BACKOFF_MS = 250;
/** How long after refused keys the provider is left alone. */
export const REFUSED_KEYS_MS = 60_000;

/** What a quote client works with. */
export interface QuoteClientOptions {
  readonly format: WireFormat;
  readonly baseUrl: string;
  readonly clock: Clock;
  readonly credentials: Credentials;
  /** Share of the provider's call limits that is ours, in (0, 1]; at least one call. */
  readonly budgetShare: number;
  readonly onRequest: (code: string, seconds: number) => void;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

/** Until when a call may take, and what ends it sooner. */
export interface CallScope {
  readonly deadline: EpochMs;
  readonly signal: AbortSignal;
}

/** Reads one symbol in an answer: its price, what is wrong with it (the end of a sentence), or undefined if absent. */
export type AnswerReader = (symbol: string) => ObservedPrice | string | undefined;

/**
 * Asks a provider for one batch at a time, within its call limits and the deadline, and again where that can help.
 * Limits, circuit, pauses and refused keys hold from slot to slot.
 */
export class QuoteClient {
  readonly #options: QuoteClientOptions;
  readonly #http: HttpClient;
  readonly #limiter: RateLimiter;
  readonly #circuit: Circuit;
  #refusedKeys: { readonly until: EpochMs; readonly error: ProviderError } | undefined;

  constructor(options: QuoteClientOptions) {
    const { format, clock, budgetShare } = options;
    const { calls, perMs } = PROVIDER_LIMITS[format.type];
    const limits = [
      ...(calls !== undefined && perMs !== undefined ? [{ calls, perMs }] : []),
      ...(format.extraLimits ?? []),
    ].map((limit) => ({ ...limit, calls: Math.max(1, Math.floor(limit.calls * budgetShare)) }));
    const verdict = (status: number, text: string) => format.verdict?.(status, text);
    this.#options = options;
    this.#http = new HttpClient({ ...options, provider: format.type, verdict });
    this.#limiter = new RateLimiter(format.type, clock, limits);
    this.#circuit = new Circuit(format.type, clock);
  }

  /** The end of the pause that the provider asked for, while it lasts. */
  get pausedUntil(): EpochMs | undefined {
    return this.#limiter.pausedUntil;
  }

  /**
   * The provider's answer for a batch.
   * @throws ProviderError for what the provider did; the signal's reason when it is aborted
   */
  async ask(symbols: readonly string[], scope: CallScope): Promise<AnswerReader> {
    const { clock, random } = this.#options;
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#call(symbols, scope);
      } catch (error) {
        if (!(error instanceof ProviderError)) throw error;
        this.#heed(error);
        if (error.next.kind !== "retry" || attempt === MAX_ATTEMPTS) throw error;
        const backoff = FIRST_BACKOFF_MS * 2 ** (attempt - 1) * (1 - random() / 2);
        const at = Math.max(error.next.at ?? 0, clock.now() + Math.round(backoff));
        if (at >= scope.deadline) throw error;
        await clock.sleepUntil(at, scope.signal);
      }
    }
  }

  async #call(symbols: readonly string[], { deadline, signal }: CallScope): Promise<AnswerReader> {
    const { format, baseUrl, clock, credentials } = this.#options;
    if (this.#refusedKeys && clock.now() < this.#refusedKeys.until) throw this.#refusedKeys.error;
    this.#circuit.check();
    await this.#limiter.acquire(deadline, signal);
    const { path, query = {}, headers = {} } = format.request(symbols, credentials.keys);
    const url = new URL(`${baseUrl.replace(/\/+$/, "")}/${path}`);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    return this.#circuit.run(async () =>
      this.#reader(await this.#http.getJson({ url, headers, symbols, signal }), symbols),
    );
  }

  /** Holds later calls back where a failure of this one asks for it. */
  #heed(error: ProviderError): void {
    const { kind, next } = error;
    if (kind === "RateLimited" && next.kind === "retry" && next.at !== undefined) this.#limiter.pauseUntil(next.at);
    if (next.kind === "give-up" && error !== this.#refusedKeys?.error) {
      this.#refusedKeys = { until: this.#options.clock.now() + REFUSED_KEYS_MS, error };
    }
  }

  #reader(body: unknown, symbols: readonly string[]): AnswerReader {
    const { type } = this.#options.format;
    const { mask } = this.#options.credentials;
    const read = inShape(() => this.#options.format.open(body));
    if (typeof read === "string") {
      const message = `${type}, asked for ${nameSymbols(symbols)}, sent JSON of another shape: ${read}.`;
      throw new ProviderError(type, "InvalidResponse", { kind: "skip" }, mask(message));
    }
    return (symbol) => {
      const reading = inShape(() => read(symbol));
      return typeof reading === "string"
        ? mask(`has JSON of another shape: ${reading}`)
        : reading && observe(symbol, reading);
    };
  }
}

/** What `parse` gives, or where and how the JSON is not of the shape that it wants. */
function inShape<T>(parse: () => T): T | string {
  try {
    return parse();
  } catch (error) {
    const issue = error instanceof ZodError ? error.issues[0] : undefined;
    if (issue === undefined) throw error;
    return issue.path.length > 0 ? `${issue.path.join(".")}: ${issue.message}` : issue.message;
  }
}
