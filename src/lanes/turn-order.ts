/**
 * Who has the next turn, where there may be no time for all: first who had none, then whose last one was longest ago. So
 * those that take the whole time come behind all others, and hold up none of them for more than one round.
 */
export class TurnOrder {
  /** In the order of their last turns. */
  readonly #had = new Set<string>();

  /** The items in the order of their turns; those that had none stay in theirs. */
  of<T>(items: readonly T[], idOf: (item: T) => string): T[] {
    const places = new Map([...this.#had].map((id, place) => [id, place]));
    const placeOf = (item: T) => places.get(idOf(item)) ?? -1;
    return items.toSorted((one, other) => placeOf(one) - placeOf(other));
  }

  /** One has its turn now, whatever comes of it. */
  note(id: string): void {
    this.#had.delete(id);
    this.#had.add(id);
  }

  /** One is as if it had had none. */
  forget(id: string): void {
    this.#had.delete(id);
  }

  /** Forgets all but these. */
  keep(ids: { has(id: string): boolean }): void {
    for (const id of this.#had) if (!ids.has(id)) this.#had.delete(id);
  }
}
