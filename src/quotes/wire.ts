import { z } from "zod";
import { PROVIDER_TYPES } from "../api/provider-spec.ts";
import { formatPlace, parsePlace, type Place } from "./place.ts";
import { formatPrice, isPrice, parsePrice } from "./price.ts";
import type { DeadLetter, DeadLetterReason, Quote } from "./quote.ts";
import { isTime, type Rejection } from "./quote-check.ts";
import { UsualMessageReader } from "./usual-message.ts";

/** A quote as a bus carries it: JSON in the snake_case of the table `quotes`, and attributes to route by. */
export interface QuoteMessage {
  readonly data: string;
  readonly attributes: {
    readonly symbol: string;
    readonly observed_at: string;
    readonly feed: string;
    /** A place among a poller's messages. */
    readonly place?: string;
  };
}

/**
 * A quote as the JSON of its message. What is no price or no time, as of a quote in the dead letter, stands there as the
 * number that it is.
 */
export function quoteJson(quote: Quote): string {
  const { feed, symbol, price, volume, provider } = quote;
  const rfc3339 = (time: number) => (isTime(time) ? new Date(time).toISOString() : String(time));
  return JSON.stringify({
    feed,
    symbol,
    price: isPrice(price) ? formatPrice(price) : String(price),
    observed_at: rfc3339(quote.observedAt),
    provider_time: rfc3339(quote.providerTime),
    volume,
    provider,
  });
}

/**
 * The message of a quote: the price as decimal text, times as RFC 3339 in UTC with milliseconds.
 * @param place where it stands among its poller's messages; a quote that is sent by itself has none
 * @throws RangeError when a time is none; `checkQuote` tells beforehand
 */
export function encodeQuote(quote: Quote, place?: Place): QuoteMessage {
  const { feed, symbol } = quote;
  for (const time of [quote.observedAt, quote.providerTime]) {
    if (!isTime(time)) throw new RangeError(`${symbol}: ${time} is no time in milliseconds.`);
  }
  const observed_at = new Date(quote.observedAt).toISOString();
  return {
    data: quoteJson(quote),
    attributes: { symbol, observed_at, feed, ...(place && { place: formatPlace(place) }) },
  };
}

/** A message's place; undefined where it has none. */
export function decodePlace({ observed_at, place }: Partial<Record<string, string>>): Place | undefined {
  return place === undefined ? undefined : parsePlace(place, Date.parse(observed_at ?? ""));
}

/** A dead letter as a bus carries it: what came, as it came, and why it was of no use as attributes. */
export interface DeadLetterMessage {
  readonly data: string;
  readonly attributes: {
    readonly feed: string;
    readonly reason: DeadLetterReason;
    readonly detail: string;
    readonly received_at: string;
    /** Of the message that it came in, where there was one. */
    readonly message_id?: string;
  };
}

/** Characters of a detail that are kept: an attribute of Pub/Sub holds 1,024 bytes, and a character has four at most. */
export const LONGEST_DETAIL = 250;

/** The message of a dead letter. */
export function encodeDeadLetter(letter: DeadLetter): DeadLetterMessage {
  const { feed, reason, detail, payload, receivedAt, messageId: message_id } = letter;
  const short = detail.length > LONGEST_DETAIL ? `${detail.slice(0, LONGEST_DETAIL - 1)}…` : detail;
  const received_at = new Date(receivedAt).toISOString();
  return {
    data: payload,
    attributes: { feed, reason, detail: short.toWellFormed(), received_at, ...(message_id && { message_id }) },
  };
}

/** What a message held: a quote, or why it is none. */
export type Decoded = { readonly quote: Quote } | Rejection;

const time = z.iso.datetime().transform((text) => Date.parse(text));

const messageSchema = z.object({
  feed: z.string().min(1),
  symbol: z.string().min(1),
  price: z.string().transform((text, context) => {
    const micros = parsePrice(text);
    if (micros !== undefined) return micros;
    context.issues.push({ code: "custom", input: text, message: "write a decimal above 0 and below 10,000,000" });
    return z.NEVER;
  }),
  observed_at: time,
  provider_time: time,
  volume: z.int().min(0).optional(),
  provider: z.enum(PROVIDER_TYPES),
});

/** Reasons of the fields that have one of their own; anything else wrong makes a message Malformed. */
const REASONS: Readonly<Record<string, DeadLetterReason>> = {
  price: "InvalidPrice",
  observed_at: "InvalidTime",
  provider_time: "InvalidTime",
};

const usual = new UsualMessageReader();
const utf8 = new TextDecoder("utf-8", { fatal: true });

/**
 * Reads a message's data. Never throws, whatever the bytes: what is no quote comes back with its reason. Unknown
 * fields are ignored, so that a newer publisher may add some. Whether the quote suits its feed is `checkQuote`'s.
 */
export function decodeQuote(data: string | Uint8Array): Decoded {
  const quote = usual.read(data);
  return quote === undefined ? decodeBySchema(data) : { quote };
}

/** The truth about what a message holds, in any layout, which `UsualMessageReader` is held to; it takes much longer. */
export function decodeBySchema(data: string | Uint8Array): Decoded {
  let json: unknown;
  try {
    json = JSON.parse(typeof data === "string" ? data : utf8.decode(data));
  } catch (error) {
    return { reason: "Malformed", detail: `The message is no JSON: ${shorten(String(error))}` };
  }
  const parsed = messageSchema.safeParse(json);
  if (!parsed.success) return rejection(parsed.error, json);
  const { observed_at, provider_time, volume, ...fields } = parsed.data;
  const quote = { ...fields, observedAt: observed_at, providerTime: provider_time };
  return { quote: volume === undefined ? quote : { ...quote, volume } };
}

function rejection(error: z.ZodError, json: unknown): Rejection {
  const [issue] = error.issues;
  const field = issue?.path[0];
  if (typeof field !== "string") return { reason: "Malformed", detail: `The message is no object: ${shown(json)}` };
  const value = (json as Readonly<Record<string, unknown>>)[field];
  return { reason: REASONS[field] ?? "Malformed", detail: `${field} is ${shown(value)}: ${issue?.message ?? ""}` };
}

function shown(value: unknown): string {
  return value === undefined ? "missing" : shorten(JSON.stringify(value));
}

/** A detail names a value, it does not repeat a megabyte of it. */
function shorten(text: string): string {
  return text.length > 120 ? `${text.slice(0, 120)}…` : text;
}
