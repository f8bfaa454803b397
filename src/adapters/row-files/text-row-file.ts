import type { RowColumns } from "../../windows/row-columns.ts";
import { RowEncoder, type RowNames } from "./row-encoder.ts";
import type { RowFile } from "./row-file.ts";
import type { RowLayout } from "./row-layout.ts";
import type { Target } from "./target.ts";

/** Bytes that wait before they are written. */
const FLUSH_BYTES = 1 << 20;

/** Rows as lines of text. */
export class TextRowFile implements RowFile {
  readonly #encoder: RowEncoder;
  readonly #target: Target;

  constructor(layout: RowLayout, names: RowNames, target: Target) {
    this.#encoder = new RowEncoder(layout, names);
    this.#target = target;
  }

  write(rows: RowColumns): void {
    this.#encoder.add(rows);
  }

  drain(): Promise<void> | undefined {
    return this.#encoder.length < FLUSH_BYTES ? undefined : this.#target.write(this.#encoder.take());
  }

  async close(): Promise<void> {
    await this.#target.write(this.#encoder.take());
    await this.#target.commit();
  }

  async discard(): Promise<void> {
    await this.#target.discard();
  }
}
