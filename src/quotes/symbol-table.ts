/** Characters of a symbol that one half of its key holds, at six bits a character. */
const HALF = 5;
const ALPHABET = " ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-";

/** Code of the last letter: the codes 1 to 26 may start a symbol. */
export const LAST_LETTER_CODE = 26;
/** By byte: 1 to 38 for the characters of a symbol, 0 for any other. */
export const CHARACTER_CODES = Uint8Array.from({ length: 256 }, (_, byte) =>
  Math.max(0, ALPHABET.indexOf(String.fromCharCode(byte), 1)),
);

/**
 * Numbers symbols from 0 in order of their first appearance. A symbol has at most ten characters out of 38, so two
 * whole numbers of 30 bits hold it exactly, and finding it again compares those and no text.
 */
export class SymbolTable {
  readonly #names: string[] = [];
  /** Open addressing, a power of two: the number of a symbol plus one, 0 where free. */
  #numbers = new Int32Array(1024);
  /** Keys by number: characters 1 to 5 and 6 to 10. */
  #heads = new Int32Array(512);
  #tails = new Int32Array(512);

  /** Symbols by number. */
  get names(): readonly string[] {
    return this.#names;
  }

  /** The symbol's number; a new one for a symbol not seen before. It must match SYMBOL_PATTERN. */
  intern(symbol: string): number {
    const half = (text: string) => {
      let key = 0;
      for (const character of text) key = (key << 6) | ALPHABET.indexOf(character);
      return key;
    };
    return this.internKey(half(symbol.slice(0, HALF)), half(symbol.slice(HALF)));
  }

  /** The same for a symbol given by its key: `key = (key << 6) | code`, over the first five characters and the rest. */
  internKey(head: number, tail: number): number {
    const mask = this.#numbers.length - 1;
    let place = hash(head, tail) & mask;
    for (;;) {
      const number = this.#numbers[place]! - 1;
      if (number < 0) return this.#append(place, head, tail);
      if (this.#heads[number] === head && this.#tails[number] === tail) return number;
      place = (place + 1) & mask;
    }
  }

  #append(place: number, head: number, tail: number): number {
    const number = this.#names.length;
    this.#names.push(textOf(head) + textOf(tail));
    this.#heads[number] = head;
    this.#tails[number] = tail;
    this.#numbers[place] = number + 1;
    if (number + 1 === this.#heads.length) this.#grow();
    return number;
  }

  /** Doubles the table, which is never more than half full. */
  #grow(): void {
    const count = this.#names.length;
    const mask = count * 4 - 1;
    const [heads, tails] = [new Int32Array(count * 2), new Int32Array(count * 2)];
    heads.set(this.#heads);
    tails.set(this.#tails);
    const numbers = new Int32Array(mask + 1);
    for (let number = 0; number < count; number++) {
      let place = hash(heads[number]!, tails[number]!) & mask;
      while (numbers[place] !== 0) place = (place + 1) & mask;
      numbers[place] = number + 1;
    }
    [this.#heads, this.#tails, this.#numbers] = [heads, tails, numbers];
  }
}

function hash(head: number, tail: number): number {
  const mixed = Math.imul(head ^ Math.imul(tail, 0x27d4eb2f), 0x2c1b3c6d);
  return mixed ^ (mixed >>> 15);
}

function textOf(key: number): string {
  let text = "";
  for (let rest = key; rest > 0; rest >>= 6) text = ALPHABET.charAt(rest & 63) + text;
  return text;
}
