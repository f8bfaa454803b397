import { MICROS } from "../../quotes/price.ts";
import type { ObservedPrice } from "../../ports.ts";
import type { EpochMs } from "../../quotes/quote.ts";

/** One simulated trade falls into each second of each symbol. */
const TRADE_EVERY_MS = 1_000;
const DAY_MS = 86_400_000;
/** Longest wave of the price, 2^36 ms or some 26 months; each next one is a quarter as long and half as high. */
const LONGEST_WAVE_MS = 2 ** 36;
const WAVES = 13;
/** Height of the longest wave as a share of the price. All waves together stay below twice this, so below one. */
const HIGHEST_WAVE = 0.45;

/**
 * The newest simulated trade of a symbol at a time. A pure function of (seed, symbol, time) that needs no walk from a
 * start: the price is a base drawn from the symbol times one plus a sum of value noise, whose waves are half as high
 * where they are a quarter as long, as in a random walk. Only +, −, ×, ÷ and whole-number hashes are used, which every
 * engine rounds alike (sine and exponential it may not), so prices are the same everywhere.
 * @param seed a whole number in 0 … 2^32 − 1
 * @returns price in whole cents, the trade's time, and the shares traded since midnight UTC
 */
export function simulatedPrice(seed: number, symbol: string, time: EpochMs): ObservedPrice {
  const key = hash(seed, hashText(symbol));
  const providerTime = newestTrade(key, time);
  let wave = 0;
  let height = HIGHEST_WAVE;
  let length = LONGEST_WAVE_MS;
  for (let i = 0; i < WAVES; i++) {
    wave += height * noise(hash(key, i), providerTime / length);
    height /= 2;
    length /= 4;
  }
  const cents = Math.round(baseCents(key) * (1 + wave));
  return { symbol, price: cents * (MICROS / 100), providerTime, volume: sharesToday(key, providerTime) };
}

/** The last trade at or before a time; trades come somewhere inside each second, never on its first millisecond. */
function newestTrade(key: number, time: EpochMs): EpochMs {
  const second = Math.floor(time / TRADE_EVERY_MS);
  const tradeIn = (n: number) => n * TRADE_EVERY_MS + 1 + (hash(key, n) % (TRADE_EVERY_MS - 1));
  const trade = tradeIn(second);
  return trade <= time ? trade : tradeIn(second - 1);
}

/** A symbol's base price: 16 to 1024 dollars, each doubling as likely as the next, as share prices are spread. */
function baseCents(key: number): number {
  const drawn = hash(key, 0x0ba5e);
  const octave = 2 ** (drawn % 6);
  return 1_600 * octave * (1 + (drawn >>> 8) / 2 ** 24);
}

/** Rises by some shares with each second of the day. */
function sharesToday(key: number, time: EpochMs): number {
  const seconds = Math.floor((time % DAY_MS) / TRADE_EVERY_MS);
  return seconds * (50 + (hash(key, 0x5ba7e) % 500)) + 100;
}

/** Smooth noise in [-1, 1): a random value at each whole x, and between them a curve that is level at both. */
function noise(key: number, x: number): number {
  const cell = Math.floor(x);
  const from = valueAt(key, cell);
  const t = x - cell;
  return from + (valueAt(key, cell + 1) - from) * (t * t * (3 - 2 * t));
}

/** Uniform in [-1, 1), from a whole number. */
function valueAt(key: number, n: number): number {
  return hash(key, n) / 2 ** 31 - 1;
}

/** A well-mixed 32-bit number from two; of `n` every bit below 2^53 counts. The steps are those of MurmurHash3. */
function hash(key: number, n: number): number {
  let h = key >>> 0;
  for (const word of [n, Math.floor(n / 2 ** 32)]) {
    let k = Math.imul(word, 0xcc9e2d51);
    k = (k << 15) | (k >>> 17);
    h ^= Math.imul(k, 0x1b873593);
    h = (h << 13) | (h >>> 19);
    h = (Math.imul(h, 5) + 0xe6546b64) | 0;
  }
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

function hashText(text: string): number {
  let h = 0;
  for (let i = 0; i < text.length; i++) h = hash(h, text.charCodeAt(i));
  return h;
}
