/**
 * A map whose values are shown in another form, each made when it is first asked for: a project has ten thousand
 * objects, and who asks for one feed's looks at five. It follows the map that it shows.
 */
export class ShownMap<Value extends object, Shown> implements ReadonlyMap<string, Shown> {
  readonly #values: ReadonlyMap<string, Value>;
  readonly #show: (value: Value) => Shown;
  readonly #shown = new WeakMap<Value, Shown>();

  /** @param show makes the form of a value; values are never changed in place */
  constructor(values: ReadonlyMap<string, Value>, show: (value: Value) => Shown) {
    this.#values = values;
    this.#show = show;
  }

  get size(): number {
    return this.#values.size;
  }

  get(key: string): Shown | undefined {
    const value = this.#values.get(key);
    return value && this.#of(value);
  }

  has(key: string): boolean {
    return this.#values.has(key);
  }

  keys(): MapIterator<string> {
    return this.#values.keys();
  }

  *values(): Generator<Shown, undefined> {
    for (const value of this.#values.values()) yield this.#of(value);
  }

  *entries(): Generator<[string, Shown], undefined> {
    for (const [key, value] of this.#values) yield [key, this.#of(value)];
  }

  [Symbol.iterator](): Generator<[string, Shown], undefined> {
    return this.entries();
  }

  forEach(callback: (value: Shown, key: string, map: ReadonlyMap<string, Shown>) => void): void {
    for (const [key, value] of this.entries()) callback(value, key, this);
  }

  #of(value: Value): Shown {
    const known = this.#shown.get(value);
    if (known !== undefined) return known;
    const shown = this.#show(value);
    this.#shown.set(value, shown);
    return shown;
  }
}
