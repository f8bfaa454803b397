import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LogWorld } from "../../test/log-world.ts";
import { SYMBOLS } from "../../test/stream-world.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

/** How a log gives its messages to two readers. */
const arbitrarySplit = fc.oneof(
  fc.constantFrom(0, 1).map((older) => ({ kind: "share" as const, older })),
  fc.record({ kind: fc.constant("share" as const), older: fc.double({ min: 0, max: 1, noNaN: true }) }),
  fc.record({ kind: fc.constant("every" as const), nth: fc.integer({ min: 1, max: 40 }) }),
);

describe("two streams at once", () => {
  const seconds = (max: number) => fc.integer({ min: 0, max });
  const course = fc.record({
    symbols: fc.integer({ min: 1, max: SYMBOLS.length }),
    split: fc.array(arbitrarySplit, { minLength: 1, maxLength: 4 }),
    alone: seconds(600),
    together: seconds(90),
    survivor: fc.constantFrom("older" as const, "newer" as const),
    died: fc.constantFrom("killed" as const, "stopped" as const),
    after: seconds(120),
    // The last quotes may be those that the other one had.
    falls: fc.constantFrom("silent" as const, "not silent" as const),
    rate: fc.integer({ min: 4, max: 60 }),
    disorder: fc.nat({ max: 30 }),
  });

  it("end as brute force has them once one of the two is gone, however the log is split between them", async () => {
    await fc.assert(
      fc.asyncProperty(
        course,
        fc.infiniteStream(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })),
        async ({ symbols, split, alone, together, survivor, died, after, falls, rate, disorder }, randoms) => {
          const random = () => randoms.next().value as number;
          let at = 0;
          const pick = (readers: number, { id }: { readonly id: string }) => {
            const way = split[Math.floor(at) % split.length];
            if (way === undefined || readers < 2) return 0;
            return way.kind === "share" ? Number(random() >= way.older) : Number(Number(id) % way.nth === 0);
          };
          const world = new LogWorld({ rate, disorder, random, pick });
          const polling = { symbols: SYMBOLS.slice(0, symbols) };
          const older = world.start();
          await world.pass(MINUTE + alone * SECOND, polling);
          const newer = world.start();
          for (let i = 0; i < split.length; i += 1) {
            at = i;
            await world.pass((together / split.length) * SECOND, polling);
          }
          const gone = survivor === "older" ? newer : older;
          if (died === "killed") gone.kill();
          else gone.stop();
          await world.pass(after * SECOND, polling);
          await world.pass(12 * MINUTE, { ...polling, polling: falls === "not silent" });
          world.end();
          expect(world.winners()).toEqual(world.expected());
          expect(world.store.letters).toEqual([]);
        },
      ),
      { numRuns: 60 },
    );
  });

  const step = fc.record({
    kind: fc.constantFrom("start" as const, "kill" as const, "stop" as const, "pass" as const),
    which: fc.nat({ max: 5 }),
    seconds: fc.integer({ min: 0, max: 240 }),
    share: fc.oneof(fc.constantFrom(0, 1), fc.double({ min: 0, max: 1, noNaN: true })),
  });
  it("end as brute force has them once one is left, however many come and go, and however they end", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          symbols: fc.integer({ min: 1, max: SYMBOLS.length }),
          steps: fc.array(step, { maxLength: 12 }),
          rate: fc.integer({ min: 4, max: 60 }),
          disorder: fc.nat({ max: 30 }),
          falls: fc.constantFrom("silent" as const, "not silent" as const),
        }),
        fc.infiniteStream(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })),
        async ({ symbols, steps, rate, disorder, falls }, randoms) => {
          const random = () => randoms.next().value as number;
          let share = 0.5;
          const pick = (readers: number) => (random() < share ? 0 : Math.floor(random() * readers));
          const world = new LogWorld({ rate, disorder, random, pick });
          const polling = { symbols: SYMBOLS.slice(0, symbols) };
          const alive = [world.start()];
          await world.pass(MINUTE, polling);
          for (const each of steps) {
            share = each.share;
            if (each.kind === "start" && alive.length < 3) alive.push(world.start());
            if ((each.kind === "kill" || each.kind === "stop") && alive.length > 0) {
              const [gone] = alive.splice(each.which % alive.length, 1);
              gone?.[each.kind]();
            }
            await world.pass(each.seconds * SECOND, polling);
          }
          if (alive.length === 0) alive.push(world.start());
          for (const gone of alive.splice(1)) gone.kill();
          await world.pass(20 * MINUTE, { ...polling, polling: falls === "not silent" });
          world.end();
          expect(world.winners()).toEqual(world.expected());
          expect(world.store.letters).toEqual([]);
        },
      ),
      { numRuns: 30 },
    );
  });
});
