import { HTTP_PROVIDERS, newestIn, SLOT, startProvider } from "../../../test/fakes/provider-start.ts";
import { describeQuoteProvider } from "../../../test/provider-contract.ts";
import { simulatedPrice } from "./simulated-price.ts";
import { createSimulated } from "./simulated.ts";

for (const type of HTTP_PROVIDERS) {
  describeQuoteProvider(type, async () => {
    const started = await startProvider(type);
    return { ...started, slot: SLOT, newest: newestIn(type), unknownSymbol: "NOSUCH" };
  });
}

describeQuoteProvider("Simulated", () =>
  Promise.resolve({
    provider: createSimulated({ seed: 7 }),
    slot: SLOT,
    newest: ["AAPL", "MSFT", "BRK.B"].map((symbol) => simulatedPrice(7, symbol, SLOT)),
    unknownSymbol: "no symbol",
  }),
);
