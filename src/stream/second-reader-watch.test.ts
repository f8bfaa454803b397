import { describe, expect, it } from "vitest";
import type { LogMessage } from "../ports.ts";
import { SecondReaderWatch } from "./second-reader-watch.ts";

const FORGET = 1_000_000;
const message = (id: number, publishedAt = id * 10): LogMessage => ({
  id: String(id),
  publishedAt,
  data: new Uint8Array(),
  ack: () => undefined,
});
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

/** One that has acknowledged messages 0 to count - 1 at time 0. */
function watch(count: number, earlier: Iterable<string> = []): SecondReaderWatch {
  const made = new SecondReaderWatch(FORGET, earlier);
  for (const id of range(0, count)) made.noteAcknowledged(message(id), 0);
  return made;
}

describe("who reads a log", () => {
  it("is not alarmed by some messages that come twice", () => {
    const watching = watch(100);
    expect(range(0, 19).some((id) => watching.noteDelivery(message(id), 5_000))).toBe(false);
  });

  it.each([20, 100, 30_000])("notices that a part of %i messages comes again", (count) => {
    const watching = watch(count);
    const half = range(0, count).filter((id) => id % 2 === 0);
    expect(half.some((id) => watching.noteDelivery(message(id), 5_000))).toBe(true);
  });

  it("takes another message of the same number for another, as after a server that forgot all", () => {
    const watching = watch(100);
    expect(range(0, 100).some((id) => watching.noteDelivery(message(id, 1_000_000 + id), 5_000))).toBe(false);
  });

  it("forgets what nobody would go back to", () => {
    const watching = watch(100);
    for (const id of range(100, 200)) watching.noteAcknowledged(message(id), FORGET + 1);
    expect(range(0, 100).some((id) => watching.noteDelivery(message(id), FORGET + 5_000))).toBe(false);
  });

  it("notices that it is not given what an earlier reading was given", () => {
    const { remembered } = watch(1_000);
    const alone = new SecondReaderWatch(FORGET, remembered.keys());
    for (const id of range(0, 998)) alone.noteDelivery(message(id), 0);
    expect(alone.lacks).toBe(false);
    const shared = new SecondReaderWatch(FORGET, remembered.keys());
    for (const id of range(0, 1_000)) if (id % 10 !== 0) shared.noteDelivery(message(id), 0);
    expect(shared.lacks).toBe(true);
  });
});
