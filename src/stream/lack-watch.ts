import type { Place } from "../quotes/place.ts";
import type { EpochMs } from "../quotes/quote.ts";
import { Completeness, type Expected, type Lack } from "./completeness.ts";
import type { StartPosition } from "./start-position.ts";

/** What a reading has found out, for the next one. */
export interface Findings {
  /** No slot before this is judged: what it was is an earlier life's affair. */
  readonly judgedFrom: EpochMs;
  /** Keys of what lacked at the end, of what was published before `upTo`. */
  readonly lacking: ReadonlySet<string>;
  readonly upTo: EpochMs;
  /** How many readings before had the very same lacking. */
  readonly same: number;
  /** Keys of what was never published, and when it should have been. */
  readonly holes: ReadonlyMap<string, EpochMs>;
  /** The newest that came: in the next reading it comes again. */
  readonly expected: readonly Expected[];
}

/** Why the log has to be read again. */
export interface Verdict {
  readonly why: "lacking" | "second reader";
  readonly from: EpochMs;
}

interface LackWatchOptions {
  /** The reading is given all messages of slots from its watermark on. */
  readonly start: Pick<StartPosition, "watermark" | "newestQuote">;
  readonly intervalMs: number;
  readonly startedAt: EpochMs;
  readonly earlier: Findings | undefined;
}

/** How long a message may take to come: longer than a log leases it to a reader that is gone. */
export const SETTLING_MS = 15_000;
/** So many times what is known to be there is read again before it is given up: a log may have lost it. */
const MOST_READINGS = 4;

const NOTHING = { lacking: new Set<string>(), upTo: -Infinity, same: 0, holes: new Map<string, EpochMs>() };

/**
 * Says when a log has to be read again because messages lack that were published.
 *
 * - What lacks some time after it was published is read again. If then the very same lacks, it was never published, and
 *   is a hole that nobody asks for again: somebody else who reads takes another part of the messages each time. What is
 *   known to have been published is given up only when it lacks the same again and again.
 * - If something else lacks then, somebody else reads, and the log is read again until he is gone.
 * - Until a reading has judged what was there before it, no row is to be written over what lacks. After the newest that
 *   has come there is nothing to write over.
 */
export class LackWatch {
  readonly #completeness: Completeness;
  readonly #startedAt: EpochMs;
  readonly #earlier: Omit<Findings, "judgedFrom" | "expected">;
  readonly #judgedFrom: EpochMs;
  readonly #holes: Map<string, EpochMs>;
  /** Whether a feed may begin in this reading: then there is nothing before its first messages. */
  readonly #begins: boolean;
  #same = 0;

  constructor({ start, intervalMs, startedAt, earlier }: LackWatchOptions) {
    const { watermark: from, newestQuote } = start;
    const expected = earlier?.expected ?? (newestQuote === undefined ? [] : [{ slot: newestQuote }]);
    this.#begins = expected.length === 0;
    this.#earlier = earlier ?? NOTHING;
    this.#judgedFrom = earlier?.judgedFrom ?? from;
    this.#completeness = new Completeness(Math.max(from, this.#judgedFrom), intervalMs, expected);
    this.#startedAt = startedAt;
    this.#holes = new Map([...this.#earlier.holes].filter(([, publishedBy]) => publishedBy >= from));
  }

  /** A message has come. */
  note(place: Place, publishedAt: EpochMs): void {
    this.#completeness.note(place, publishedAt);
  }

  /** The first slot of what lacks of the past in which this reading began; Infinity where nothing does. */
  get wantedFrom(): EpochMs {
    const wanted = this.#lacks(this.#startedAt).filter((lack) => {
      if (lack.kind === "certain") return true;
      const settled = lack.publishedBy < this.#startedAt - SETTLING_MS;
      return settled && lack.kind !== "silence" && !this.#isBeginning(lack);
    });
    return oldest(wanted);
  }

  /**
   * Judges what lacks.
   * @param settled all that was published before this has had its time to come
   */
  judge(settled: EpochMs): Verdict | undefined {
    const { lacking, upTo, same } = this.#earlier;
    // Only whole readings can be compared.
    if (settled < upTo) return undefined;
    const lacks = this.#lacks(settled);
    const again = lacks.filter(({ publishedBy }) => publishedBy < upTo);
    const isSame = again.length === lacking.size && again.every(({ key }) => lacking.has(key));
    this.#same = isSame && again.length > 0 ? same + 1 : 0;
    const given = isSame && (this.#same >= MOST_READINGS || !again.some(({ kind }) => kind === "certain"));
    for (const lack of lacks) {
      if (this.#isBeginning(lack) || (given && again.includes(lack))) this.#holes.set(lack.key, lack.publishedBy);
    }
    const left = lacks.filter(({ key }) => !this.#holes.has(key));
    if (left.length === 0) return undefined;
    return { why: again.length > 0 && !isSame ? "second reader" : "lacking", from: oldest(left) };
  }

  /** What the next reading has to know. */
  findings(settled: EpochMs): Findings {
    return {
      judgedFrom: this.#judgedFrom,
      lacking: new Set(this.#lacks(settled).map(({ key }) => key)),
      upTo: settled,
      same: this.#same,
      holes: this.#holes,
      expected: this.#completeness.expected,
    };
  }

  /** Forgets slots before a time: what they lacked has been judged. */
  forget(time: EpochMs): void {
    this.#completeness.forget(time);
  }

  #isBeginning({ kind }: Lack): boolean {
    return this.#begins && kind === "beginning";
  }

  /** What lacks, but for holes, of what was published before a time. */
  #lacks(before: EpochMs): Lack[] {
    return this.#completeness.lacks(before).filter(({ key }) => !this.#holes.has(key));
  }
}

function oldest(lacks: readonly Lack[]): EpochMs {
  return lacks.reduce((time, { slot }) => Math.min(time, slot), Infinity);
}
