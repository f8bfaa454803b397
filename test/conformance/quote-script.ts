/**
 * Quotes as a careless network delivers them: a walk of prices for every symbol and slot, of which some come twice, some
 * have rivals for their slot, all come in disorder, some never, and between them comes what is no quote of the feed at
 * all. The same for a seed, always.
 */
import type { DeadLetterReason, Quote } from "../../src/quotes/quote.ts";
import { quoteJson } from "../../src/quotes/wire.ts";

export interface QuoteScript {
  readonly feed: string;
  readonly symbols: readonly string[];
  readonly intervalMs: number;
  /** Messages in the order that they arrive in. */
  readonly messages: readonly ScriptMessage[];
}

/** What arrives: the text of a message's data, and what it is. */
export interface ScriptMessage {
  readonly data: string;
  /** The good quote that it holds, or why it holds none. */
  readonly is: Quote | DeadLetterReason;
}

export interface ScriptOptions {
  readonly seed: number;
  readonly symbols: readonly string[];
  readonly intervalMs: number;
  /** The first slot, a multiple of the interval. */
  readonly start: number;
  readonly slots: number;
  /** How many slots later than its own a quote may arrive. */
  readonly disorder: number;
}

const FEED = "markets/tech";

/** A script of some quotes; its times are long past for any clock. */
export function quoteScript(options: ScriptOptions): QuoteScript {
  const { seed, symbols, intervalMs, start, slots, disorder } = options;
  const random = mulberry32(seed);
  const arrivals: { at: number; message: ScriptMessage }[] = [];
  const arrive = (slot: number, data: string, is: ScriptMessage["is"]) => {
    arrivals.push({ at: slot + random() * disorder, message: { data, is } });
  };
  for (const [index, symbol] of symbols.entries()) {
    let price = 5_000_000 + Math.floor(random() * 500_000_000);
    for (let slot = 0; slot < slots; slot++) {
      price = Math.max(1, price + Math.floor((random() - 0.5) * 2_000_000));
      // A provider's clock stands still at times, and an observation is missed.
      if (random() < 0.08) continue;
      const observedAt = start + slot * intervalMs;
      const quote: Quote = {
        feed: FEED,
        symbol,
        price,
        observedAt,
        providerTime: observedAt - Math.floor(random() * 3) * 250,
        provider: "Simulated",
        ...(index % 2 === 0 && { volume: Math.floor(random() * 10_000) }),
      };
      arrive(slot, quoteJson(quote), quote);
      if (random() < 0.15) arrive(slot, quoteJson(quote), quote);
      if (random() < 0.15) {
        const age = Math.floor(random() * 3) * 250;
        const rival = { ...quote, price: price + Math.floor(random() * 3) - 1 || 1, providerTime: observedAt - age };
        arrive(slot, quoteJson(rival), rival);
      }
      if (random() < 0.05) {
        const [data, reason] = badMessage(quote, Math.floor(random() * 8));
        arrive(slot, data, reason);
      }
    }
  }
  const messages = arrivals.sort((a, b) => a.at - b.at).map(({ message }) => message);
  return { feed: FEED, symbols, intervalMs, messages };
}

/** One of eight messages that must come into no window. */
function badMessage(quote: Quote, kind: number): [data: string, reason: DeadLetterReason] {
  const changed = (change: object) => JSON.stringify({ ...(JSON.parse(quoteJson(quote)) as object), ...change });
  const bad: readonly [string, DeadLetterReason][] = [
    ["{bad", "Malformed"],
    ['{"symbol":1}', "Malformed"],
    [changed({ price: "0" }), "InvalidPrice"],
    [changed({ price: "NaN" }), "InvalidPrice"],
    [changed({ symbol: "ZZZ" }), "UnknownSymbol"],
    [changed({ observed_at: new Date(quote.observedAt + 1).toISOString() }), "InvalidTime"],
    [changed({ provider_time: "2999-01-01T00:00:00Z" }), "FutureTime"],
    [changed({ feed: "markets/other" }), "Malformed"],
  ];
  return bad[kind] ?? ["", "Malformed"];
}

/** A small generator of numbers in [0, 1) that a seed decides; after Tommy Ettinger's. */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
