import { beforeAll, describe, expect, it } from "vitest";
import { describeQuoteProvider } from "../../../test/provider-contract.ts";
import { SymbolTable } from "../../quotes/symbol-table.ts";
import { TickHistory } from "../../quotes/tick-history.ts";
import { TickScanner } from "../../quotes/tick-scanner.ts";
import { createReplay } from "./replay.ts";

const SLOT = Date.UTC(2013, 9, 7, 13, 30);
const LINES = [
  { symbol: "BAC", latestPrice: 13.94, latestUpdate: SLOT - 1, volume: 500 },
  { symbol: "BAC", latestPrice: 13.95, latestUpdate: SLOT - 2, volume: 1 },
  { symbol: "AIG", latestPrice: 49.18, latestUpdate: SLOT, volume: 300 },
  { symbol: "AIG", latestPrice: 49.2, latestUpdate: SLOT + 1, volume: 2 },
  { symbol: "SPY", latestPrice: 167.41, latestUpdate: SLOT - 86_400_000 },
  { symbol: "IBM", latestPrice: 181.9, latestUpdate: SLOT + 30_000, volume: 100 },
];
const AIG = { symbol: "AIG", price: 49_180_000, providerTime: SLOT, volume: 300 };
const BAC = { symbol: "BAC", price: 13_940_000, providerTime: SLOT - 1, volume: 500 };
const SPY = { symbol: "SPY", price: 167_410_000, providerTime: SLOT - 86_400_000 };

function replayed() {
  const [history, symbols] = [new TickHistory({ intervalMs: 1 }), new SymbolTable()];
  const scanner = new TickScanner(symbols, (block) => {
    history.add(block);
  });
  scanner.write(Buffer.from(LINES.map((line) => JSON.stringify(line)).join("\n")));
  scanner.end();
  return createReplay({ file: "ticks.ndjson", playback: history.playback(symbols.names) });
}

describeQuoteProvider("Replay", () =>
  Promise.resolve({ provider: replayed(), slot: SLOT, newest: [AIG, BAC, SPY], unknownSymbol: "IBM" }),
);

describe("Replay", () => {
  const signal = new AbortController().signal;
  let provider: ReturnType<typeof createReplay>;
  beforeAll(() => {
    provider = replayed();
  });
  const fetch = (symbols: string[], slot: number) => provider.fetch({ symbols, slot, deadline: slot + 8_000, signal });

  it("moves on with the slots, and back again", async () => {
    for (const slot of [SLOT, SLOT + 30_000, SLOT]) {
      const later = slot > SLOT;
      const { prices } = await fetch(["AIG", "IBM"], slot);
      expect(prices.map(({ symbol, price }) => [symbol, price])).toEqual(
        later
          ? [
              ["AIG", 49_200_000],
              ["IBM", 181_900_000],
            ]
          : [["AIG", 49_180_000]],
      );
    }
  });

  it("says until when and in which file it found no tick", async () => {
    const { failures } = await fetch(["IBM"], SLOT);
    expect(failures[0]?.message).toBe("Replay finds no tick of it in ticks.ndjson so far.");
  });
});
