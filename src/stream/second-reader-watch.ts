import type { LogMessage } from "../ports.ts";
import type { EpochMs } from "../quotes/quote.ts";

/** Most messages that are remembered; of more a sample is. */
const MOST_REMEMBERED = 10_000;
/** A message that comes twice at once is the network's doing. */
const LEAST_AGE_MS = 1_000;
const LEAST_REPEATS = 5;
const LEAST_SHARE = 0.2;
const LEAST_LACKING = 0.05;

/** Messages that a reading has acknowledged, or a sample of them: when each was published. */
export type Remembered = ReadonlyMap<string, EpochMs>;

/**
 * Notices that somebody else reads the log too.
 *
 * - Who begins to read makes the log deliver its past again: then a good part of the messages that were acknowledged come
 *   once more. A log may deliver any single message twice, so a few of them mean nothing.
 * - Of what an earlier reading was given, a later one that is alone is given all. What it lacks somebody else has.
 *
 * It remembers a sample of even density, so that the parts are the same however many messages there are.
 */
export class SecondReaderWatch {
  readonly #forgetMs: number;
  readonly #acknowledged = new Map<string, { readonly publishedAt: EpochMs; readonly at: EpochMs }>();
  /** What an earlier reading was given and this one was not yet. */
  readonly #lacking: Set<string>;
  readonly #expected: number;
  /** One in so many messages is remembered. */
  #oneIn = 1;
  #repeats = 0;

  /**
   * @param forgetMs how long a message is remembered: as long as somebody else may go back
   * @param earlier what an earlier reading was given of what this one is to be given
   */
  constructor(forgetMs: number, earlier: Iterable<string>) {
    this.#forgetMs = forgetMs;
    this.#lacking = new Set(earlier);
    this.#expected = this.#lacking.size;
  }

  get remembered(): Remembered {
    return new Map([...this.#acknowledged].map(([key, { publishedAt }]) => [key, publishedAt]));
  }

  /** Whether so much is lacking, now that all is read, that somebody else has it. */
  get lacks(): boolean {
    return this.#lacking.size >= Math.max(LEAST_REPEATS, LEAST_LACKING * this.#expected);
  }

  noteAcknowledged(message: LogMessage, now: EpochMs): void {
    const key = keyOf(message);
    if (hash(key) % this.#oneIn !== 0 || this.#acknowledged.has(key)) return;
    this.#acknowledged.set(key, { publishedAt: message.publishedAt, at: now });
    for (const [other, { at }] of this.#acknowledged) {
      if (now - at <= this.#forgetMs) break;
      this.#acknowledged.delete(other);
    }
    if (this.#acknowledged.size > MOST_REMEMBERED) this.#thinOut();
  }

  /** Whether so many messages have come again by now, this one counted, that the log was sent back. */
  noteDelivery(message: LogMessage, now: EpochMs): boolean {
    const key = keyOf(message);
    this.#lacking.delete(key);
    const before = this.#acknowledged.get(key);
    if (before === undefined || now - before.at < LEAST_AGE_MS) return false;
    this.#repeats += 1;
    return this.#repeats >= Math.max(LEAST_REPEATS, LEAST_SHARE * this.#acknowledged.size);
  }

  #thinOut(): void {
    this.#oneIn *= 2;
    this.#repeats /= 2;
    for (const key of [...this.#acknowledged.keys()]) {
      if (hash(key) % this.#oneIn !== 0) this.#acknowledged.delete(key);
    }
  }
}

/** An id and its time: a log that lost everything, as an emulator does, begins with the first id again. */
function keyOf({ id, publishedAt }: LogMessage): string {
  return `${id}@${publishedAt}`;
}

/** 32-bit FNV-1a. http://www.isthe.com/chongo/tech/comp/fnv/ */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  // The lowest bits of FNV depend on the lowest bits of the text alone.
  return (value ^ (value >>> 16)) >>> 0;
}
