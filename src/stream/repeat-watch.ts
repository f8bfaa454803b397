import type { LogMessage } from "../ports.ts";
import type { EpochMs } from "../quotes/quote.ts";

/** Most messages that are remembered; of more a sample is. */
const MOST_REMEMBERED = 10_000;
/** A message that comes twice at once is the network's doing. */
const LEAST_AGE_MS = 1_000;
const LEAST_REPEATS = 5;
const LEAST_SHARE = 0.2;

/**
 * Notices that somebody else has made the log deliver its past again: then a good part of the messages that were
 * acknowledged come once more. A log may deliver any single message twice, so a few of them mean nothing.
 *
 * It remembers a sample of even density, so that the part is the same however many messages there are.
 */
export class RepeatWatch {
  readonly #forgetMs: number;
  /** When each was acknowledged, oldest first. */
  readonly #acknowledged = new Map<string, EpochMs>();
  /** One in so many messages is remembered. */
  #oneIn = 1;
  #repeats = 0;

  /** @param forgetMs how long a message is remembered: as long as somebody else may go back */
  constructor(forgetMs: number) {
    this.#forgetMs = forgetMs;
  }

  noteAcknowledged(message: LogMessage, now: EpochMs): void {
    const key = keyOf(message);
    if (hash(key) % this.#oneIn !== 0 || this.#acknowledged.has(key)) return;
    this.#acknowledged.set(key, now);
    for (const [other, at] of this.#acknowledged) {
      if (now - at <= this.#forgetMs) break;
      this.#acknowledged.delete(other);
    }
    if (this.#acknowledged.size > MOST_REMEMBERED) this.#thinOut();
  }

  /** Whether so many messages have come again by now, this one counted, that the log was sent back. */
  noteDelivery(message: LogMessage, now: EpochMs): boolean {
    const at = this.#acknowledged.get(keyOf(message));
    if (at === undefined || now - at < LEAST_AGE_MS) return false;
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
