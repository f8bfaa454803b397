import { BadLines, type BadLineCount } from "./bad-lines.ts";
import type { PriceMicros } from "./price.ts";
import type { EpochMs } from "./quote.ts";
import type { SymbolTable } from "./symbol-table.ts";
import { TickLineReader, USUAL_LINE_BYTES } from "./tick-line.ts";
import { parseTickLine } from "./ticks.ts";

/** Longest line that is read, in bytes without its end; a longer one is counted as LineTooLong. */
export const MAX_LINE_BYTES = 65_536;
/** Ticks handed over at once: few enough to be still in the processor's cache. */
const BLOCK_TICKS = 4096;

const NEWLINE = 0x0a;
const BYTE_ORDER_MARK = "\uFEFF";

/** Ticks as columns. The arrays are reused: they are valid only while the callback runs, entries 0 to length - 1. */
export interface TickBlock {
  length: number;
  /** Number in the scanner's SymbolTable. */
  readonly symbol: Int32Array;
  /** PriceMicros. */
  readonly price: Float64Array;
  /** EpochMs. */
  readonly time: Float64Array;
  /** NaN where the line has none. */
  readonly volume: Float64Array;
}

/**
 * Reads the lines of one tick file from its bytes, however they are cut into chunks.
 *
 * A line in the usual layout is read in place by TickLineReader, without making a string or an object of it. Any
 * other, whether unusual or wrong, goes through parseTickLine; both ways give the same tick. Blank lines and a byte
 * order mark are skipped, CRLF ends a line as LF does. Lines that are no ticks are counted, never thrown. Memory is
 * one block of ticks and at most one line.
 */
export class TickScanner {
  readonly #symbols: SymbolTable;
  readonly #onTicks: (block: TickBlock) => void;
  readonly #block: TickBlock = {
    length: 0,
    symbol: new Int32Array(BLOCK_TICKS),
    price: new Float64Array(BLOCK_TICKS),
    time: new Float64Array(BLOCK_TICKS),
    volume: new Float64Array(BLOCK_TICKS),
  };
  readonly #usual = new TickLineReader();
  readonly #decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  readonly #badLines = new BadLines();
  #lines = 0;
  #ticks = 0;
  /** Start of a line that the chunks so far have not ended. */
  readonly #carry = new Uint8Array(MAX_LINE_BYTES);
  /** Length of that line so far; what is beyond MAX_LINE_BYTES is counted but not kept. */
  #carried = 0;

  /** @param onTicks called with every full block, and with the rest at the end */
  constructor(symbols: SymbolTable, onTicks: (block: TickBlock) => void) {
    this.#symbols = symbols;
    this.#onTicks = onTicks;
  }

  /** Lines read so far, blank ones included. */
  get lines(): number {
    return this.#lines;
  }

  /** Lines so far that are ticks. */
  get ticks(): number {
    return this.#ticks;
  }

  /** What was left out so far, and why. */
  badLines(): BadLineCount[] {
    return this.#badLines.counts();
  }

  /** Reads the next bytes of the file. */
  write(chunk: Uint8Array): void {
    const usual = this.#usual;
    usual.open(chunk);
    usual.at = this.#carried > 0 ? this.#endCarriedLine(chunk) : 0;
    const lastUsualStart = chunk.length - USUAL_LINE_BYTES;
    while (usual.at < chunk.length) {
      if (usual.at <= lastUsualStart && usual.read()) {
        this.#lines += 1;
        this.#append(this.#symbols.internKey(usual.head, usual.tail), usual.price, usual.time, usual.volume);
        continue;
      }
      const start = usual.at;
      const end = chunk.indexOf(NEWLINE, start);
      if (end < 0) {
        this.#keep(chunk.subarray(start));
        return;
      }
      this.#readLine(chunk.subarray(start, end), end - start);
      usual.at = end + 1;
    }
  }

  /** Reads a last line that no line feed ends, and hands over the last block. */
  end(): void {
    if (this.#carried > 0) this.#readCarriedLine(true);
    this.#handOver();
  }

  /** Reads a line, given without its line feed, with every check. */
  #readLine(line: Uint8Array, length: number, unterminated = false): void {
    this.#lines += 1;
    if (length > MAX_LINE_BYTES) {
      const detail = `the line has ${length} bytes; it may have ${MAX_LINE_BYTES}`;
      this.#badLines.add(this.#lines, { reason: "LineTooLong", detail });
      return;
    }
    let text = this.#decoder.decode(line);
    if (this.#lines === 1 && text.startsWith(BYTE_ORDER_MARK)) text = text.slice(1);
    if (/^[ \t\r]*$/.test(text)) return;
    const tick = parseTickLine(text);
    if ("symbol" in tick) {
      this.#append(this.#symbols.intern(tick.symbol), tick.price, tick.time, tick.volume ?? NaN);
    } else if (unterminated && tick.reason === "Malformed") {
      this.#badLines.add(this.#lines, { reason: "Truncated", detail: `the file ends in this line: ${tick.detail}` });
    } else {
      this.#badLines.add(this.#lines, tick);
    }
  }

  /** Keeps the end of a chunk, which the next one continues. */
  #keep(bytes: Uint8Array): void {
    const room = MAX_LINE_BYTES - this.#carried;
    if (room > 0) this.#carry.set(bytes.subarray(0, room), this.#carried);
    this.#carried += bytes.length;
  }

  /** Reads the line that the chunk before has begun; returns where the next one starts in this chunk. */
  #endCarriedLine(chunk: Uint8Array): number {
    const end = chunk.indexOf(NEWLINE);
    if (end < 0) {
      this.#keep(chunk);
      return chunk.length;
    }
    this.#keep(chunk.subarray(0, end));
    this.#readCarriedLine(false);
    return end + 1;
  }

  #readCarriedLine(unterminated: boolean): void {
    const length = this.#carried;
    this.#carried = 0;
    this.#readLine(this.#carry.subarray(0, length), length, unterminated);
  }

  #append(symbol: number, price: PriceMicros, time: EpochMs, volume: number): void {
    const block = this.#block;
    const index = block.length;
    block.symbol[index] = symbol;
    block.price[index] = price;
    block.time[index] = time;
    block.volume[index] = volume;
    block.length = index + 1;
    this.#ticks += 1;
    if (block.length === BLOCK_TICKS) this.#handOver();
  }

  #handOver(): void {
    if (this.#block.length > 0) this.#onTicks(this.#block);
    this.#block.length = 0;
  }
}
