/** What the engines that run in this process say to a suite. */
import type { EpochMs } from "../../src/quotes/quote.ts";
import { decodeQuote } from "../../src/quotes/wire.ts";
import { rowJson } from "../../src/windows/row-json.ts";
import { MemoryStore } from "../fakes/memory-store.ts";
import { silentStream } from "../fakes/silent-stream.ts";
import { WindowOracle } from "../oracles/windows.ts";
import { oracleRow, type Row } from "./rows.ts";
import type { Suite } from "./suite.ts";

/** Rows as they were written, and why what became no part of one did not, but for what came too late. */
export interface Answer {
  readonly rows: readonly Row[];
  readonly refused: readonly string[];
}

/** The time that a watermark is at behind the last event: every window closes. */
const END = Date.UTC(2100, 0);

/** Straight from the definition, and from what the script's writer knows of its messages. */
export function bruteForce({ feed, symbols, windows, events }: Suite): Answer {
  const oracle = new WindowOracle(windows, -Infinity);
  const rows: Row[] = [];
  const refused: string[] = [];
  let writtenAt = 0;
  const advance = (watermark: EpochMs) => {
    writtenAt += 1;
    for (const row of oracle.advance(watermark)) {
      const window = windows[row.window];
      if (window === undefined) throw new Error("a row of no window");
      const written_at = String(writtenAt).padStart(9, "0");
      rows.push({ ...oracleRow(row, feed, symbols[row.symbol] ?? "", window), written_at });
    }
  };
  for (const event of events) {
    if ("watermark" in event) {
      advance(event.watermark);
    } else if (typeof event.message.is === "string") {
      refused.push(event.message.is);
    } else {
      const { symbol, observedAt: time, price, providerTime } = event.message.is;
      oracle.add({ symbol: symbols.indexOf(symbol), time, price, providerTime });
    }
  }
  advance(END);
  return { rows, refused };
}

/** The embedded engine as `stockfeed dev` and `stockfeed stream` run it, its clock being the script's. */
export async function embedded({ feed, symbols, windows, events }: Suite): Promise<Answer> {
  const store = new MemoryStore();
  const refused: string[] = [];
  const first = events.find((event) => "watermark" in event);
  let now = (first?.watermark ?? 0) - 60_000;
  let machineNow = 0;
  const stream = silentStream({
    feed,
    symbols,
    windows,
    watermark: now,
    sink: store,
    deadLetters: store,
    now: () => now,
    machineNow: () => (machineNow += 1),
  });
  for (const event of events) {
    if ("watermark" in event) {
      await stream.advance(event.watermark);
      continue;
    }
    const decoded = decodeQuote(event.message.data);
    if (!("quote" in decoded)) refused.push(decoded.reason);
    else if (decoded.quote.feed !== feed) refused.push("Malformed");
    else {
      if (typeof event.message.is !== "string") now = Math.max(now, event.message.is.observedAt);
      await stream.take([decoded.quote]);
    }
  }
  await stream.advance(END);
  refused.push(...store.letters.map(({ reason }) => reason).filter((reason) => reason !== "TooLate"));
  return { rows: store.rows.map((row) => JSON.parse(rowJson(row)) as Row), refused };
}
