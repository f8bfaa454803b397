/**
 * What a Beam pipeline does to its elements. A pipeline that is sent somewhere carries no code, only the names that these
 * functions are registered under. A job names the module `stockfeed/pipeline-functions`; the worker's program has this file
 * under that name, loads it, and finds them again. So a name is never given to another function: a job that is updated in
 * place still has the old ones.
 *
 * - Every function is synchronous, since the SDK awaits none.
 * - Elements that cross between workers are objects, strings and bytes; the SDK garbles a number above 2^31 that stands
 *   alone.
 * - The quote's slot decides its windows, whatever time the message came with.
 */
import { requireForSerialization } from "apache-beam/serialization";
import type { ParDoLookupParam } from "apache-beam/transforms/pardo";
import { type Instant, IntervalWindow, type Window } from "apache-beam/values";
import { randomUUID } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { checkQuote, type QuoteRules } from "../quotes/quote-check.ts";
import type { EpochMs } from "../quotes/quote.ts";
import { type DeadLetterMessage, type Decoded, decodeQuote, encodeDeadLetter } from "../quotes/wire.ts";
import { rowJson } from "../windows/row-json.ts";
import { mergeSlots, putQuote, type SlotQuote, type SlotQuotes, slotsRow } from "../windows/slot-quotes.ts";
import type { WindowSpec } from "../windows/window-spec.ts";
import type { PipelineSettings } from "./beam-pipeline.ts";
import { decodePubsubMessage, encodePubsubMessage, type ReceivedMessage } from "./pubsub-message.ts";
import { FUNCTIONS_MODULE } from "../plan/functions-module.ts";

/** The settings travel as JSON: a list of thousands of symbols would take the SDK's serializer minutes. */
export interface Settings {
  readonly settings: string;
}

/** A good quote, as far as windows need it. */
export interface SlotEntry extends SlotQuote {
  readonly symbol: string;
  readonly slot: EpochMs;
}

/** What parsing makes of a message, by the tag of the output that it goes to. */
export type Parsed = { readonly quotes: SlotEntry } | { readonly deadLetters: DeadLetterMessage };

let read: { json: string; settings: PipelineSettings; rules: QuoteRules } | undefined;

/** The settings that a JSON holds, read once for all elements in a row. */
function settingsOf(json: string): { settings: PipelineSettings; rules: QuoteRules } {
  if (read?.json !== json) {
    const settings = JSON.parse(json) as PipelineSettings;
    const rules = { symbols: new Set(settings.symbols), intervalMs: settings.window.periodMs };
    read = { json, settings, rules };
  }
  return read;
}

/** A message of Pub/Sub's, as its protobuf, to a quote or a dead letter. */
function* parseMessage(bytes: Uint8Array, { settings }: Settings): Iterable<Parsed> {
  const { data, ...message } = decodePubsubMessage(bytes);
  yield parse(data, settings, message);
}

/** A line of a file, which is a message's data, to a quote or a dead letter. */
function* parseLine(line: string, { settings }: Settings): Iterable<Parsed> {
  yield parse(line, settings, {});
}

function parse(data: Uint8Array | string, json: string, message: Omit<ReceivedMessage, "data">): Parsed {
  const { settings, rules } = settingsOf(json);
  const { feed } = settings;
  const receivedAt = Date.now();
  const judged = judge(decodeQuote(data), feed, rules, message.publishedAt ?? receivedAt);
  if ("quote" in judged) {
    const { symbol, observedAt: slot, price, providerTime } = judged.quote;
    return { quotes: { symbol, slot, price, providerTime } };
  }
  const payload = typeof data === "string" ? data : new TextDecoder().decode(data);
  const { messageId } = message;
  const letter = { feed, ...judged, payload, receivedAt, ...(messageId !== undefined && { messageId }) };
  return { deadLetters: encodeDeadLetter(letter) };
}

/** Held to the clock of its publication, as the embedded engine does. */
function judge(decoded: Decoded, feed: string, rules: QuoteRules, publishedAt: EpochMs): Decoded {
  if (!("quote" in decoded)) return decoded;
  const { quote } = decoded;
  if (quote.feed === feed) return checkQuote(quote, rules, publishedAt) ?? decoded;
  return { reason: "Malformed", detail: `feed is ${JSON.stringify(quote.feed)}: this is the topic of ${feed}.` };
}

function timeOf({ slot }: SlotEntry, time: Instant): Instant {
  return atMs(slot, time);
}

/** Assigns the windows that hold a time, newest first; called as a method of the windowing that it is part of. */
function assignWindows(this: WindowSpec, time: Instant): IntervalWindow[] {
  const { sizeMs, periodMs, offsetMs } = this;
  const t = time.toNumber();
  const into = (t - offsetMs) % periodMs;
  const windows: IntervalWindow[] = [];
  for (let start = t - (into < 0 ? into + periodMs : into); start + sizeMs > t; start -= periodMs) {
    windows.push(new IntervalWindow(atMs(start, time), atMs(start + sizeMs, time)));
  }
  return windows;
}

/** A time as the SDK has it, made from another of its times: the class is a dependency's own. */
function atMs(ms: EpochMs, other: Instant): Instant {
  return other.sub(other).add(ms);
}

function* bySymbol(entry: SlotEntry): Iterable<{ key: string; value: SlotEntry }> {
  yield { key: entry.symbol, value: entry };
}

function createAccumulator(): SlotQuotes {
  return {};
}

function addInput(slots: SlotQuotes, { slot, price, providerTime }: SlotEntry): SlotQuotes {
  putQuote(slots, slot, { price, providerTime });
  return slots;
}

function mergeAccumulators(parts: Iterable<SlotQuotes>): SlotQuotes {
  return mergeSlots(parts);
}

function extractOutput(slots: SlotQuotes): SlotQuotes {
  return slots;
}

/** The slots of a symbol's window to the JSON of its row. */
function* toRow(
  { key: symbol, value: slots }: { readonly key: string; readonly value: SlotQuotes },
  context: Settings & { readonly window: ParDoLookupParam<Window> },
): Iterable<string> {
  const { feed, window, engine } = settingsOf(context.settings).settings;
  const windowEnd = context.window.lookup().maxTimestamp().toNumber() + 1;
  const row = slotsRow(slots, { feed, symbol, window, windowEnd, engine }, Date.now());
  yield rowJson(row);
}

function* rowMessage(json: string): Iterable<Uint8Array> {
  yield encodePubsubMessage(json);
}

function* deadLetterMessage({ data, attributes }: DeadLetterMessage): Iterable<Uint8Array> {
  yield encodePubsubMessage(data, attributes);
}

function* letterJson(letter: DeadLetterMessage): Iterable<string> {
  yield JSON.stringify(letter);
}

/** The lines of a file; blank lines are none. */
function* readLines(_: unknown, { path }: { readonly path: string }): Iterable<string> {
  const bytes = readFileSync(path);
  for (let at = 0; at < bytes.length;) {
    const newline = bytes.indexOf("\n", at);
    const end = newline === -1 ? bytes.length : newline;
    if (end > at) yield bytes.toString("utf8", at, end);
    at = end + 1;
  }
}

interface LineSink {
  lines: string[];
}

function startLines(this: LineSink): void {
  this.lines = [];
}

function addLine(this: LineSink, line: string): undefined {
  this.lines.push(line);
}

/** A file a bundle, so that bundles that run at once don't meet. */
function writeLines(this: LineSink, { directory }: { readonly directory: string }): undefined {
  if (this.lines.length > 0) writeFileSync(join(directory, `${randomUUID()}.ndjson`), `${this.lines.join("\n")}\n`);
  this.lines = [];
}

/** All of them, by the names that they are known under. */
export const pipelineFunctions = {
  parseMessage,
  parseLine,
  timeOf,
  assignWindows,
  bySymbol,
  createAccumulator,
  addInput,
  mergeAccumulators,
  extractOutput,
  toRow,
  rowMessage,
  deadLetterMessage,
  letterJson,
  readLines,
  startLines,
  addLine,
  writeLines,
};

requireForSerialization(FUNCTIONS_MODULE, pipelineFunctions);
