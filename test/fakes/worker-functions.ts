/** Functions of the pipelines that tests give a worker to run; a worker loads this file by its name. */
import "../../src/pipeline/node-compat.ts";
import "apache-beam";
import { requireForSerialization } from "apache-beam/serialization";

/** What a pipeline's option `registered_node_modules` names. */
export const WORKER_FUNCTIONS = import.meta.filename;

export const workerFunctions = {
  /** Each byte, doubled. */
  double: (bytes: Uint8Array): Uint8Array => bytes.map((byte) => 2 * byte),
  /** Itself, after as many milliseconds of work as its first byte says. */
  slow: (bytes: Uint8Array): Uint8Array => {
    const end = performance.now() + (bytes[0] ?? 0);
    while (performance.now() < end);
    return bytes;
  },
  /** Itself, but that it throws where the first byte is 0. */
  picky: (bytes: Uint8Array): Uint8Array => {
    if (bytes[0] === 0) throw new Error("zero is refused");
    return bytes;
  },
  /** Itself, said to the console. */
  talkative: (bytes: Uint8Array): Uint8Array => {
    console.debug("debug", bytes[0]);
    console.warn("warned of", bytes[0]);
    return bytes;
  },
  /**
   * Itself; an empty value as what the process holds after a garbage collection, in bytes (node --expose-gc): the heap in
   * use, and what lies outside it, buffers among it.
   */
  weighed: (bytes: Uint8Array): Uint8Array => {
    if (bytes.length > 0) return bytes;
    // What a buffer holds outside the heap is let go of a collection later.
    globalThis.gc?.();
    globalThis.gc?.();
    const { heapUsed, external } = process.memoryUsage();
    return new Uint8Array(Float64Array.of(heapUsed, external).buffer);
  },
};

requireForSerialization(WORKER_FUNCTIONS, workerFunctions);
