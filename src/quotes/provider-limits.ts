import type { ProviderType } from "../api/provider-spec.ts";

/** What one provider allows, and what it wants to know of its caller. */
export interface ProviderLimits {
  /** Most symbols that one call may ask for; Infinity where nothing is called. */
  readonly symbolsPerCall: number;
  /** Calls allowed in each `perMs` on the free plan; neither is there where no limit is known. */
  readonly calls?: number;
  /** Milliseconds that `calls` is counted over. */
  readonly perMs?: number;
  /** Where the provider is, unless the feed says otherwise; absent where there is no such place. */
  readonly defaultBaseUrl?: string;
  /** Environment variables that hold the keys on a laptop. */
  readonly environment: readonly string[];
  /** Keys inside the Secret on a cluster, in the order of `environment`. */
  readonly secretKeys: readonly string[];
  /** Whether nothing comes without those keys. */
  readonly keysRequired: boolean;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/**
 * The free plans' limits and the names of the keys: the one table that polling keeps to and that plans are checked
 * against. Alpaca and Tiingo state no number of symbols a call; 200 and 100 keep the address of the longest symbols
 * under 3 KB, well inside the 8 KB that servers commonly take.
 */
export const PROVIDER_LIMITS: Readonly<Record<ProviderType, ProviderLimits>> = {
  Simulated: { symbolsPerCall: Infinity, environment: [], secretKeys: [], keysRequired: false },
  Replay: { symbolsPerCall: Infinity, environment: [], secretKeys: [], keysRequired: false },
  // IEX Cloud closed on 31 August 2024; what speaks its format today is somebody's own server.
  IEX: { symbolsPerCall: 1, environment: ["IEX_TOKEN"], secretKeys: ["token"], keysRequired: false },
  // Basic plan, https://docs.alpaca.markets/docs/about-market-data-api
  Alpaca: {
    symbolsPerCall: 200,
    calls: 200,
    perMs: MINUTE_MS,
    defaultBaseUrl: "https://data.alpaca.markets",
    environment: ["ALPACA_KEY_ID", "ALPACA_SECRET_KEY"],
    secretKeys: ["APCA-API-KEY-ID", "APCA-API-SECRET-KEY"],
    keysRequired: true,
  },
  // Free plan, https://finnhub.io/pricing
  Finnhub: {
    symbolsPerCall: 1,
    calls: 60,
    perMs: MINUTE_MS,
    defaultBaseUrl: "https://finnhub.io",
    environment: ["FINNHUB_TOKEN"],
    secretKeys: ["token"],
    keysRequired: true,
  },
  // Starter plan, https://www.tiingo.com/about/pricing
  Tiingo: {
    symbolsPerCall: 100,
    calls: 50,
    perMs: HOUR_MS,
    defaultBaseUrl: "https://api.tiingo.com",
    environment: ["TIINGO_TOKEN"],
    secretKeys: ["token"],
    keysRequired: true,
  },
};
