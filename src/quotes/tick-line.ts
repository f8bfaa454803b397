import { MICROS, type PriceMicros } from "./price.ts";
import type { EpochMs } from "./quote.ts";
import { CHARACTER_CODES, LAST_LETTER_CODE } from "./symbol-table.ts";

/**
 * Longest line of the usual layout, with its end: 11 bytes to the symbol, 10 of it, 16 to the price, 14 of it, 16 to
 * the time, 13 of it, 10 to the volume, 9 of it, and `}\r\n`.
 */
export const USUAL_LINE_BYTES = 102;

const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const POINT = 0x2e;
const ZERO = 0x30;
const BRACE = 0x7d;
/** What a fraction of 0 to 6 digits is multiplied by to be millionths. */
const FRACTION_SCALES = Float64Array.of(1_000_000, 100_000, 10_000, 1_000, 100, 10, 1);

/**
 * Reads tick lines in the one layout that recorders write, straight from the bytes:
 * `{"symbol":"AIG","latestPrice":49.18,"latestUpdate":1381132800000,"volume":300}`.
 *
 * It is strict so that it can be simple: whatever it takes, parseTickLine takes too, with the same values. What it
 * refuses may still be a tick (other spacing, an exponent, a price with seven places, a volume of 10 digits), and
 * parseTickLine decides. Keys are compared four bytes at a time.
 */
export class TickLineReader {
  #bytes: Uint8Array = new Uint8Array(0);
  /** The same bytes, four at a time. */
  #words: DataView = new DataView(this.#bytes.buffer);
  /** The next byte to read; after a line was read, the one behind it. */
  at = 0;
  /** Key of the symbol, as SymbolTable.internKey takes it. */
  head = 0;
  tail = 0;
  price: PriceMicros = 0;
  time: EpochMs = 0;
  volume = 0;

  /** Sets the bytes that lines are read from. */
  open(bytes: Uint8Array): void {
    this.#bytes = bytes;
    this.#words = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = 0;
  }

  /**
   * Reads the line at `at` and moves behind it, or says false and stays.
   * At least USUAL_LINE_BYTES from `at` on must be there.
   */
  read(): boolean {
    const start = this.at;
    if (
      this.#skipSymbolKey() &&
      this.#readSymbol() &&
      this.#skip(0x222c226c, 0x61746573, 0x74507269, 0x6365223a) && // ","latestPrice":
      this.#readPrice() &&
      this.#skip(0x2c226c61, 0x74657374, 0x55706461, 0x7465223a) && // ,"latestUpdate":
      this.#readTime() &&
      this.#skipVolumeKey() &&
      this.#readVolume() &&
      this.#skipLineEnd()
    ) {
      return true;
    }
    this.at = start;
    return false;
  }

  /** Skips `{"symbol":"`. */
  #skipSymbolKey(): boolean {
    const at = this.at;
    const words = this.#words;
    this.at = at + 11;
    return (
      words.getInt32(at) === 0x7b227379 &&
      words.getInt32(at + 4) === 0x6d626f6c &&
      words.getInt32(at + 7) === 0x6c223a22
    );
  }

  /** Skips `,"volume":`. */
  #skipVolumeKey(): boolean {
    const at = this.at;
    const words = this.#words;
    this.at = at + 10;
    return (
      words.getInt32(at) === 0x2c22766f &&
      words.getInt32(at + 4) === 0x6c756d65 &&
      words.getInt32(at + 6) === 0x6d65223a
    );
  }

  /** Skips 16 bytes that are these four words, big-endian. */
  #skip(first: number, second: number, third: number, fourth: number): boolean {
    const at = this.at;
    const words = this.#words;
    this.at = at + 16;
    return (
      words.getInt32(at) === first &&
      words.getInt32(at + 4) === second &&
      words.getInt32(at + 8) === third &&
      words.getInt32(at + 12) === fourth
    );
  }

  #skipLineEnd(): boolean {
    const bytes = this.#bytes;
    let at = this.at;
    if (bytes[at++] !== BRACE) return false;
    if (bytes[at] === CARRIAGE_RETURN) at += 1;
    this.at = at + 1;
    return bytes[at] === NEWLINE;
  }

  /** Reads at most ten characters; that a quote follows them is for the next skip to check. */
  #readSymbol(): boolean {
    const bytes = this.#bytes;
    let at = this.at;
    let code = CHARACTER_CODES[bytes[at]!]!;
    if (code === 0 || code > LAST_LETTER_CODE) return false;
    let key = 0;
    for (const end = at + 5; code !== 0 && at < end; code = CHARACTER_CODES[bytes[++at]!]!) key = (key << 6) | code;
    this.head = key;
    key = 0;
    for (const end = at + 5; code !== 0 && at < end; code = CHARACTER_CODES[bytes[++at]!]!) key = (key << 6) | code;
    this.tail = key;
    this.at = at;
    return true;
  }

  /** A JSON number above 0 and below 10,000,000 with at most six places. */
  #readPrice(): boolean {
    const whole = this.#readInteger(10_000_000);
    if (whole < 0 || whole >= 10_000_000) return false;
    this.price = whole * MICROS;
    const bytes = this.#bytes;
    if (bytes[this.at] !== POINT) return whole > 0;
    const start = this.at + 1;
    let at = start;
    let fraction = 0;
    let digit: number;
    while (at < start + 6 && (digit = bytes[at]! - ZERO) >= 0 && digit <= 9) {
      fraction = fraction * 10 + digit;
      at += 1;
    }
    this.at = at;
    this.price += fraction * FRACTION_SCALES[at - start]!;
    return at > start && this.price > 0;
  }

  /** Thirteen digits, the first not 0: the years 2001 to 2286. */
  #readTime(): boolean {
    if (this.#bytes[this.at] === ZERO) return false;
    const high = this.#readDigits(6);
    const low = this.#readDigits(7);
    this.time = high * 10_000_000 + low;
    return high >= 0 && low >= 0;
  }

  /** So many digits as a number; -1 where one of them is none. */
  #readDigits(count: number): number {
    const bytes = this.#bytes;
    const end = this.at + count;
    let value = 0;
    for (let at = this.at; at < end; at++) {
      const digit = bytes[at]! - ZERO;
      if (digit < 0 || digit > 9) return -1;
      value = value * 10 + digit;
    }
    this.at = end;
    return value;
  }

  /** A whole number below a thousand million. */
  #readVolume(): boolean {
    this.volume = this.#readInteger(100_000_000);
    return this.volume >= 0;
  }

  /** A JSON whole number, read up to the first digit that takes it to `enough`; -1 where there is none. */
  #readInteger(enough: number): number {
    const bytes = this.#bytes;
    let at = this.at;
    let digit = bytes[at]! - ZERO;
    if (digit < 0 || digit > 9) return -1;
    let value = digit;
    at += 1;
    // JSON has no leading zeros: what follows one is not read here, and refused later if it is a digit.
    while (value > 0 && value < enough && (digit = bytes[at]! - ZERO) >= 0 && digit <= 9) {
      value = value * 10 + digit;
      at += 1;
    }
    this.at = at;
    return value;
  }
}
