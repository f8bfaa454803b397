import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LogWorld, WINDOWS } from "../../test/log-world.ts";
import { quote, START } from "../../test/stream-world.ts";
import { encodeQuote } from "../quotes/wire.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

describe("a stream on a log", () => {
  it("writes each window once, as it ends, while all goes well", async () => {
    const world = new LogWorld();
    world.start();
    await world.pass(8 * MINUTE);
    expect(world.winners()).toEqual(world.expected());
    const { rows } = world.store;
    expect(rows).toHaveLength(world.expected().length);
    expect(rows.every(({ windowEnd, writtenAt }) => writtenAt - windowEnd <= 100)).toBe(true);
    expect(world.said).toEqual(["start 0", "live"]);
    world.end();
  });

  it("closes windows though no quote comes any more", async () => {
    const world = new LogWorld();
    world.start();
    await world.pass(MINUTE);
    await world.pass(5 * MINUTE, { polling: false });
    expect(world.winners()).toEqual(world.expected());
    world.end();
  });

  it("writes what is due as it is stopped", async () => {
    const world = new LogWorld();
    const stream = world.start();
    await world.pass(2 * MINUTE);
    stream.stop();
    await world.clock.advance(world.clock.now());
    await stream.ended;
    expect(world.winners()).toEqual(world.expected());
    world.end();
  });

  it("reads after a restart what the windows need, and writes no row that is there in its last state", async () => {
    const world = new LogWorld();
    const stream = world.start();
    await world.pass(20 * MINUTE);
    stream.kill();
    const before = world.store.rows.length;
    const settled = world.clock.now() - 3 * MINUTE;
    world.start();
    await world.pass(MINUTE);
    expect(world.winners()).toEqual(world.expected());
    const again = world.store.rows.slice(before);
    expect(Math.min(...again.map(({ windowEnd }) => windowEnd))).toBeGreaterThan(settled);
    expect(world.counts["quotes.accepted"]).toBeLessThan(world.published.length + 3 * 6 * 4);
    world.end();
  });

  it.each(["1m", "3m"])(
    "makes what the job of %s did not come to, and that one's rows in part lose",
    async (lagging) => {
      const world = new LogWorld();
      const before = world.start();
      await world.pass(8 * MINUTE);
      before.kill();
      // What stays behind ends here, and leaves its open windows in part.
      const { sizeMs } = WINDOWS[lagging === "1m" ? 0 : 1]!;
      const { rows } = world.store;
      const newestEnd = Math.max(...rows.map(({ windowEnd }) => windowEnd));
      const last = rows.filter((row) => row.windowEnd === newestEnd && row.resolutionMinutes * MINUTE === sizeMs);
      await world.pass(SECOND);
      const others = world.start({ windows: WINDOWS.filter((window) => window.sizeMs !== sizeMs) });
      await world.pass(20 * MINUTE);
      others.kill();
      for (const row of last) {
        for (let slots = 1; slots < row.quoteCount; slots += 1) {
          const [windowStart, windowEnd] = [row.windowStart + slots * 10 * SECOND, row.windowEnd + slots * 10 * SECOND];
          const quoteCount = row.quoteCount - slots;
          rows.push({ ...row, windowStart, windowEnd, quoteCount, writtenAt: world.clock.now() + 60 * MINUTE });
        }
      }
      const killed = world.start();
      await world.pass(3 * SECOND);
      killed.kill();
      world.start();
      await world.pass(2 * MINUTE);
      expect(world.winners()).toEqual(world.expected());
      world.end();
    },
  );

  it("begins a resolution that is new where the others are", async () => {
    const world = new LogWorld();
    const before = world.start({ windows: WINDOWS.slice(0, 1) });
    await world.pass(30 * MINUTE);
    before.kill();
    world.start();
    await world.pass(MINUTE);
    const news = world.store.rows.filter(({ resolutionMinutes }) => resolutionMinutes === 3);
    // The margin, the lateness, and what the others' newest window is ahead of its newest quote.
    expect(Math.min(...news.map(({ windowEnd }) => windowEnd))).toBeGreaterThan(START + 27 * MINUTE);
    world.end();
  });

  it("does not wait long for the quotes of a topic that is no more, as where a feed was deleted and applied again", async () => {
    const before = new LogWorld();
    before.start();
    await before.pass(5 * MINUTE);
    before.end();
    const world = new LogWorld();
    const ago = 60 * MINUTE;
    for (const row of before.store.rows) {
      const [windowStart, windowEnd] = [row.windowStart - ago, row.windowEnd - ago];
      world.store.rows.push({ ...row, windowStart, windowEnd, eventTime: row.eventTime - ago });
    }
    world.start();
    await world.pass(MINUTE);
    expect(world.said).toEqual(["start 0", "missed: lacking", "start 1", "live"]);
    await world.pass(4 * MINUTE);
    const rowsSince = world.winners().filter(({ end }) => end > START);
    expect(rowsSince).toEqual(world.expected());
    world.end();
  });

  it("makes the rows of an outage of the sink that outlasts the longest window, backlog and all", async () => {
    const world = new LogWorld({ rate: 5, disorder: 3, random: () => 0.5 });
    world.start({ capacity: 40 });
    await world.pass(5 * MINUTE);
    world.store.refuses.add("rows");
    await world.pass(20 * MINUTE);
    world.store.refuses.clear();
    await world.pass(5 * MINUTE);
    expect(world.winners()).toEqual(world.expected());
    expect(world.store.letters).toEqual([]);
    world.end();
  });

  it("reads again what it missed while it was cut off from the log, and calls none of it late", async () => {
    const world = new LogWorld();
    world.start();
    await world.pass(5 * MINUTE);
    world.log.connected = false;
    await world.pass(10 * MINUTE);
    world.log.connected = true;
    await world.pass(5 * MINUTE);
    expect(world.winners()).toEqual(world.expected());
    expect(world.store.letters).toEqual([]);
    expect(world.said).toContain("missed: late");
    world.end();
  });

  it("puts a quote that was published too late into the dead letter, once, and what is none with its reason", async () => {
    const world = new LogWorld();
    const stream = world.start();
    await world.pass(6 * MINUTE);
    const late = quote("IBM", START + MINUTE, { price: 7 });
    world.log.publish(encodeQuote(late).data);
    world.log.publish("no quote");
    world.log.publish(encodeQuote({ ...late, feed: "default/four" }).data);
    world.log.publish(encodeQuote({ ...late, observedAt: START + 20 * MINUTE }).data);
    await world.pass(10 * SECOND);
    const reasons = ["TooLate", "Malformed", "Malformed", "FutureTime"];
    expect(world.store.letters.map(({ reason }) => reason)).toEqual(reasons);
    expect(world.counts["quotes.dead_letter"]).toBe(4);
    expect(world.winners()).toEqual(world.expected());
    // They are read again at the next start.
    await world.pass(6 * MINUTE);
    stream.kill();
    world.start();
    await world.pass(MINUTE);
    expect(world.store.letters).toHaveLength(4);
    world.end();
  });

  it("keeps what the dead letter does not take, and goes on with the rest", async () => {
    const world = new LogWorld();
    world.start();
    await world.pass(MINUTE);
    world.store.refuses.add("letters");
    world.log.publish("no quote");
    await world.pass(2 * MINUTE);
    expect(world.said).toContain("obstacle: dead letter");
    expect(world.winners()).toEqual(world.expected());
    world.store.refuses.clear();
    await world.pass(MINUTE);
    expect(world.store.letters.map(({ payload }) => payload)).toEqual(["no quote"]);
    world.end();
  });

  it("waits for a sink that can't say how far it is", async () => {
    const world = new LogWorld();
    world.store.refuses.add("rows");
    world.start();
    await world.pass(3 * MINUTE);
    expect(world.said).toEqual(world.said.map(() => "obstacle: sink"));
    world.store.refuses.clear();
    await world.pass(MINUTE);
    expect(world.winners()).toEqual(world.expected());
    world.end();
  });

  it.each(["older", "newer"])("of two at once mends alone what both have done, the %s one", async (survivor) => {
    let seed = 1;
    const random = () => (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647;
    const world = new LogWorld({ rate: 50, disorder: 2, random });
    const older = world.start();
    await world.pass(10 * MINUTE);
    const newer = world.start();
    await world.pass(3 * MINUTE);
    (survivor === "older" ? newer : older).kill();
    await world.pass(12 * MINUTE);
    expect(world.said).toContain("missed: second reader");
    expect(world.winners()).toEqual(world.expected());
    expect(world.store.letters).toEqual([]);
    world.end();
  });
});

describe("whatever happens to a stream", () => {
  const event = fc.oneof(
    fc.record({ kind: fc.constant("pass" as const), seconds: fc.integer({ min: 1, max: 90 }) }),
    fc.record({ kind: fc.constant("kill" as const), down: fc.nat({ max: 400 }) }),
    fc.record({ kind: fc.constant("sink away" as const), seconds: fc.nat({ max: 400 }) }),
    fc.record({ kind: fc.constant("cut off" as const), seconds: fc.nat({ max: 400 }) }),
  );

  it("the winning rows end as brute force has them, and no good quote in the dead letter", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(event, { maxLength: 8 }),
        fc.integer({ min: 4, max: 60 }),
        fc.nat({ max: 30 }),
        fc.integer({ min: 10, max: 500 }),
        fc.infiniteStream(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })),
        async (events, rate, disorder, capacity, randoms) => {
          const random = () => randoms.next().value as number;
          const world = new LogWorld({ rate, disorder, random });
          let stream = world.start({ capacity });
          await world.pass(MINUTE);
          for (const each of events) {
            if (each.kind === "pass") await world.pass(each.seconds * SECOND);
            if (each.kind === "kill") {
              stream.kill();
              await world.pass(each.down * SECOND);
              stream = world.start({ capacity });
            }
            if (each.kind === "sink away") {
              world.store.refuses.add("rows");
              await world.pass(each.seconds * SECOND);
              world.store.refuses.clear();
            }
            if (each.kind === "cut off") {
              world.log.connected = false;
              await world.pass(each.seconds * SECOND);
              world.log.connected = true;
            }
          }
          await world.pass(10 * MINUTE);
          world.end();
          expect(world.winners()).toEqual(world.expected());
          expect(world.store.letters).toEqual([]);
        },
      ),
      { numRuns: 30 },
    );
  });
});
