import type { Place } from "../quotes/place.ts";
import { FUTURE_TOLERANCE_MS } from "../quotes/quote-check.ts";
import type { EpochMs } from "../quotes/quote.ts";

/** Messages that others name and that did not come. */
export interface Lack {
  /** The same for the same messages, in every reading. */
  readonly key: string;
  /** Where to read again from. */
  readonly slot: EpochMs;
  /** When they should have been published at the latest. */
  readonly publishedBy: EpochMs;
  readonly kind: LackKind;
}

/**
 * - "certain": they are known to have been published
 * - "possible": they may have been
 * - "beginning": they may have been, though nothing has come that is older
 * - "silence": they may have been, though nothing has come that is newer
 */
export type LackKind = "certain" | "possible" | "beginning" | "silence";

/** A slot of which something has to come. */
export interface Expected {
  readonly slot: EpochMs;
  /** Undefined where any will do. */
  readonly shard?: number;
}

/** A slot's messages of one poller, not all of which have come. */
interface Publication {
  readonly shard: number;
  readonly slot: EpochMs;
  /** Which have come; undefined where none has, and it is known by name alone. */
  seen?: Uint8Array;
  /** How many have not. */
  missing: number;
  /** The numbers of those, where somebody has asked since one came. */
  unseen?: string | undefined;
  publishedBy: EpochMs;
  /** Whether its poller says that all of it is there. */
  certain: boolean;
}

interface Shard {
  /** Slots of which something has come. */
  readonly slots: Set<EpochMs>;
  /** Slots of which another poller may have published something, and nothing has come: when their names were published. */
  readonly empty: Map<EpochMs, EpochMs>;
  newest: EpochMs;
  /** The slot after the newest, and when the newest was published. */
  next: EpochMs;
  publishedAt: EpochMs;
}

/** A shard that says nothing is slow for this time, or for two of its slots; after that it has fallen silent. */
const SILENCE_MS = 60_000;
const FORGETS_EVERY_MS = 60_000;

/**
 * What a reader has of all that was published, by the places that messages name.
 *
 * - Nothing lacks: then every message of these slots has come, up to the newest of each shard, and that one's next was
 *   due a short while ago at most. Of a shard that has never come and is not expected nothing is known.
 * - Something lacks: then it is on its way, or somebody else has it, or it was never published: a failed call, a poller
 *   that was killed, a feed that has stopped.
 * - In memory is what lacks, a number a slot and shard, and a name a slot and poller.
 */
export class Completeness {
  #from: EpochMs;
  readonly #intervalMs: number;
  readonly #whole = new Map<string, EpochMs>();
  readonly #parts = new Map<string, Publication>();
  readonly #shards = new Map<number, Shard>();
  readonly #expected: Set<Expected>;

  /**
   * @param from the first slot that is known about
   * @param expected of these slots something is known to be there
   */
  constructor(from: EpochMs, intervalMs: number, expected: readonly Expected[]) {
    this.#from = from;
    this.#intervalMs = intervalMs;
    this.#expected = new Set(expected.filter(({ slot }) => slot >= from));
  }

  /** What who reads the same again is to expect. */
  get expected(): Expected[] {
    return [...this.#expected, ...[...this.#shards].map(([shard, { newest }]) => ({ shard, slot: newest }))];
  }

  /** A message has come. */
  note(place: Place, publishedAt: EpochMs): void {
    const { poller, shard, slot, previous } = place;
    if (slot < this.#from || slot > publishedAt + FUTURE_TOLERANCE_MS) return;
    this.#notePart(place, publishedAt);
    const own = this.#noteSlot(place, publishedAt);
    for (const each of this.#expected) {
      if (each.slot === slot && (each.shard ?? shard) === shard) this.#expected.delete(each);
    }
    if (previous === undefined || previous.slot < this.#from) return;
    if (previous.own) this.#confirm(poller, shard, previous.slot, publishedAt);
    else if (!own.slots.has(previous.slot)) {
      own.empty.set(previous.slot, Math.min(own.empty.get(previous.slot) ?? Infinity, publishedAt));
    }
  }

  /** All that lacks now of what should have been published before a time; what was so lately may be on its way. */
  lacks(before: EpochMs): Lack[] {
    const slots = [...this.#shards].flatMap(([shard, { empty, newest, next, publishedAt }]) => {
      const silentFrom = publishedAt + next - newest + Math.max(SILENCE_MS, 2 * this.#intervalMs);
      const links = [...empty].flatMap(([slot, publishedBy]) => {
        if (publishedBy >= before) return [];
        const older = this.#olderThan(slot, shard);
        const kind = older === -Infinity ? "beginning" : "possible";
        return [this.#lack(`${shard}@${slot}`, publishedBy, kind, older)];
      });
      return [...links, this.#lack(`${shard}@${next}`, silentFrom, "silence", newest)];
    });
    const parts = [...this.#parts].flatMap(([key, publication]) => {
      const { seen, slot, shard, publishedBy, certain } = publication;
      if (publishedBy >= before) return [];
      if (seen === undefined) return [this.#lack(key, publishedBy, "certain", this.#olderThan(slot, shard))];
      publication.unseen ??= unseen(seen);
      return [this.#lack(`${key}:${publication.unseen}`, publishedBy, certain ? "certain" : "possible", slot)];
    });
    const expected = [...this.#expected].map(({ shard, slot }) => {
      // What only a row tells of may be of a topic that is no more, as where a feed was deleted and applied again.
      return this.#lack(`${shard ?? ""}@${slot}`, slot, shard === undefined ? "possible" : "certain", slot);
    });
    const all = [...slots, ...parts, ...expected].filter(({ publishedBy }) => publishedBy < before);
    return [...new Map(all.map((lack) => [lack.key, lack])).values()];
  }

  /** Forgets slots before a time, now and then, but for the newest of each shard. */
  forget(time: EpochMs): void {
    if (time < this.#from + FORGETS_EVERY_MS) return;
    this.#from = time;
    for (const [key, slot] of this.#whole) if (slot < time) this.#whole.delete(key);
    for (const [key, { slot }] of this.#parts) if (slot < time) this.#parts.delete(key);
    for (const { slots, empty, newest } of this.#shards.values()) {
      for (const slot of slots) if (slot < time && slot !== newest) slots.delete(slot);
      for (const slot of empty.keys()) if (slot < time) empty.delete(slot);
    }
    for (const each of this.#expected) if (each.slot < time) this.#expected.delete(each);
  }

  #notePart({ poller, shard, slot, part, parts }: Place, publishedAt: EpochMs): void {
    const key = nameOf(poller, shard, slot);
    if (this.#whole.has(key)) return;
    const known = this.#parts.get(key);
    const publication: Publication = known ?? { shard, slot, missing: parts, publishedBy: publishedAt, certain: false };
    if (publication.seen === undefined) {
      publication.seen = new Uint8Array(parts);
      publication.missing = parts;
    }
    publication.publishedBy = Math.max(publication.publishedBy, publishedAt);
    if (publication.seen[part - 1] === 0) {
      publication.seen[part - 1] = 1;
      publication.missing -= 1;
      publication.unseen = undefined;
    }
    if (publication.missing > 0) {
      if (known === undefined) this.#parts.set(key, publication);
      return;
    }
    this.#parts.delete(key);
    this.#whole.set(key, slot);
  }

  #noteSlot({ shard: number, slot, next }: Place, publishedAt: EpochMs): Shard {
    const known = this.#shards.get(number);
    const shard = known ?? { slots: new Set(), empty: new Map(), newest: slot, next, publishedAt };
    if (known === undefined) this.#shards.set(number, shard);
    if (slot > shard.newest) Object.assign(shard, { newest: slot, next, publishedAt });
    shard.slots.add(slot);
    shard.empty.delete(slot);
    return shard;
  }

  /** A poller says that all of its messages of a slot are there. */
  #confirm(poller: string, shard: number, slot: EpochMs, publishedAt: EpochMs): void {
    const key = nameOf(poller, shard, slot);
    if (this.#whole.has(key)) return;
    const publication = this.#parts.get(key) ?? { shard, slot, missing: 1, publishedBy: publishedAt, certain: true };
    publication.certain = true;
    this.#parts.set(key, publication);
  }

  /** The newest slot before another of which something has come: what lies between may lack too. */
  #olderThan(slot: EpochMs, shard: number): EpochMs {
    let older = -Infinity;
    for (const each of this.#shards.get(shard)?.slots ?? []) if (each < slot && each > older) older = each;
    return older;
  }

  #lack(key: string, publishedBy: EpochMs, kind: LackKind, slot: EpochMs): Lack {
    return { key, slot: Math.max(slot, this.#from), publishedBy, kind };
  }
}

function nameOf(poller: string, shard: number, slot: EpochMs): string {
  return `${shard}@${slot}/${poller}`;
}

/** The numbers that are not seen, as text. */
function unseen(seen: Uint8Array): string {
  return [...seen.keys()]
    .filter((i) => seen[i] === 0)
    .map((i) => i + 1)
    .join(",");
}
