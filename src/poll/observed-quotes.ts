import type { ProviderType } from "../api/provider-spec.ts";
import type { ObservedPrice } from "../ports.ts";
import type { DeadLetter, EpochMs, Quote } from "../quotes/quote.ts";
import { quoteJson } from "../quotes/wire.ts";
import { checkQuote, type QuoteRules } from "../quotes/quote-check.ts";

/** What a slot's prices became: quotes for the bus, and dead letters for what can be none. */
export interface ObservedQuotes {
  readonly quotes: readonly Quote[];
  readonly deadLetters: readonly DeadLetter[];
}

/** Makes a slot's quotes of a provider's prices; one that is not valid costs that symbol alone. */
export function observedQuotes(
  prices: readonly ObservedPrice[],
  slot: { readonly feed: string; readonly provider: ProviderType; readonly observedAt: EpochMs },
  rules: QuoteRules,
  now: EpochMs,
): ObservedQuotes {
  const quotes: Quote[] = [];
  const deadLetters: DeadLetter[] = [];
  for (const observed of prices) {
    const quote = quoteOf(observed, slot);
    const rejection = checkQuote(quote, rules, now);
    if (rejection === undefined) quotes.push(quote);
    else deadLetters.push({ feed: slot.feed, ...rejection, payload: quoteJson(quote), receivedAt: now });
  }
  return { quotes, deadLetters };
}

function quoteOf(observed: ObservedPrice, slot: Pick<Quote, "feed" | "provider" | "observedAt">): Quote {
  const { symbol, price, providerTime } = observed;
  const quote = { ...slot, symbol, price, providerTime };
  // Some providers count fractions of shares; the store counts whole ones. A count that is none is left out.
  const volume = Math.round(observed.volume ?? NaN);
  return Number.isSafeInteger(volume) && volume >= 0 ? { ...quote, volume } : quote;
}
