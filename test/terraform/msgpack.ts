/**
 * MessagePack as Terraform sends configurations: maps with text for keys. What is not known yet comes as an extension, and
 * is `UNKNOWN` here.
 * https://github.com/msgpack/msgpack/blob/master/spec.md
 */

/** A value that Terraform does not know before an apply. */
export const UNKNOWN = Symbol("unknown");

/** @returns null, a boolean, number, bigint, text, Buffer, UNKNOWN, or an array or object of such. @throws Error where the bytes are no MessagePack */
export function decode(bytes: Buffer): unknown {
  return new Reader(bytes).value();
}

class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  value(): unknown {
    const head = this.#unsigned(1);
    if (head < 0x80) return head;
    if (head < 0x90) return this.#map(head & 0x0f);
    if (head < 0xa0) return this.#array(head & 0x0f);
    if (head < 0xc0) return this.#text(head & 0x1f);
    if (head >= 0xe0) return head - 0x100;
    return this.#long(head);
  }

  /** What has its length, or its number, in the bytes behind the first. */
  #long(head: number): unknown {
    switch (head) {
      case 0xc0:
        return null;
      case 0xc2:
      case 0xc3:
        return head === 0xc3;
      case 0xc4:
      case 0xc5:
      case 0xc6:
        return this.#take(this.#unsigned(2 ** (head - 0xc4)));
      case 0xc7:
      case 0xc8:
      case 0xc9:
        return this.#extension(this.#unsigned(2 ** (head - 0xc7)));
      case 0xca:
        return this.#take(4).readFloatBE();
      case 0xcb:
        return this.#take(8).readDoubleBE();
      case 0xcc:
      case 0xcd:
      case 0xce:
        return this.#unsigned(2 ** (head - 0xcc));
      case 0xcf:
        return this.#take(8).readBigUInt64BE();
      case 0xd0:
      case 0xd1:
      case 0xd2: {
        const size = 2 ** (head - 0xd0);
        return this.#take(size).readIntBE(0, size);
      }
      case 0xd3:
        return this.#take(8).readBigInt64BE();
      case 0xd4:
      case 0xd5:
      case 0xd6:
      case 0xd7:
      case 0xd8:
        return this.#extension(2 ** (head - 0xd4));
      case 0xd9:
      case 0xda:
      case 0xdb:
        return this.#text(this.#unsigned(2 ** (head - 0xd9)));
      case 0xdc:
      case 0xdd:
        return this.#array(this.#unsigned(2 ** (head - 0xdb)));
      case 0xde:
      case 0xdf:
        return this.#map(this.#unsigned(2 ** (head - 0xdd)));
      default:
        throw new Error(`There is no value that begins with the byte ${head.toString(16)}.`);
    }
  }

  #extension(length: number): typeof UNKNOWN {
    this.#take(length + 1);
    return UNKNOWN;
  }

  #map(size: number): Record<string, unknown> {
    const entries = Array.from({ length: size }, () => [this.value() as string, this.value()] as const);
    return Object.fromEntries(entries);
  }

  #array(size: number): unknown[] {
    return Array.from({ length: size }, () => this.value());
  }

  #text(length: number): string {
    return this.#take(length).toString("utf8");
  }

  #unsigned(size: number): number {
    return this.#take(size).readUIntBE(0, size);
  }

  #take(length: number): Buffer {
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new Error("The bytes end before the value does.");
    const taken = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }
}
