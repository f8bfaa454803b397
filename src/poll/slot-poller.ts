import type { Bus, Clock, DeadLetters, FetchResult, QuoteProvider, Telemetry } from "../ports.ts";
import type { EpochMs } from "../quotes/quote.ts";
import type { Session } from "../quotes/session.ts";
import { deliver } from "./deliver.ts";
import { MarketWatch } from "./market-watch.ts";
import { observedQuotes } from "./observed-quotes.ts";
import type { SlotReport } from "./slot-report.ts";
import { withDeadline } from "./with-deadline.ts";

export interface SlotPollerOptions {
  /** `namespace/name` of the feed. */
  readonly feed: string;
  readonly symbols: readonly string[];
  readonly intervalMs: number;
  readonly session: Session;
  readonly provider: QuoteProvider;
  readonly bus: Pick<Bus, "publish">;
  /** Where prices go that can't be a quote; without it they are only counted. */
  readonly deadLetters?: DeadLetters;
  readonly clock: Clock;
  /** Stops the polling, at any moment. */
  readonly signal: AbortSignal;
  readonly telemetry: Pick<Telemetry, "countQuotes" | "countPolledSlots" | "countMissedSlots" | "setMarketState">;
  /** How long no price may move in an open session before the market counts as stale; 5 min by default. */
  readonly staleAfterMs?: number;
  /** Whether others have polled the slots before, so that a price which stood still since then is known to have. */
  readonly joins?: boolean;
}

/** Time at the end of a slot that is kept for publishing: a tenth of the slot, half a second at most. */
function publishReserveMs(intervalMs: number): number {
  return Math.min(500, intervalMs / 10);
}

/**
 * Polls one slot at a time: fetch, check, publish, report. The provider is told to end in time to publish in the slot;
 * whether or not it does, the slot's end ends the fetch.
 */
export function slotPoller(options: SlotPollerOptions): (slot: EpochMs, missed: number) => Promise<SlotReport> {
  const { feed, symbols, intervalMs, session, provider, bus, deadLetters: store, clock, signal, telemetry } = options;
  const rules = { symbols: new Set(symbols), intervalMs };
  const market = new MarketWatch({
    staleAfterMs: options.staleAfterMs ?? 300_000,
    ...(options.joins && { joined: { intervalMs, openOf: (time) => session.openOf(time) } }),
  });

  return async (slot, missed) => {
    const startedAt = clock.now();
    const limits = { clock, deadline: slot + intervalMs, stop: signal };
    const { prices, failures, rateLimitedUntil } = await fetchWithin(limits, options, slot);
    const origin = { feed, provider: provider.type, observedAt: slot };
    const { quotes, deadLetters } = observedQuotes(prices, origin, rules, clock.now());
    const { state, stale } = market.observe(slot, quotes, session.closeOf(slot));

    const refused = quotes.length === 0 ? undefined : await deliver(() => bus.publish(quotes), limits);
    const unkept =
      store && deadLetters.length > 0 ? await deliver(() => store.putDeadLetters(deadLetters), limits) : undefined;
    const staleQuotes = refused ? 0 : stale;
    if (staleQuotes > 0) telemetry.countQuotes(feed, "stale", staleQuotes);
    if (deadLetters.length > 0) telemetry.countQuotes(feed, "dead_letter", deadLetters.length);
    const deliveryError = refused ?? unkept;
    const newest = quotes.reduce((time, quote) => Math.max(time, quote.providerTime), -Infinity);
    return {
      slot,
      startedAt,
      missed,
      quotes: refused ? 0 : quotes.length,
      staleQuotes,
      undeliveredQuotes: refused ? quotes.length : 0,
      failures,
      deadLetters,
      marketState: state,
      ...(deliveryError && { deliveryError }),
      ...(newest > -Infinity && { newestProviderTime: newest }),
      ...(rateLimitedUntil !== undefined && { rateLimitedUntil }),
    };
  };
}

/** The provider's answer; where it brought none by the slot's end, or broke, a failure of every symbol. */
async function fetchWithin(
  limits: Parameters<typeof withDeadline>[1],
  { provider, symbols, intervalMs }: SlotPollerOptions,
  slot: EpochMs,
): Promise<FetchResult> {
  const deadline = limits.deadline - publishReserveMs(intervalMs);
  const failAll = (kind: "Timeout" | "InvalidResponse", message: string): FetchResult => ({
    prices: [],
    failures: symbols.map((symbol) => ({ symbol, kind, message })),
  });
  try {
    const answer = await withDeadline((signal) => provider.fetch({ symbols, slot, deadline, signal }), limits);
    return answer ?? failAll("Timeout", `${provider.type} brought nothing within the slot.`);
  } catch (error) {
    limits.stop.throwIfAborted();
    return failAll("InvalidResponse", `${provider.type} broke: ${error instanceof Error ? error.message : "unknown"}`);
  }
}
