import type { EpochMs } from "../quotes/quote.ts";

/** Things of a slot each, given out again from the oldest slot on. */
export class BySlot<T> {
  readonly #slots = new Map<EpochMs, T[]>();
  /** Ascending. */
  readonly #order: EpochMs[] = [];

  /** The oldest slot that holds something; Infinity where none does. */
  get oldest(): EpochMs {
    return this.#order[0] ?? Infinity;
  }

  add(slot: EpochMs, thing: T): void {
    const held = this.#slots.get(slot);
    if (held !== undefined) {
      held.push(thing);
      return;
    }
    this.#slots.set(slot, [thing]);
    const at = this.#order.findLastIndex((other) => other < slot);
    this.#order.splice(at + 1, 0, slot);
  }

  /** What the oldest slot holds, which is then gone. */
  takeOldest(): readonly T[] {
    const slot = this.#order.shift();
    const held = slot === undefined ? undefined : this.#slots.get(slot);
    if (slot !== undefined) this.#slots.delete(slot);
    return held ?? [];
  }
}
