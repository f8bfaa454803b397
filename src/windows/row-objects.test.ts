import { expect, it } from "vitest";
import { meanText } from "./mean.ts";
import type { RowColumns } from "./row-columns.ts";
import { rowObjects } from "./row-objects.ts";
import { WindowEngine } from "./window-engine.ts";

const MINUTE = 60_000;
const START = Date.UTC(2013, 9, 7, 13, 30);

it("gives each row as an object, with its symbol and its window in words", () => {
  const windows = [{ sizeMs: MINUTE, periodMs: 10_000, offsetMs: 5_000, allowedLatenessMs: 0 }];
  const engine = new WindowEngine({ symbolCount: 2, windows, watermark: START });
  engine.add(1, START, 3_000_000, 1);
  engine.add(1, START + 10_000, 1_000_000, 1);
  engine.add(1, START + 20_000, 2_000_001, 1);
  const origin = { feed: "default/test", symbols: ["AIG", "BAC"], windows, engine: "Embedded" as const };
  const last: ReturnType<typeof rowObjects> = [];
  engine.advance(START + 25_000, (columns) => {
    last.splice(0, last.length, ...rowObjects(columns, origin, 7));
  });
  expect(last).toEqual([
    {
      feed: "default/test",
      symbol: "BAC",
      resolutionMinutes: 1,
      windowStart: START - 35_000,
      windowEnd: START + 25_000,
      eventTime: START + 20_000,
      firstEventTime: START,
      firstPrice: 3_000_000,
      lastPrice: 2_000_001,
      minPrice: 1_000_000,
      maxPrice: 3_000_000,
      meanPrice: meanText(0, 6_000_001, 3),
      quoteCount: 3,
      expectedCount: 6,
      engine: "Embedded",
      writtenAt: 7,
    },
  ]);
  expect(() => rowObjects({ windowIndex: 1 } as RowColumns, origin, 7)).toThrow("Window 1 is none of 1");
});
