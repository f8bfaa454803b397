import type { Clock, FetchResult, ObservedPrice, SymbolFailure } from "../../ports.ts";
import { parsePrice } from "../../quotes/price.ts";
import type { EpochMs } from "../../quotes/quote.ts";
import type { ProviderError } from "./provider-error.ts";
import type { Reading } from "./wire-format.ts";

/**
 * What one fetch has found so far. Whatever happens to the calls, `result` has every symbol that was asked for
 * exactly once: in the order asked, with a price or a failure.
 */
export class Tally {
  readonly #symbols: ReadonlySet<string>;
  readonly #prices = new Map<string, ObservedPrice>();
  readonly #failures = new Map<string, SymbolFailure>();

  constructor(symbols: readonly string[]) {
    this.#symbols = new Set(symbols);
  }

  price(price: ObservedPrice): void {
    this.#prices.set(price.symbol, price);
  }

  fail(symbols: readonly string[], { kind, message }: Pick<SymbolFailure, "kind" | "message">): void {
    for (const symbol of symbols) this.#failures.set(symbol, { symbol, kind, message });
  }

  /** @param rest why a symbol that was neither priced nor failed has no price */
  result(rest: Pick<SymbolFailure, "kind" | "message">, rateLimitedUntil: EpochMs | undefined): FetchResult {
    const prices: ObservedPrice[] = [];
    const failures: SymbolFailure[] = [];
    for (const symbol of this.#symbols) {
      const price = this.#prices.get(symbol);
      if (price) prices.push(price);
      else failures.push(this.#failures.get(symbol) ?? { symbol, kind: rest.kind, message: rest.message });
    }
    return rateLimitedUntil === undefined ? { prices, failures } : { prices, failures, rateLimitedUntil };
  }
}

/** A price as the port wants it, or what is wrong with the reading, as the end of a sentence. */
export function observe(symbol: string, { price, time, volume }: Reading): ObservedPrice | string {
  const micros = parsePrice(price);
  if (micros === undefined) return price === null ? "has no price yet" : `has the price ${price}, which is none`;
  if (!(time > 0 && time < 8.64e15)) return "has a price without a valid time";
  const providerTime = Math.floor(time);
  return typeof volume === "number" && volume >= 0
    ? { symbol, price: micros, providerTime, volume }
    : { symbol, price: micros, providerTime };
}

/** A signal that fires with `expired` at the deadline on the clock, or as one of `signals` does. Call `end` after use. */
export function deadlineSignal(
  clock: Clock,
  deadline: EpochMs,
  expired: ProviderError,
  signals: readonly AbortSignal[],
): { readonly signal: AbortSignal; readonly end: () => void } {
  const timer = new AbortController();
  const over = new AbortController();
  clock.sleepUntil(deadline, over.signal).then(
    () => {
      timer.abort(expired);
    },
    () => undefined, // ended before the deadline
  );
  return {
    signal: AbortSignal.any([timer.signal, ...signals]),
    end: () => {
      over.abort();
    },
  };
}
