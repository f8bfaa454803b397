import { describe, expect, it } from "vitest";
import { type Place, Places } from "../quotes/place.ts";
import { sessionOf } from "../quotes/session.ts";
import { type Findings, LackWatch } from "./lack-watch.ts";

const SECOND = 1_000;
const INTERVAL = 10 * SECOND;
const FROM = Date.parse("2026-03-02T12:00:00Z");
/** Before what comes after the messages is due. */
const NOW = FROM + 26 * INTERVAL;
const session = sessionOf({ session: "Always", extendedHours: false });

/** Twenty slots with two messages each, by one poller, and after its own slots one of the next poller. */
const MESSAGES = (() => {
  const places = new Places({ poller: "a", shard: 0, session, intervalMs: INTERVAL, from: FROM });
  const own = Array.from({ length: 20 }, (_, i) => {
    const messages = places.of(FROM + i * INTERVAL, 2);
    places.published(FROM + i * INTERVAL);
    return messages;
  }).flat();
  const next = new Places({ poller: "b", shard: 0, session, intervalMs: INTERVAL, from: FROM + 21 * INTERVAL });
  return [...own, ...next.of(FROM + 21 * INTERVAL, 2)];
})();
/** Slot 20 was never published, as far as anybody can tell. */
const HOLE = FROM + 19 * INTERVAL;
const isIn = (slot: number) => (place: Place) => place.slot === FROM + slot * INTERVAL;

/** One reading some minutes later, of all messages but some; the silence after them is not judged. */
function reading(earlier: Findings | undefined, gone: (place: Place) => boolean, messages = MESSAGES) {
  const start = { watermark: FROM, newestQuote: FROM };
  const watch = new LackWatch({ start, intervalMs: INTERVAL, startedAt: NOW, earlier });
  for (const place of messages) if (!gone(place)) watch.note(place, place.slot + SECOND);
  const settled = FROM + 25 * INTERVAL;
  const verdict = watch.judge(settled);
  return { verdict, watch, findings: watch.findings(settled) };
}
const none = () => false;

describe("a log is read again", () => {
  it("where something lacks that may have been published, and once more where another part of it lacks then", () => {
    const first = reading(undefined, isIn(7));
    expect(first.verdict).toEqual({ why: "lacking", from: FROM + 6 * INTERVAL });
    const second = reading(first.findings, isIn(8));
    expect(second.verdict).toEqual({ why: "second reader", from: FROM + 7 * INTERVAL });
  });

  it("not a second time where the very same lacks, unless it is known to be there", () => {
    const first = reading(undefined, none);
    expect(first.verdict).toEqual({ why: "lacking", from: HOLE });
    const second = reading(first.findings, none);
    expect(second.verdict).toBeUndefined();
    expect(reading(second.findings, none).verdict).toBeUndefined();
    expect(reading(second.findings, isIn(7)).verdict).toMatchObject({ why: "second reader" });
  });

  it("four times where the very same lacks that is known to be there, as after a log that lost some", () => {
    const verdicts: unknown[] = [];
    let findings: Findings | undefined;
    for (let i = 0; i < 6; i += 1) {
      const next = reading(findings, isIn(7));
      verdicts.push(next.verdict?.why);
      findings = next.findings;
    }
    expect(verdicts).toEqual(["lacking", "lacking", "lacking", "lacking", undefined, undefined]);
  });

  it("where nothing comes at all, though an earlier reading or the sink's rows know of some", () => {
    expect(reading(undefined, () => true).verdict).toEqual({ why: "lacking", from: FROM });
    const { findings } = reading(undefined, none);
    expect(reading(findings, () => true).verdict).toMatchObject({ why: "second reader" });
  });

  it("not before all that lacked the last time has had its time to come", () => {
    const { findings } = reading(undefined, none);
    const start = { watermark: FROM, newestQuote: FROM };
    const watch = new LackWatch({ start, intervalMs: INTERVAL, startedAt: NOW, earlier: findings });
    expect(watch.judge(findings.upTo - 1)).toBeUndefined();
    expect(watch.judge(findings.upTo)).toBeDefined();
  });

  it("not for what may have been before a feed's first messages", () => {
    const later = MESSAGES.filter(isIn(21));
    const settled = FROM + 25 * INTERVAL;
    const begin = (from: number, newestQuote?: number, earlier?: Findings) => {
      const start = { watermark: from, ...(newestQuote !== undefined && { newestQuote }) };
      const watch = new LackWatch({ start, intervalMs: INTERVAL, startedAt: NOW, earlier });
      for (const place of later) watch.note(place, place.slot);
      const { wantedFrom } = watch;
      return { wantedFrom, verdict: watch.judge(settled), findings: watch.findings(settled) };
    };
    const { wantedFrom, verdict, findings } = begin(FROM - 7 * 86_400 * SECOND);
    expect(wantedFrom).toBe(Infinity);
    expect(verdict).toBeUndefined();
    // Nor when that part is read again.
    expect(begin(FROM, FROM + 21 * INTERVAL, findings).verdict).toBeUndefined();
    expect(begin(FROM, FROM + 21 * INTERVAL).verdict).toMatchObject({ why: "lacking" });
  });
});

describe("rows are held back", () => {
  it("not from a silence, which has nothing after it", () => {
    const { findings } = reading(reading(undefined, none).findings, none);
    const start = { watermark: FROM, newestQuote: FROM };
    const startedAt = NOW + 600 * SECOND;
    const watch = new LackWatch({ start, intervalMs: INTERVAL, startedAt, earlier: findings });
    for (const place of MESSAGES) watch.note(place, place.slot + SECOND);
    expect(watch.wantedFrom).toBe(Infinity);
    expect(watch.judge(startedAt - 60 * SECOND)).toEqual({ why: "lacking", from: FROM + 21 * INTERVAL });
  });

  it("from what an earlier reading had a moment before", () => {
    const { findings } = reading(undefined, none);
    const start = { watermark: FROM, newestQuote: FROM };
    const newest = FROM + 21 * INTERVAL;
    const watch = new LackWatch({ start, intervalMs: INTERVAL, startedAt: newest + SECOND, earlier: findings });
    expect(watch.wantedFrom).toBe(newest);
  });

  it("from what lacks of the past in which a reading began, and not from a hole", () => {
    const { findings, watch } = reading(undefined, none);
    expect(watch.wantedFrom).toBe(HOLE);
    const second = reading(findings, none);
    expect(second.watch.wantedFrom).toBe(Infinity);
    expect(reading(second.findings, isIn(7)).watch.wantedFrom).toBe(FROM + 6 * INTERVAL);
  });
});
