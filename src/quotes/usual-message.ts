import { PROVIDER_TYPES, type ProviderType } from "../api/provider-spec.ts";
import { MICROS, type PriceMicros } from "./price.ts";
import type { EpochMs, Quote } from "./quote.ts";
import { CHARACTER_CODES, LAST_LETTER_CODE, SymbolTable } from "./symbol-table.ts";

/** Longest message that is read, in bytes; the usual ones have near 170. */
const LONGEST = 512;
/** Symbols and days that are remembered. A feed has fewer, and what a stranger publishes must not fill the memory. */
const MOST_SYMBOLS = 100_000;
const MOST_DAYS = 1_000;
/** A number of so many digits is exact in a double. */
const VOLUME_DIGITS = 15;

const [SPACE, QUOTE, COMMA, DASH, POINT, ZERO, COLON] = [0x20, 0x22, 0x2c, 0x2d, 0x2e, 0x30, 0x3a] as const;
const [LETTER_T, LETTER_Z, BACKSLASH, TILDE] = [0x54, 0x5a, 0x5c, 0x7e] as const;

const encoder = new TextEncoder();
const BEFORE = {
  feed: encoder.encode('{"feed":"'),
  symbol: encoder.encode('","symbol":"'),
  price: encoder.encode('","price":"'),
  observedAt: encoder.encode('","observed_at":"'),
  providerTime: encoder.encode('","provider_time":"'),
  volume: encoder.encode('"volume":'),
  provider: encoder.encode('"provider":"'),
};
/** Each provider with all that stands from its name to the message's end. */
const ENDS = PROVIDER_TYPES.map((type) => ({ type, bytes: encoder.encode(`${type}"}`) }));

/**
 * Reads quotes in the one layout that pollers publish, `quoteJson`'s, straight from the bytes: without an object of their
 * JSON, and with no new text where there was the same before.
 *
 * It is strict so that it can be simple: whatever it takes, the schema of a message takes too, with the same values. What
 * it refuses may still be a quote (other spacing, another order of fields, a price of two places, letters beyond ASCII),
 * and the schema decides.
 */
export class UsualMessageReader {
  /** The message, and behind it what is left of longer ones: who has read into that is not at the message's end. */
  readonly #bytes = new Uint8Array(LONGEST);
  /** The next byte to read. */
  #at = 0;
  /** The last feed, as bytes with their end and as text: a topic has one. */
  #feedBytes = new Uint8Array(0);
  #feed = "";
  #symbols = new SymbolTable();
  /** When days begin, by year, month and day as one number. */
  readonly #days = new Map<number, EpochMs>();

  /** The quote that a message's data holds; undefined where it is in another layout. */
  read(data: string | Uint8Array): Quote | undefined {
    const length = this.#open(data);
    if (length < 0 || !this.#skip(BEFORE.feed)) return undefined;
    const feed = this.#readFeed();
    if (feed === "" || !this.#skip(BEFORE.symbol)) return undefined;
    const symbol = this.#readSymbol();
    if (symbol === "" || !this.#skip(BEFORE.price)) return undefined;
    const price = this.#readPrice();
    if (price === 0 || !this.#skip(BEFORE.observedAt)) return undefined;
    const observedAt = this.#readTime();
    if (Number.isNaN(observedAt) || !this.#skip(BEFORE.providerTime)) return undefined;
    const providerTime = this.#readTime();
    if (Number.isNaN(providerTime) || !this.#skipByte(QUOTE) || !this.#skipByte(COMMA)) return undefined;
    const volume = this.#skip(BEFORE.volume) ? this.#readVolume() : undefined;
    if (volume === -1 || !this.#skip(BEFORE.provider)) return undefined;
    const provider = this.#readProvider();
    if (provider === undefined || this.#at !== length) return undefined;
    return volume === undefined
      ? { feed, symbol, price, observedAt, providerTime, provider }
      : { feed, symbol, price, observedAt, providerTime, provider, volume };
  }

  /** Sets the message to read. @returns its length in bytes; -1 where it is too long */
  #open(data: string | Uint8Array): number {
    this.#at = 0;
    if (data.length > LONGEST) return -1;
    if (typeof data !== "string") {
      this.#bytes.set(data);
      return data.length;
    }
    const { read, written } = encoder.encodeInto(data, this.#bytes);
    return read === data.length ? written : -1;
  }

  #skip(literal: Uint8Array): boolean {
    const bytes = this.#bytes;
    const at = this.#at;
    for (let i = 0; i < literal.length; i++) if (bytes[at + i] !== literal[i]) return false;
    this.#at = at + literal.length;
    return true;
  }

  #skipByte(byte: number): boolean {
    return this.#bytes[this.#at++] === byte;
  }

  /** ASCII without escapes, up to its quotation mark; empty where there is none. */
  #readFeed(): string {
    if (this.#feed !== "" && this.#skip(this.#feedBytes)) {
      this.#at -= 1;
      return this.#feed;
    }
    const bytes = this.#bytes;
    let end = this.#at;
    let text = "";
    for (let byte = bytes[end]; byte !== QUOTE; byte = bytes[++end]) {
      if (byte === undefined || byte < SPACE || byte > TILDE || byte === BACKSLASH) return "";
      text += String.fromCharCode(byte);
    }
    this.#feed = text;
    this.#feedBytes = bytes.slice(this.#at, end + 1);
    this.#at = end;
    return text;
  }

  /** At most ten characters of a symbol; that a quotation mark follows is for the next skip to check. */
  #readSymbol(): string {
    const bytes = this.#bytes;
    const start = this.#at;
    let at = start;
    let [head, tail] = [0, 0];
    let code = CHARACTER_CODES[bytes[at] ?? 0] ?? 0;
    if (code === 0 || code > LAST_LETTER_CODE) return "";
    for (; code !== 0 && at < start + 10; code = CHARACTER_CODES[bytes[++at] ?? 0] ?? 0) {
      if (at < start + 5) head = (head << 6) | code;
      else tail = (tail << 6) | code;
    }
    this.#at = at;
    if (this.#symbols.names.length >= MOST_SYMBOLS) this.#symbols = new SymbolTable();
    return this.#symbols.names[this.#symbols.internKey(head, tail)] ?? "";
  }

  /** One to seven digits, a point and six; 0 where there is something else, or no price. */
  #readPrice(): PriceMicros {
    const start = this.#at;
    let whole = 0;
    let digit = this.#digit();
    for (; digit >= 0; digit = this.#digit()) whole = whole * 10 + digit;
    const digits = this.#at - 1 - start;
    if (digits < 1 || digits > 7 || this.#bytes[this.#at - 1] !== POINT) return 0;
    const fraction = this.#digits(6);
    return fraction < 0 ? 0 : whole * MICROS + fraction;
  }

  /** `2013-10-07T13:30:00.000Z`, in the years from 1000 on; NaN where it is none. */
  #readTime(): EpochMs {
    const day = this.#readDay();
    if (!this.#skipByte(LETTER_T)) return NaN;
    const hour = this.#digits(2);
    if (!this.#skipByte(COLON)) return NaN;
    const minute = this.#digits(2);
    if (!this.#skipByte(COLON)) return NaN;
    const second = this.#digits(2);
    if (!this.#skipByte(POINT)) return NaN;
    const ms = this.#digits(3);
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59 || ms < 0) return NaN;
    return this.#skipByte(LETTER_Z) ? day + hour * 3_600_000 + minute * 60_000 + second * 1_000 + ms : NaN;
  }

  #readDay(): EpochMs {
    const year = this.#digits(4);
    if (!this.#skipByte(DASH)) return NaN;
    const month = this.#digits(2);
    if (!this.#skipByte(DASH)) return NaN;
    const date = this.#digits(2);
    if (year < 1000 || month < 1 || month > 12 || date < 1) return NaN;
    const key = year * 10_000 + month * 100 + date;
    const known = this.#days.get(key);
    if (known !== undefined) return known;
    if (date > new Date(Date.UTC(year, month, 0)).getUTCDate()) return NaN;
    if (this.#days.size >= MOST_DAYS) this.#days.clear();
    const day = Date.UTC(year, month - 1, date);
    this.#days.set(key, day);
    return day;
  }

  /** A JSON whole number of at most 15 digits and the comma behind it; -1 where there is something else. */
  #readVolume(): number {
    const start = this.#at;
    let value = 0;
    for (let digit = this.#digit(); digit >= 0; digit = this.#digit()) value = value * 10 + digit;
    const digits = this.#at - 1 - start;
    const leadingZero = digits > 1 && this.#bytes[start] === ZERO;
    if (digits < 1 || digits > VOLUME_DIGITS || leadingZero || this.#bytes[this.#at - 1] !== COMMA) return -1;
    return value;
  }

  #readProvider(): ProviderType | undefined {
    return ENDS.find(({ bytes }) => this.#skip(bytes))?.type;
  }

  /** So many digits as a number; below 0 where one of them is none. */
  #digits(count: number): number {
    let value = 0;
    for (let i = 0; i < count; i++) {
      const digit = this.#digit();
      if (digit < 0) return -1;
      value = value * 10 + digit;
    }
    return value;
  }

  /** The next byte as a digit, read in any case; -1 where it is none. */
  #digit(): number {
    const digit = (this.#bytes[this.#at++] ?? 0) - ZERO;
    return digit >= 0 && digit <= 9 ? digit : -1;
  }
}
