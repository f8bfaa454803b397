import type { ProviderSpec } from "../../api/provider-spec.ts";
import type { Clock, QuoteProvider } from "../../ports.ts";
import { PROVIDER_LIMITS } from "../../quotes/provider-limits.ts";
import { alpaca } from "./alpaca.ts";
import { readCredentials } from "./credentials.ts";
import { finnhub } from "./finnhub.ts";
import { HttpProvider } from "./http-provider.ts";
import { iex } from "./iex.ts";
import { createSimulated } from "./simulated.ts";
import { tiingo } from "./tiingo.ts";

/** What a provider needs of the process that it runs in. */
export interface ProviderDeps {
  readonly clock: Clock;
  /** Holds the keys, under the names in PROVIDER_LIMITS. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** `namespace/name` of the Secret that filled `env` on a cluster; messages then name it instead of the variables. */
  readonly secret?: string;
  /** Share of the provider's call limits for this feed, in (0, 1]: below 1 where shards or feeds share the keys. */
  readonly budgetShare?: number;
  /** Told of each request: its status, or `timeout`, `network` or `aborted` where none came, and how long it took. */
  readonly onRequest?: (code: string, seconds: number) => void;
  /** Spreads retries; uniform in [0, 1). */
  readonly random?: () => number;
}

const FORMATS = { IEX: iex, Alpaca: alpaca, Finnhub: finnhub, Tiingo: tiingo } as const;

/**
 * The provider that a feed names, Replay apart: its clock is the recording's, so it is built along with that clock.
 * @throws ProviderError (give-up) when a key is missing or unusable, naming it
 * @example const provider = createProvider({ type: "Simulated", seed: 1 }, { clock, env: process.env });
 */
export function createProvider(spec: Exclude<ProviderSpec, { type: "Replay" }>, deps: ProviderDeps): QuoteProvider {
  if (spec.type === "Simulated") return createSimulated(spec);
  const { clock, env, secret, budgetShare = 1, onRequest = () => undefined, random = Math.random } = deps;
  const baseUrl = spec.baseUrl ?? PROVIDER_LIMITS[spec.type].defaultBaseUrl;
  if (baseUrl === undefined)
    throw new RangeError(`provider.baseUrl is missing; ${spec.type} has no server of its own.`);
  const credentials = readCredentials(spec.type, env, secret);
  return new HttpProvider({ format: FORMATS[spec.type], baseUrl, clock, credentials, budgetShare, onRequest, random });
}
