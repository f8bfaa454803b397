/**
 * What a stream says of itself while it runs: the operator asks for it where the stream's Pod is not ready. Only the stream
 * writes rows, under its own account, so nobody else can tell whether it may.
 *
 * - An encoded summary is whole JSON in at most 4,096 bytes.
 * - Decoding never throws; what is no summary is undefined. Fields that a newer stream may add are left out.
 */
import { z } from "zod";
import { cutText } from "./cut-text.ts";
import { LONGEST_NAME } from "./poll-summary.ts";

/** Why BigQuery takes no rows, or tells of none, where that does not pass by itself. */
export interface SinkTrouble {
  /** The kind of it: while it stays, so does what there is to mend, however the words change. */
  readonly fault: string;
  /** For people: names what to mend. */
  readonly message: string;
}

/** How a stream is. */
export interface StreamSummary {
  /** `namespace/name` of the feed. */
  readonly feed: string;
  readonly sink?: SinkTrouble;
}

/** Characters of the words that are kept; written as JSON, one takes six bytes at most. */
const LONGEST_WORDS = 500;

const summarySchema = z.object({
  feed: z.string().min(1).max(LONGEST_NAME),
  sink: z.object({ fault: z.string().min(1).max(40), message: z.string().max(LONGEST_WORDS) }).optional(),
});

/** The summary as text. */
export function encodeStreamSummary({ feed, sink }: StreamSummary): string {
  return JSON.stringify({ feed, ...(sink && { sink: { ...sink, message: cutText(sink.message, LONGEST_WORDS) } }) });
}

/** Reads a summary; undefined where the text is none. */
export function decodeStreamSummary(text: string): StreamSummary | undefined {
  try {
    const parsed = summarySchema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}
