import type { DeadLetters, QuoteArchive, ResultSink } from "../../src/ports.ts";
import type { DeadLetter, EpochMs, Quote } from "../../src/quotes/quote.ts";
import type { WindowRow } from "../../src/windows/window-row.ts";

/** A store in memory that keeps what it takes in the order it came, and refuses when told to. */
export class MemoryStore implements ResultSink, QuoteArchive, DeadLetters {
  readonly rows: WindowRow[] = [];
  readonly quotes: Quote[] = [];
  readonly letters: DeadLetter[] = [];
  /** Rows of each write. */
  readonly writes: number[] = [];
  /** What it refuses now. */
  readonly refuses = new Set<"rows" | "quotes" | "letters">();

  writeRows(rows: readonly WindowRow[]): Promise<void> {
    return this.#take("rows", () => {
      this.rows.push(...rows);
      this.writes.push(rows.length);
    });
  }

  appendQuotes(quotes: readonly Quote[]): Promise<void> {
    return this.#take("quotes", () => this.quotes.push(...quotes));
  }

  putDeadLetters(letters: readonly DeadLetter[]): Promise<void> {
    return this.#take("letters", () => this.letters.push(...letters));
  }

  newestWindowEnd(): Promise<EpochMs | undefined> {
    return Promise.resolve(this.rows.length === 0 ? undefined : Math.max(...this.rows.map((row) => row.windowEnd)));
  }

  /** Slots in order, five to a batch. */
  async *readQuotes(_feed: string, from: EpochMs): AsyncGenerator<readonly Quote[]> {
    const wanted = this.quotes.filter(({ observedAt }) => observedAt >= from);
    const slots = [...new Set(wanted.map(({ observedAt }) => observedAt))].sort((a, b) => a - b);
    for (let i = 0; i < slots.length; i += 5) {
      const batch = slots.slice(i, i + 5);
      await Promise.resolve();
      yield batch.flatMap((slot) => wanted.filter(({ observedAt }) => observedAt === slot));
    }
  }

  /** Of the rows of each key the one with the greatest (quoteCount, writtenAt); the later one where they tie. */
  winningRows(): WindowRow[] {
    const winners = new Map<string, WindowRow>();
    for (const row of this.rows) {
      const key = `${row.windowEnd}/${row.resolutionMinutes}/${row.symbol}`;
      const rival = winners.get(key);
      const wins =
        rival === undefined ||
        row.quoteCount > rival.quoteCount ||
        (row.quoteCount === rival.quoteCount && row.writtenAt >= rival.writtenAt);
      if (wins) winners.set(key, row);
    }
    return [...winners.values()];
  }

  #take(what: "rows" | "quotes" | "letters", store: () => unknown): Promise<void> {
    if (this.refuses.has(what)) return Promise.reject(new Error(`no room for ${what}`));
    store();
    return Promise.resolve();
  }
}
