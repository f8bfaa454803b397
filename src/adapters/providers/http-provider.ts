import { inLanes } from "../../lanes/in-lanes.ts";
import type { FetchResult, QuoteProvider } from "../../ports.ts";
import { formatTime } from "../../quotes/format-time.ts";
import { PROVIDER_LIMITS } from "../../quotes/provider-limits.ts";
import type { EpochMs } from "../../quotes/quote.ts";
import { ProviderError } from "./provider-error.ts";
import { QuoteClient, type AnswerReader, type CallScope, type QuoteClientOptions } from "./quote-client.ts";
import { deadlineSignal, Tally } from "./slot-fetch.ts";
import type { WireFormat } from "./wire-format.ts";

/** Calls of one provider that are under way at once. */
const CALLS_AT_ONCE = 8;
/** Extra calls that finding the symbols that spoil a batch may cost in one slot. */
const MAX_EXTRA_CALLS = 32;
/** How long a symbol that spoilt its batch is left out before it is asked for again. */
export const REFUSED_SYMBOL_MS = 10 * 60_000;

type FetchRequest = Parameters<QuoteProvider["fetch"]>[0];

/** What the batches of one fetch share. */
interface Slot extends CallScope {
  readonly tally: Tally;
  extraCallsLeft: number;
}

/**
 * A provider that is asked over HTTP. Guarantees: every symbol ends with a price or a failure, by the deadline; a
 * batch that is refused for one symbol is halved until that symbol stands alone, and the others keep their prices;
 * calls stay within the provider's limits, and symbols that found no room in one slot go first in the next.
 */
export class HttpProvider implements QuoteProvider {
  readonly type: WireFormat["type"];
  readonly #options: QuoteClientOptions;
  readonly #client: QuoteClient;
  readonly #closed = new AbortController();
  readonly #running = new Set<Promise<unknown>>();
  /** Symbols that a whole batch was refused for, until they are asked for again. */
  readonly #refusedSymbols = new Map<string, { readonly until: EpochMs; readonly error: ProviderError }>();
  /** Symbols that found no room under the call limits in the last slot. */
  #waiting = new Set<string>();

  constructor(options: QuoteClientOptions) {
    this.type = options.format.type;
    this.#options = options;
    this.#client = new QuoteClient(options);
  }

  fetch(request: FetchRequest): Promise<FetchResult> {
    const fetched = this.#fetch(request).finally(() => this.#running.delete(fetched));
    this.#running.add(fetched);
    return fetched;
  }

  /** Ends what is under way; a fetch that it ends, or that comes later, rejects. */
  async close(): Promise<void> {
    this.#closed.abort(new Error(`The provider ${this.type} is closed.`));
    await Promise.allSettled(this.#running);
  }

  async #fetch({ symbols, deadline, signal: stopped }: FetchRequest): Promise<FetchResult> {
    const stops = [stopped, this.#closed.signal];
    for (const stop of stops) stop.throwIfAborted();
    const { clock } = this.#options;
    const tally = new Tally(symbols);
    const late = `${this.type} had not answered when the slot's deadline came, ${formatTime(deadline)}.`;
    const expired = new ProviderError(this.type, "Timeout", { kind: "skip" }, late);
    if (clock.now() < deadline) {
      const { signal, end } = deadlineSignal(clock, deadline, expired, stops);
      const slot: Slot = { deadline, signal, tally, extraCallsLeft: MAX_EXTRA_CALLS };
      const batches = this.#batches(this.#askable(symbols, tally));
      this.#waiting = new Set();
      await inLanes(batches, CALLS_AT_ONCE, (batch) => this.#ask(batch, slot)).finally(end);
    }
    return tally.result(expired, this.#client.pausedUntil);
  }

  /** The symbols to ask for, those that missed out last time first; the others' failures go into the tally. */
  #askable(symbols: readonly string[], tally: Tally): string[] {
    const now = this.#options.clock.now();
    const askable = [...new Set(symbols)].filter((symbol) => {
      const refused = this.#refusedSymbols.get(symbol);
      if (!refused || now >= refused.until) return true;
      tally.fail([symbol], refused.error);
      return false;
    });
    return askable.toSorted((a, b) => Number(this.#waiting.has(b)) - Number(this.#waiting.has(a)));
  }

  #batches(symbols: readonly string[]): string[][] {
    const size = PROVIDER_LIMITS[this.type].symbolsPerCall;
    return Array.from({ length: Math.ceil(symbols.length / size) }, (_, i) => symbols.slice(i * size, (i + 1) * size));
  }

  /** Asks for a batch, or its halves when one of its symbols is at fault, and puts what comes into the tally. */
  async #ask(symbols: readonly string[], slot: Slot): Promise<void> {
    try {
      const read = await this.#client.ask(symbols, slot);
      for (const symbol of symbols) this.#take(symbol, read, slot.tally);
    } catch (error) {
      if (!(error instanceof ProviderError)) throw error;
      if (error.next.kind === "split" && symbols.length > 1 && slot.extraCallsLeft >= 2) {
        slot.extraCallsLeft -= 2;
        const half = Math.ceil(symbols.length / 2);
        await this.#ask(symbols.slice(0, half), slot);
        await this.#ask(symbols.slice(half), slot);
      } else {
        slot.tally.fail(symbols, error);
        this.#remember(symbols, error);
      }
    }
  }

  #take(symbol: string, read: AnswerReader, tally: Tally): void {
    const found = read(symbol);
    if (found === undefined) {
      tally.fail([symbol], { kind: "NotFound", message: `${this.type} has no price of ${symbol}. Check the symbol.` });
    } else if (typeof found === "string") {
      tally.fail([symbol], { kind: "InvalidResponse", message: `${this.type} answered, but ${symbol} ${found}.` });
    } else {
      tally.price(found);
    }
  }

  /** Keeps what a failure means for later slots. */
  #remember(symbols: readonly string[], error: ProviderError): void {
    if (error.kind === "RateLimited") for (const symbol of symbols) this.#waiting.add(symbol);
    const [symbol] = symbols;
    const alone = symbols.length === 1 && PROVIDER_LIMITS[this.type].symbolsPerCall > 1;
    if (error.next.kind === "split" && symbol !== undefined && alone) {
      this.#refusedSymbols.set(symbol, { until: this.#options.clock.now() + REFUSED_SYMBOL_MS, error });
    }
  }
}
