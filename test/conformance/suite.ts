/** What engines are held to one answer on: quotes as they arrive, and how time goes on meanwhile. */
import { readRecording } from "../../src/adapters/ticks/recording.ts";
import type { Quote } from "../../src/quotes/quote.ts";
import { slotsIn } from "../../src/quotes/slots.ts";
import { quoteJson } from "../../src/quotes/wire.ts";
import type { WindowSpec } from "../../src/windows/window-spec.ts";
import { quoteScript, type ScriptMessage } from "./quote-script.ts";

/** A message arrives, or the watermark comes to a time. */
export type Event = { readonly message: ScriptMessage } | { readonly watermark: number };

export interface Suite {
  readonly name: string;
  readonly feed: string;
  readonly symbols: readonly string[];
  readonly windows: readonly WindowSpec[];
  readonly events: readonly Event[];
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const INTERVAL = 10 * SECOND;
const FEED = "markets/tech";

function windowsOf(minutes: readonly number[], allowedLatenessMs: number): WindowSpec[] {
  const shape = { periodMs: INTERVAL, offsetMs: 5 * SECOND, allowedLatenessMs };
  return minutes.map((size) => ({ sizeMs: size * MINUTE, ...shape }));
}

/** The messages of a suite in the order that they arrive in. */
export function messagesOf({ events }: Suite): ScriptMessage[] {
  return events.flatMap((event) => ("message" in event ? [event.message] : []));
}

/** Quotes of a careless network, none of which is late: the watermark waits for them all. */
export function generatedSuite(seed: number): Suite {
  const symbols = ["AAPL", "BRK.B", "GOOG", "MSFT"];
  const disorder = 6;
  const start = Date.UTC(2024, 0, 2, 14, 30);
  const { messages } = quoteScript({ seed, symbols, intervalMs: INTERVAL, start, slots: 150, disorder });
  const windows = windowsOf([1, 5, 15], disorder * INTERVAL);
  return { name: "generated quotes", feed: FEED, symbols, windows, events: inTime(messages, disorder) };
}

/** Quotes that come up to 150 s late, so that most windows are written several times. The lateness takes them all. */
export function lateSuite(seed: number): Suite {
  return { ...withLateness(seed, 180 * SECOND), name: "late quotes" };
}

/** The same quotes, of which many are too late for some of their windows, and some for all. */
export function tooLateSuite(seed: number): Suite {
  return { ...withLateness(seed, 45 * SECOND), name: "quotes too late" };
}

function withLateness(seed: number, allowedLatenessMs: number): Omit<Suite, "name"> {
  const symbols = ["AAPL", "MSFT"];
  const start = Date.UTC(2024, 0, 2, 14, 30);
  const { messages } = quoteScript({ seed, symbols, intervalMs: INTERVAL, start, slots: 60, disorder: 15 });
  return { feed: FEED, symbols, windows: windowsOf([1, 5], allowedLatenessMs), events: inTime(messages, 1) };
}

/** An hour of recorded ticks, polled every ten seconds. */
export async function recordedSuite(path: string): Promise<Suite> {
  const [from, to] = [Date.UTC(2013, 9, 7, 14, 30), Date.UTC(2013, 9, 7, 15, 30)];
  const { history, symbols } = await readRecording([path], { intervalMs: INTERVAL, from, to });
  const playback = history.playback(symbols);
  const messages = [...slotsIn(from, to, INTERVAL)].flatMap((observedAt) => {
    playback.seek(observedAt);
    return playback.symbols.flatMap((symbol, i): ScriptMessage[] => {
      const [price = 0, providerTime = 0] = [playback.prices[i], playback.times[i]];
      const quote: Quote = { feed: FEED, symbol, price, observedAt, providerTime, provider: "Replay" };
      return price === 0 ? [] : [{ data: quoteJson(quote), is: quote }];
    });
  });
  const windows = windowsOf([1, 5, 15], 0);
  return { name: "recorded ticks", feed: FEED, symbols: playback.symbols, windows, events: inTime(messages, 1) };
}

/** Messages with a watermark that stays some slots behind the newest quote. */
function inTime(messages: readonly ScriptMessage[], slotsBehind: number): Event[] {
  const events: Event[] = [];
  let newest = -Infinity;
  for (const message of messages) {
    if (typeof message.is !== "string" && message.is.observedAt > newest) {
      newest = message.is.observedAt;
      events.push({ watermark: newest - (slotsBehind - 1) * INTERVAL });
    }
    events.push({ message });
  }
  return events;
}
