import type { EpochMs } from "../../quotes/quote.ts";

/** A heap of values by time, the soonest first; those of one time in no certain order. */
export class DelayHeap<T> {
  readonly #entries: { readonly time: EpochMs; readonly value: T }[] = [];

  /** When the soonest is due. */
  get nextTime(): EpochMs | undefined {
    return this.#entries[0]?.time;
  }

  add(time: EpochMs, value: T): void {
    const entry = { time, value };
    let place = this.#entries.push(entry) - 1;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      const above = this.#entries[parent];
      if (above === undefined || above.time <= time) break;
      this.#entries[place] = above;
      place = parent;
    }
    this.#entries[place] = entry;
  }

  /** Takes out the soonest, where its time has come. */
  takeDue(now: EpochMs): T | undefined {
    const first = this.#entries[0];
    if (first === undefined || first.time > now) return undefined;
    const last = this.#entries.pop();
    if (last !== undefined && this.#entries.length > 0) this.#sink(last);
    return first.value;
  }

  /** Puts an entry at the top, and lets it sink to its place. */
  #sink(entry: { readonly time: EpochMs; readonly value: T }): void {
    let place = 0;
    for (;;) {
      const left = 2 * place + 1;
      const [one, other] = [this.#entries[left], this.#entries[left + 1]];
      const child = other !== undefined && one !== undefined && other.time < one.time ? left + 1 : left;
      const below = this.#entries[child];
      if (below === undefined || below.time >= entry.time) break;
      this.#entries[place] = below;
      place = child;
    }
    this.#entries[place] = entry;
  }
}
