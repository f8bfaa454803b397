import type { EpochMs } from "../quotes/quote.ts";

/** How old a message may be as it comes, and still be one that was just published. */
const FRESH_MS = 2_000;

/**
 * How far a log has been read, as far as deliveries tell: a log says neither what is left nor in which order it comes.
 *
 * - A message that was not just published is a piece of a backlog. Until none has come for a while (`quietMs`) what was
 *   published after the oldest of them may be outstanding.
 * - Only time in which messages could come counts as quiet: not that in which the reader was full. From the moment it
 *   was full on, everything may be outstanding.
 * - Right or wrong, it decides when rows are written first, not what they finally say.
 */
export class Backlog {
  readonly #longestQuietMs: number;
  /** Oldest first; each was published before those behind it, which will be forgotten later. */
  readonly #pieces: { readonly publishedAt: EpochMs; readonly noted: number }[] = [];
  /** Milliseconds for which the reader was open, up to `#since`. */
  #open = 0;
  #since: EpochMs;
  #full = false;

  /** @param longestQuietMs the longest quiet that is asked about */
  constructor(now: EpochMs, longestQuietMs: number) {
    this.#since = now;
    this.#longestQuietMs = longestQuietMs;
  }

  /** Whether the reader can take no more now. */
  get full(): boolean {
    return this.#full;
  }

  /** A message has come. */
  noteDelivery(publishedAt: EpochMs, now: EpochMs): void {
    if (now - publishedAt > FRESH_MS) this.noteOutstanding(publishedAt, now);
  }

  /** What was published from this time on may be outstanding. */
  noteOutstanding(publishedAt: EpochMs, now: EpochMs): void {
    while ((this.#pieces.at(-1)?.publishedAt ?? -Infinity) >= publishedAt) this.#pieces.pop();
    this.#pieces.push({ publishedAt, noted: this.#openTime(now) });
  }

  setFull(full: boolean, now: EpochMs): void {
    if (full === this.#full) return;
    if (full) this.noteOutstanding(now, now);
    this.#open = this.#openTime(now);
    this.#since = now;
    this.#full = full;
  }

  /** All that was published before this has been read, by such a quiet; Infinity where nothing is outstanding. */
  readUpTo(now: EpochMs, quietMs: number): EpochMs {
    const open = this.#openTime(now);
    while (this.#pieces[0] !== undefined && open - this.#pieces[0].noted >= this.#longestQuietMs) this.#pieces.shift();
    return this.#pieces.find(({ noted }) => open - noted < quietMs)?.publishedAt ?? Infinity;
  }

  #openTime(now: EpochMs): number {
    return this.#open + (this.#full ? 0 : Math.max(0, now - this.#since));
  }
}
