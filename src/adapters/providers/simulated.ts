import { SYMBOL_PATTERN } from "../../api/stockfeed.ts";
import type { QuoteProvider } from "../../ports.ts";
import { simulatedPrice } from "./simulated-price.ts";
import { Tally } from "./slot-fetch.ts";

/**
 * The keyless default: made-up prices of any symbol, the same for the same seed, symbol and slot, in any order, on any
 * machine. The price in a slot is that of the newest simulated trade, two seconds old at most.
 */
export function createSimulated({ seed }: { readonly seed: number }): QuoteProvider {
  const closed = new AbortController();
  return {
    type: "Simulated",
    fetch: ({ symbols, slot, signal }) =>
      // A promise's executor turns what it throws into the rejection that the contract wants.
      new Promise((resolve) => {
        for (const stop of [signal, closed.signal]) stop.throwIfAborted();
        const tally = new Tally(symbols);
        for (const symbol of symbols) if (SYMBOL_PATTERN.test(symbol)) tally.price(simulatedPrice(seed, symbol, slot));
        const message =
          "Simulated knows symbols of a capital letter, then up to nine of A-Z, 0-9, . and -; not this one.";
        resolve(tally.result({ kind: "NotFound", message }, undefined));
      }),
    close: () => {
      closed.abort(new Error("The provider Simulated is closed."));
      return Promise.resolve();
    },
  };
}
