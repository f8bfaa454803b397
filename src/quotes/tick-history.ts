import type { EpochMs } from "./quote.ts";
import { firstSlotFrom } from "./slots.ts";
import { TickPlayback } from "./tick-playback.ts";
import type { TickBlock } from "./tick-scanner.ts";
import { orderByTime } from "./time-order.ts";

/** Which slots a history is for. */
export interface HistoryRange {
  /** Time between slots. */
  readonly intervalMs: number;
  /** The first slot that will be asked for; earlier ones by default. */
  readonly from?: EpochMs | undefined;
  /** No slot at or after this will be asked for; by default any may be. */
  readonly to?: EpochMs | undefined;
}

/** Ticks that were kept, as columns in order of their arrival. */
interface KeptTicks {
  readonly symbol: Int32Array;
  readonly price: Float64Array;
  readonly time: Float64Array;
  readonly volume: Float64Array;
}

/**
 * What recorded ticks say about every slot, in the memory that slots take instead of ticks.
 *
 * A poll sees the newest tick at or before its slot, so of the ticks between two slots only one a symbol can ever be
 * seen: the winner by (time, price), as of quotes in a slot. The others are dropped while they are read. Ticks may
 * come in any order and from several files; what is kept costs 28 bytes, and there is one a symbol and slot with a
 * tick, more only where a symbol's ticks jump back in time.
 */
export class TickHistory {
  readonly #intervalMs: number;
  readonly #firstSlot: EpochMs;
  readonly #lastSlot: EpochMs;
  #kept = allocate(4096);
  #length = 0;
  /** By symbol: the index of its latest kept tick, and the range (start, end] of times that this tick stands for. */
  #latest = new Int32Array(256);
  #start = new Float64Array(256);
  #end = new Float64Array(256).fill(-Infinity);
  #isOrdered = true;
  #newestEnd = -Infinity;
  #firstTime = Infinity;
  #lastTime = -Infinity;

  constructor({ intervalMs, from = -Infinity, to = Infinity }: HistoryRange) {
    this.#intervalMs = intervalMs;
    this.#firstSlot = from === -Infinity ? from : firstSlotFrom(from, intervalMs);
    this.#lastSlot = to === Infinity ? to : firstSlotFrom(to, intervalMs) - intervalMs;
  }

  /** Times of the oldest and the newest tick taken in, outside the range too; undefined without any. */
  get span(): { readonly first: EpochMs; readonly last: EpochMs } | undefined {
    return this.#firstTime === Infinity ? undefined : { first: this.#firstTime, last: this.#lastTime };
  }

  /** How many ticks are kept. */
  get length(): number {
    return this.#length;
  }

  /** Takes in ticks whose symbols are numbered by one SymbolTable. */
  add(block: TickBlock): void {
    const { length, symbol, time, price, volume } = block;
    for (let i = 0; i < length; i++) {
      const at = time[i]!;
      if (at < this.#firstTime) this.#firstTime = at;
      if (at > this.#lastTime) this.#lastTime = at;
      if (at > this.#lastSlot) continue;
      const number = symbol[i]!;
      // Of a symbol not seen before the end is -Infinity, or undefined where it has no room yet: neither holds.
      if (at <= this.#end[number]! && at > this.#start[number]!) {
        const { time: times, price: prices, volume: volumes } = this.#kept;
        const latest = this.#latest[number]!;
        const newest = times[latest]!;
        if (at < newest || (at === newest && price[i]! <= prices[latest]!)) continue;
        times[latest] = at;
        prices[latest] = price[i]!;
        volumes[latest] = volume[i]!;
      } else {
        this.#keep(number, at, price[i]!, volume[i]!);
      }
    }
  }

  #keep(symbol: number, time: EpochMs, price: number, volume: number): void {
    if (symbol >= this.#latest.length) this.#growSymbols(symbol + 1);
    const index = this.#length++;
    if (index === this.#kept.symbol.length) this.#kept = copyInto(allocate(index * 2), this.#kept);
    this.#kept.symbol[index] = symbol;
    this.#kept.time[index] = time;
    this.#kept.price[index] = price;
    this.#kept.volume[index] = volume;
    const end = this.#slotOf(time);
    this.#latest[symbol] = index;
    this.#end[symbol] = end;
    this.#start[symbol] = end === this.#firstSlot ? -Infinity : end - this.#intervalMs;
    if (end < this.#newestEnd) this.#isOrdered = false;
    else this.#newestEnd = end;
  }

  /** The first slot that sees a tick of this time. */
  #slotOf(time: EpochMs): EpochMs {
    return Math.max(this.#firstSlot, firstSlotFrom(time, this.#intervalMs));
  }

  #growSymbols(count: number): void {
    const size = Math.max(count, this.#latest.length * 2);
    const [latest, start, end] = [new Int32Array(size), new Float64Array(size), new Float64Array(size)];
    latest.set(this.#latest);
    start.set(this.#start);
    end.fill(-Infinity).set(this.#end);
    [this.#latest, this.#start, this.#end] = [latest, start, end];
  }

  /**
   * Plays the ticks taken in so far, slot by slot.
   * @param names the symbols by number
   */
  playback(names: readonly string[]): TickPlayback {
    const length = this.#length;
    const slot = new Float64Array(length);
    for (let i = 0; i < length; i++) slot[i] = this.#slotOf(this.#kept.time[i]!);
    return new TickPlayback({ ...this.#kept, length, slot }, this.#isOrdered ? undefined : orderByTime(slot), names);
  }
}

function allocate(size: number): KeptTicks {
  return {
    symbol: new Int32Array(size),
    price: new Float64Array(size),
    time: new Float64Array(size),
    volume: new Float64Array(size),
  };
}

function copyInto(larger: KeptTicks, kept: KeptTicks): KeptTicks {
  larger.symbol.set(kept.symbol);
  larger.price.set(kept.price);
  larger.time.set(kept.time);
  larger.volume.set(kept.volume);
  return larger;
}
