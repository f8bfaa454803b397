/**
 * Where a message stands among those that its poller publishes, so that who reads only some of them sees what is lacking.
 *
 * - All messages of one slot are numbered, and each says how many there are.
 * - Each names the slot before it and the one after it, where the same shard publishes too, this poller or another. No
 *   message of this poller lies between. So whoever has all that is named has all that was published.
 * - A named slot may be empty: a poller knows neither what the one before it has done nor its own end. What it has
 *   published itself it knows.
 */
import { nextPolledSlot } from "./polled-slots.ts";
import type { EpochMs } from "./quote.ts";
import type { Session } from "./session.ts";
import { slotOf } from "./slots.ts";

export interface Place {
  /** One process: two of them may publish the same slot. Letters and digits. */
  readonly poller: string;
  /** Which part of the feed's symbols. */
  readonly shard: number;
  readonly slot: EpochMs;
  /** Its number among the messages of its slot, from 1 to `parts`. */
  readonly part: number;
  readonly parts: number;
  /** The slot before; undefined where the session began with this one. */
  readonly previous?: Previous;
  readonly next: EpochMs;
}

interface Previous {
  readonly slot: EpochMs;
  /** Whether this poller has published it, and Pub/Sub has all of it; else another one may have. */
  readonly own: boolean;
}

/** A slot has as many messages at most; what says otherwise is no place. */
const MOST_PARTS = 100_000;
const FORM = /^([0-9A-Za-z]{1,40})\/([0-9]{1,6})\/([0-9]{1,6})\/([0-9]{1,6})\/([0-9]{1,12}[?]?|)\/([0-9]{1,12})$/;

/** A place as the text of an attribute; times are milliseconds from the slot, with a question mark where it may be empty. */
export function formatPlace({ poller, shard, slot, part, parts, previous, next }: Place): string {
  const back = previous === undefined ? "" : `${slot - previous.slot}${previous.own ? "" : "?"}`;
  return `${poller}/${shard}/${part}/${parts}/${back}/${next - slot}`;
}

/** The place of a slot's message; undefined where the text says none. */
export function parsePlace(text: string, slot: EpochMs): Place | undefined {
  const [, poller = "", shard, part, parts, back = "", ahead] = FORM.exec(text) ?? [];
  const numbers = { shard: Number(shard), part: Number(part), parts: Number(parts) };
  if (poller === "" || !Number.isInteger(slot)) return undefined;
  if (numbers.part < 1 || numbers.part > numbers.parts || numbers.parts > MOST_PARTS) return undefined;
  const own = !back.endsWith("?");
  const backMs = Number(own ? back : back.slice(0, -1));
  if (Number(ahead) === 0 || (back !== "" && backMs === 0)) return undefined;
  const next = slot + Number(ahead);
  return { poller, ...numbers, slot, next, ...(back !== "" && { previous: { slot: slot - backMs, own } }) };
}

interface PlacesOptions {
  readonly poller: string;
  readonly shard: number;
  readonly session: Session;
  readonly intervalMs: number;
  /** The first slot, or a time in it, that this poller is there for; those before are another's. */
  readonly from: EpochMs;
}

/** Gives the messages of one poller their places, slot by slot. */
export class Places {
  readonly #options: PlacesOptions;
  #previous: Previous | undefined;

  constructor(options: PlacesOptions) {
    const { session, intervalMs, from } = options;
    const before = slotOf(from, intervalMs) - intervalMs;
    this.#options = options;
    this.#previous = session.isOpen(before) ? { slot: before, own: false } : undefined;
  }

  /** The places of a slot's messages, in order; the same whenever it is asked before the next `published`. */
  of(slot: EpochMs, parts: number): Place[] {
    const { poller, shard, session, intervalMs } = this.#options;
    const previous = this.#previous;
    const next = nextPolledSlot(session, intervalMs, slot + intervalMs);
    return Array.from({ length: parts }, (_, i) => {
      return { poller, shard, slot, part: i + 1, parts, next, ...(previous !== undefined && { previous }) };
    });
  }

  /** Tells that a slot's messages are there. */
  published(slot: EpochMs): void {
    this.#previous = { slot, own: true };
  }
}
