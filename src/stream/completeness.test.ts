import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Place, Places } from "../quotes/place.ts";
import { sessionOf } from "../quotes/session.ts";
import { Completeness } from "./completeness.ts";

const SECOND = 1_000;
const INTERVAL = 10 * SECOND;
const FROM = Date.parse("2026-03-02T12:00:00Z");
const session = sessionOf({ session: "Always", extendedHours: false });

/** What one poller publishes: so many messages in each of some slots. */
function published(poller: string, from: number, slots: readonly number[], parts: number, shard = 0): Place[] {
  const places = new Places({ poller, shard, session, intervalMs: INTERVAL, from });
  return slots.flatMap((slot) => {
    const own = places.of(slot, parts);
    places.published(slot);
    return own;
  });
}

/** Consecutive pollers of a shard, from FROM on, each with some of its six slots. */
function pollers(count: number, parts: number, shard: number, polled: (slot: number) => boolean): Place[] {
  return Array.from({ length: count }, (_, i) => {
    const from = FROM + i * 6 * INTERVAL;
    const slots = [0, 1, 2, 3, 4, 5].map((k) => from + k * INTERVAL).filter(polled);
    return published(`p${i}`, from, slots, parts, shard);
  }).flat();
}

const reading = (places: readonly Place[]) => {
  const completeness = new Completeness(FROM, INTERVAL, []);
  for (const place of places) completeness.note(place, place.slot + SECOND);
  return completeness;
};
/** What lacks long before the newest is late. */
const lacks = (places: readonly Place[]) =>
  reading(places).lacks(Math.max(...places.map(({ slot }) => slot)) + SECOND + 1);
const without = (places: readonly Place[], gone: (place: Place) => boolean) => places.filter((each) => !gone(each));

describe("what a reader lacks", () => {
  it("is nothing while it has all, in whatever order it came, once or twice, and whichever slots a poller left out", () => {
    const course = fc.record({
      shards: fc.integer({ min: 1, max: 3 }),
      parts: fc.integer({ min: 1, max: 4 }),
      // The first and the last slot of each poller are polled: else the next one can't know.
      polled: fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }),
      twice: fc.nat({ max: 20 }),
      order: fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })),
    });
    fc.assert(
      fc.property(course, ({ shards, parts, polled, twice, order }) => {
        const isPolled = (slot: number) => polled[(((slot - FROM) / INTERVAL) % 6) - 1] ?? true;
        const all = Array.from({ length: shards }, (_, shard) => pollers(4, parts, shard, isPolled)).flat();
        const sent = [...all, ...all.slice(0, twice)];
        const rank = new Map(sent.map((place) => [place, order.next().value as number]));
        expect(lacks(sent.sort((a, b) => (rank.get(a) ?? 0) - (rank.get(b) ?? 0)))).toEqual([]);
      }),
    );
  });

  it("is whatever somebody else has, any part of it, up to what is newest in each shard", () => {
    const all = [0, 1].flatMap((shard) => pollers(4, 3, shard, () => true));
    const newest = Math.max(...all.map(({ slot }) => slot));
    fc.assert(
      fc.property(
        fc.subarray(
          all.filter(({ slot }) => slot < newest),
          { minLength: 1 },
        ),
        (others) => {
          const found = lacks(without(all, (place) => others.includes(place)));
          // To read again from the oldest that is lacking brings all of them.
          const oldest = Math.min(...others.map(({ slot }) => slot));
          expect(Math.min(...found.map(({ slot }) => slot))).toBeLessThanOrEqual(oldest);
        },
      ),
    );
  });

  it("is certain where the poller says itself that it is there, and else may never have been published", () => {
    const [first = [], second = []] = [0, 1].map((i) => {
      const from = FROM + i * 6 * INTERVAL;
      return published(
        `p${i}`,
        from,
        [0, 1, 2, 3, 4, 5].map((k) => from + k * INTERVAL),
        2,
      );
    });
    const certain = (gone: (place: Place) => boolean) =>
      lacks(without([...first, ...second], gone)).map((lack) => lack.kind);
    expect(certain(({ slot }) => slot === FROM + INTERVAL)).toEqual(["certain"]);
    expect(certain((place) => place === first[2])).toEqual(["certain"]);
    expect(certain(({ slot }) => slot === FROM + 5 * INTERVAL)).toEqual(["possible"]);
    expect(certain((place) => place === second.at(-1))).toEqual(["possible"]);
  });

  it("is the slot after the newest once a minute has passed, as long as nothing says that it was left out", () => {
    const places = published("a", FROM, [FROM, FROM + INTERVAL, FROM + 9 * INTERVAL], 1);
    const [lack] = reading(places.slice(0, 2)).lacks(Infinity);
    expect(lack).toMatchObject({
      slot: FROM + INTERVAL,
      publishedBy: FROM + 2 * INTERVAL + 61 * SECOND,
      kind: "silence",
    });
    expect(lacks(places)).toEqual([]);
  });

  it("is what was there in the reading before, until it comes again", () => {
    const places = published("a", FROM, [FROM, FROM + INTERVAL], 1, 2);
    const again = new Completeness(FROM, INTERVAL, reading(places).expected);
    expect(again.lacks(Infinity)).toMatchObject([{ slot: FROM + INTERVAL, kind: "certain" }]);
    for (const place of places) again.note(place, place.slot);
    expect(again.lacks(Infinity).filter(({ kind }) => kind === "certain")).toEqual([]);
  });

  it("is nothing of a slot that it has forgotten, or of a future that no clock allows", () => {
    const places = pollers(30, 1, 0, () => true);
    const completeness = reading(without(places, ({ slot }) => slot === FROM + INTERVAL));
    const late = FROM + 20 * 6 * INTERVAL;
    completeness.forget(late);
    for (const [place] of [published("z", FROM, [late - INTERVAL], 2), published("z", late, [late + 1e9], 1)]) {
      if (place !== undefined) completeness.note(place, late);
    }
    expect(completeness.lacks(late + 1e8)).toMatchObject([{ slot: FROM + 30 * 6 * INTERVAL - INTERVAL }]);
  });
});
