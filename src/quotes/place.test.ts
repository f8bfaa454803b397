import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatPlace, parsePlace, type Place, Places } from "./place.ts";
import { sessionOf } from "./session.ts";

const SECOND = 1_000;
const always = sessionOf({ session: "Always", extendedHours: false });
const nyse = sessionOf({ session: "NYSE", extendedHours: false });
const open = Date.parse("2013-10-07T13:30:00Z");
const close = Date.parse("2013-10-07T20:00:00Z");

const placesFrom = (from: number, session = always) =>
  new Places({ poller: "k3x9", shard: 1, session, intervalMs: 10 * SECOND, from });

describe("a message's place", () => {
  it("is text that can be read again", () => {
    const apart = fc.integer({ min: 1, max: 999_999_999_999 });
    const place = fc
      .record({
        poller: fc.stringMatching(/^[0-9A-Za-z]{1,40}$/),
        shard: fc.nat({ max: 999 }),
        slot: fc.integer({ min: 0, max: 4e12 }),
        part: fc.integer({ min: 1, max: 5_000 }),
        more: fc.nat({ max: 5_000 }),
        back: fc.option(fc.record({ ms: apart, own: fc.boolean() }), { nil: undefined }),
        ahead: apart,
      })
      .map(({ part, more, back, ahead, ...rest }): Place => {
        const previous = back === undefined ? {} : { previous: { slot: rest.slot - back.ms, own: back.own } };
        return { ...rest, part, parts: part + more, next: rest.slot + ahead, ...previous };
      });
    fc.assert(
      fc.property(place, (each) => {
        expect(parsePlace(formatPlace(each), each.slot)).toEqual(each);
      }),
    );
  });

  it.each([
    "",
    "x",
    "a/0/0/1//1000",
    "a/0/2/1//1000",
    "a/0/1/1//0",
    "a/0/1/1/0/1",
    "a/0/1/1/0?/1",
    "a/0/1/1/?/1",
    "a/0/1/100001//1",
    "ä/0/1/1//1",
  ])("is none where the text is %o", (text) => {
    expect(parsePlace(text, open)).toBeUndefined();
  });

  it("is none without a slot", () => {
    expect(parsePlace("a/0/1/1//1000", NaN)).toBeUndefined();
  });
});

describe("a poller's places", () => {
  it("number a slot's messages and name its neighbours, the one before being another poller's at first", () => {
    const places = placesFrom(open + 60 * SECOND);
    const slot = open + 80 * SECOND;
    const previous = { slot: open + 50 * SECOND, own: false };
    const rest = { poller: "k3x9", shard: 1, slot, parts: 2, previous, next: slot + 10 * SECOND };
    expect(places.of(slot, 2)).toEqual([
      { ...rest, part: 1 },
      { ...rest, part: 2 },
    ]);
  });

  it("name as the slot before the last that was published, and no other", () => {
    const places = placesFrom(open);
    places.published(open);
    places.of(open + 10 * SECOND, 1);
    expect(places.of(open + 20 * SECOND, 1)[0]?.previous).toEqual({ slot: open, own: true });
  });

  it("name none before the session's first slot, and after its last one the next day's first", () => {
    expect(placesFrom(open, nyse).of(open, 1)[0]?.previous).toBeUndefined();
    expect(placesFrom(close, nyse).of(close, 1)[0]).toMatchObject({
      previous: { slot: close - 10 * SECOND, own: false },
      next: open + 86_400 * SECOND,
    });
  });
});
