import type { ProviderType } from "../../api/provider-spec.ts";
import type { EpochMs } from "../../quotes/quote.ts";
import type { Verdict } from "./http-client.ts";
import type { CallLimit } from "./rate-limiter.ts";

/** A GET as a provider wants it. */
interface WireRequest {
  /** Below the base URL, without a leading slash, each part encoded. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What an answer says of one symbol, before it is checked. */
export interface Reading {
  /** Number or decimal text; null where the provider knows the symbol but has no price. */
  readonly price: number | string | null;
  readonly time: EpochMs;
  readonly volume?: number | null | undefined;
}

/** One provider's way of putting quotes on the wire: all that differs between the providers that speak HTTP. */
export interface WireFormat {
  readonly type: Exclude<ProviderType, "Simulated" | "Replay">;
  /** Limits beyond the one in PROVIDER_LIMITS. */
  readonly extraLimits?: readonly CallLimit[];
  /** The call for these symbols, `keys` in the order of the provider's environment variables. */
  request(symbols: readonly string[], keys: readonly string[]): WireRequest;
  /**
   * Opens an answer; what it returns reads one symbol in it, and gives undefined where the answer lacks the symbol.
   * @throws ZodError when the answer as a whole (at once) or a symbol's part of it (when read) has another shape
   */
  open(body: unknown): (symbol: string) => Reading | undefined;
  /** What a status and text mean here, where that is not what HTTP means by them. */
  verdict?(status: number, text: string): Verdict | undefined;
}
