import { setImmediate as macrotask } from "node:timers/promises";
import type { ProviderSpec } from "../../src/api/provider-spec.ts";
import { createProvider, type ProviderDeps } from "../../src/adapters/providers/provider-factory.ts";
import type { QuoteProvider } from "../../src/ports.ts";
import { parsePrice } from "../../src/quotes/price.ts";
import type { EpochMs } from "../../src/quotes/quote.ts";
import { manualClock, type ManualClock } from "./manual-clock.ts";
import { FAKE_KEYS } from "./provider-formats.ts";
import { FakeProviderServer } from "./provider-server.ts";

/** The providers that are asked over HTTP. */
export const HTTP_PROVIDERS = ["IEX", "Alpaca", "Finnhub", "Tiingo"] as const;
export type HttpProviderType = (typeof HTTP_PROVIDERS)[number];

/** The slot at which the clock of these tests starts. */
export const SLOT: EpochMs = Date.UTC(2026, 2, 4, 15, 30);

/** A market of four symbols, one of them a share class. */
const MARKET = {
  AAPL: { price: 167.41, time: SLOT - 1_000, volume: 51_234_567 },
  MSFT: { price: 330.2255, time: SLOT - 2_000, volume: 18_000_000 },
  "BRK.B": { price: 345, time: SLOT - 61_000, volume: 2_000_001 },
  GOOG: { price: 0.000001, time: SLOT - 3_000, volume: 0 },
} as const;
export const SYMBOLS = Object.keys(MARKET);

/** A provider before the fake server, on a manual clock. */
export interface StartedProvider {
  readonly provider: QuoteProvider;
  readonly server: FakeProviderServer;
  readonly clock: ManualClock;
  /** Codes of the requests that telemetry was told of. */
  readonly codes: string[];
  stop(): Promise<void>;
}

/** Starts a fake server with MARKET and a provider before it. */
export async function startProvider(
  type: HttpProviderType,
  deps: Partial<ProviderDeps> = {},
): Promise<StartedProvider> {
  const server = await FakeProviderServer.start();
  for (const [symbol, quote] of Object.entries(MARKET)) server.market.set(symbol, quote);
  const clock = manualClock(SLOT);
  const codes: string[] = [];
  const provider = createProvider(specOf(type, server.url), {
    clock,
    env: FAKE_KEYS,
    onRequest: (code) => codes.push(code),
    random: () => 0,
    ...deps,
  });
  const stop = async () => {
    await provider.close();
    await server.close();
  };
  return { provider, server, clock, codes, stop };
}

/** The provider's spec, pointed at a server. */
export function specOf(type: HttpProviderType, baseUrl: string): Exclude<ProviderSpec, { type: "Replay" }> {
  return { type, baseUrl, credentialsSecretRef: { name: "keys" } };
}

/** What the provider should make of MARKET. */
export function newestIn(type: HttpProviderType) {
  return Object.entries(MARKET).map(([symbol, { price, time, volume }]) => ({
    symbol,
    price: parsePrice(price) ?? NaN,
    providerTime: time,
    ...(type !== "Finnhub" && { volume }),
  }));
}

/** Resolves once somebody sleeps until `time`: for code that gets there by way of real I/O. */
export async function sleepingUntil(clock: ManualClock, time: EpochMs): Promise<void> {
  while (!clock.wakeTimes.includes(time)) await macrotask();
}

/** Lets what waits for exactly these times, one after the other, go on. */
export async function pass(clock: ManualClock, times: readonly EpochMs[]): Promise<void> {
  for (const time of times) {
    await sleepingUntil(clock, time);
    await clock.advance(time);
  }
}
