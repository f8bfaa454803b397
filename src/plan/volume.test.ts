import { describe, expect, it } from "vitest";
import { feedWith, symbols } from "../../test/feed.ts";
import { durationMs } from "../api/duration.ts";
import { windowSpecs } from "../api/window-specs.ts";
import { dailyVolume } from "./volume.ts";

const DAY = 86_400_000;
const CLOUD = {
  engine: "Dataflow",
  pubsub: { projectId: "acme-feeds" },
  sink: { bigQuery: { projectId: "acme-feeds", dataset: "markets" } },
  dataflow: { projectIds: ["acme-feeds"], region: "europe-west2", tempLocation: "gs://acme" },
};

/** Windows of one symbol that hold a slot, found one by one: a quote at t is in those with `t < end <= t + size`. */
function windowsHolding(
  slots: readonly number[],
  spec: { sizeMs: number; periodMs: number; offsetMs: number },
): number {
  const ends = new Set<number>();
  for (const slot of slots) {
    for (let end = slot; end <= slot + spec.sizeMs; end += 5_000) {
      const onGrid = (end - spec.sizeMs - spec.offsetMs) % spec.periodMs === 0;
      if (onGrid && slot < end) ends.add(end);
    }
  }
  return ends.size;
}

describe("a day's volume", () => {
  it("of ten stocks every ten seconds, day and night, is 86,400 quotes and three rows for each", () => {
    expect(dailyVolume(feedWith({ spec: { symbols: symbols(10) } }).spec)).toEqual({
      slots: 8_640,
      quotes: 86_400,
      rows: [
        { resolution: "1m", rows: 86_400 },
        { resolution: "5m", rows: 86_400 },
        { resolution: "15m", rows: 86_400 },
      ],
      messagesPublished: 86_400,
      messagesDelivered: 172_800,
    });
  });

  it("of a session polls both its ends, and counts the windows that reach over them", () => {
    const { slots, rows } = dailyVolume(feedWith({ spec: { polling: { session: "NYSE" } } }).spec);
    expect(slots).toBe(2_341); // 6.5 hours of 360, and the last
    expect(rows.map((each) => each.rows)).toEqual([2_346, 2_370, 2_430]);
  });

  it.each([
    ["10m", ["10m", "1h", "12h"]],
    ["30m", ["30m", "2h", "24h"]],
  ])("has as many rows as windows that hold a slot, at %s", (interval, windows) => {
    const polling = { session: "NYSE", interval };
    const { spec } = feedWith({ spec: { polling, resolutions: windows.map((window) => ({ window })) } });
    const every = durationMs(interval);
    const open = 9.5 * 3_600_000;
    const slots = Array.from({ length: Math.floor((6.5 * 3_600_000) / every) + 1 }, (_, index) => open + index * every);
    const expected = windowSpecs(spec).map((window) => Math.min(windowsHolding(slots, window), DAY / every));
    expect(dailyVolume(spec).slots).toBe(slots.length);
    expect(dailyVolume(spec).rows.map(({ rows }) => rows)).toEqual(expected);
  });

  it("has each row as a message too, and each quote for every job, under Dataflow", () => {
    const { messagesPublished, messagesDelivered } = dailyVolume(feedWith({ spec: CLOUD }).spec);
    expect(messagesPublished).toBe(8_640 + 3 * 8_640);
    expect(messagesDelivered).toBe((3 + 1) * 8_640 + 3 * 8_640);
    const unarchived = dailyVolume(feedWith({ spec: { ...CLOUD, archive: false } }).spec);
    expect(unarchived.messagesDelivered).toBe(messagesDelivered - 8_640);
  });
});
