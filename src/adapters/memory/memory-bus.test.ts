import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { manualClock } from "../../../test/fakes/manual-clock.ts";
import type { Quote } from "../../quotes/quote.ts";
import { memoryBus, type Redelivery } from "./memory-bus.ts";

const start = Date.parse("2026-11-20T15:00:00Z");
let serial = 0;

/** That many quotes, each told apart by its price. */
const quotes = (count: number): Quote[] =>
  Array.from({ length: count }, () => ({
    feed: "markets/tech",
    symbol: "AAPL",
    price: ++serial,
    observedAt: start,
    providerTime: start,
    provider: "Simulated",
  }));

describe("memory bus", () => {
  it("delivers batches in the order of publishing, before and after the subscription", async () => {
    const bus = memoryBus({ clock: manualClock(start) });
    const batches = [quotes(2), quotes(1), quotes(3)];
    const taken: Quote[] = [];
    await bus.publish(batches[0]!);
    bus.subscribe((batch) => {
      taken.push(...batch);
      return Promise.resolve();
    });
    await bus.publish(batches[1]!);
    await bus.publish(batches[2]!);
    await bus.close();
    expect(taken).toEqual(batches.flat());
  });

  it("makes publishers wait while it is full, and lets them in as there is room", async () => {
    const clock = manualClock(start);
    const bus = memoryBus({ clock, capacity: 4 });
    const admitted: string[] = [];
    void bus.publish(quotes(3)).then(() => admitted.push("three"));
    void bus.publish(quotes(2)).then(() => admitted.push("two"));
    void bus.publish(quotes(1)).then(() => admitted.push("one"));
    await clock.advance(start + 1);
    // One quote would fit, but it came after the two: the order is kept.
    expect(admitted).toEqual(["three"]);
    bus.subscribe(() => Promise.resolve());
    await vi.waitFor(() => {
      expect(admitted).toEqual(["three", "two", "one"]);
    });
    await bus.close();
  });

  it("takes a batch that is larger than the whole queue", async () => {
    const bus = memoryBus({ clock: manualClock(start), capacity: 2 });
    await expect(bus.publish(quotes(5))).resolves.toBeUndefined();
  });

  it("delivers again what the handler rejected, after a delay that doubles up to ten seconds", async () => {
    const clock = manualClock(start);
    const redeliveries: Redelivery[] = [];
    const bus = memoryBus({ clock, onRedelivery: (redelivery) => redeliveries.push(redelivery) });
    const batch = quotes(2);
    const deliveries: number[] = [];
    let broken = true;
    bus.subscribe((delivered) => {
      expect(delivered).toBe(batch);
      deliveries.push(clock.now() - start);
      return broken ? Promise.reject(new Error("disk full")) : Promise.resolve();
    });
    await bus.publish(batch);
    await clock.advance(start + 30_000);
    expect(deliveries).toEqual([0, 100, 300, 700, 1_500, 3_100, 6_300, 12_700, 22_700]);
    expect(redeliveries[1]).toEqual({ error: new Error("disk full"), attempt: 2, retryAt: start + 300, quotes: 2 });
    broken = false;
    await clock.advance(start + 33_000);
    expect(deliveries.at(-1)).toBe(32_700);
    await expect(bus.close()).resolves.toBeUndefined();
  });

  it("delivers all it has before it closes, also what still waits for room", async () => {
    const bus = memoryBus({ clock: manualClock(start), capacity: 1 });
    const batches = [quotes(1), quotes(1), quotes(1)];
    const taken: Quote[] = [];
    const published = Promise.all(batches.map((batch) => bus.publish(batch)));
    bus.subscribe(async (batch) => {
      await Promise.resolve();
      taken.push(...batch);
    });
    await bus.close();
    await published;
    expect(taken).toEqual(batches.flat());
  });

  it("waits for the handler that is under way when it closes", async () => {
    const bus = memoryBus({ clock: manualClock(start) });
    const handled = Promise.withResolvers<undefined>();
    bus.subscribe(() => handled.promise);
    await bus.publish(quotes(1));
    let closed = false;
    const closing = bus.close().then(() => (closed = true));
    await Promise.resolve();
    expect(closed).toBe(false);
    handled.resolve(undefined);
    await closing;
  });

  it("says how many quotes nobody took in when it closes", async () => {
    const clock = manualClock(start);
    const stuck = memoryBus({ clock, capacity: 3, closeTimeoutMs: 5_000 });
    stuck.subscribe(() => Promise.reject(new Error("disk full")));
    await stuck.publish(quotes(3));
    const waiting = stuck.publish(quotes(1));
    const refused = expect(waiting).rejects.toThrow("before it had room");
    const closed = expect(stuck.close()).rejects.toThrow("3 quotes that no subscriber took in");
    await clock.advance(start + 5_000);
    await closed;
    await refused;
    expect(clock.wakeTimes).toEqual([]);

    const alone = memoryBus({ clock });
    await alone.publish(quotes(2));
    await expect(alone.close()).rejects.toThrow("2 quotes");
  });

  it("takes nothing after it is closed, and closes once", async () => {
    const bus = memoryBus({ clock: manualClock(start) });
    await bus.close();
    await expect(bus.close()).resolves.toBeUndefined();
    await expect(bus.publish(quotes(1))).rejects.toThrow("closed");
  });

  it("has one subscriber", () => {
    const bus = memoryBus({ clock: manualClock(start) });
    bus.subscribe(() => Promise.resolve());
    expect(() => {
      bus.subscribe(() => Promise.resolve());
    }).toThrow("already");
  });

  it("loses no quote and never holds more than it may, whatever fails", async () => {
    const plan = fc.record({
      capacity: fc.integer({ min: 1, max: 10 }),
      sizes: fc.array(fc.integer({ min: 0, max: 10 }), { maxLength: 20 }),
      failures: fc.array(fc.boolean(), { maxLength: 20 }),
    });
    await fc.assert(
      fc.asyncProperty(plan, async ({ capacity, sizes, failures }) => {
        const clock = manualClock(start);
        const bus = memoryBus({ clock, capacity, closeTimeoutMs: 3_600_000 });
        const sent = sizes.map(quotes);
        const taken: Quote[] = [];
        const fails = failures.values();
        let admitted = 0;
        bus.subscribe((batch) => {
          expect(admitted - taken.length).toBeLessThanOrEqual(Math.max(capacity, batch.length));
          if (fails.next().value === true) return Promise.reject(new Error("again"));
          taken.push(...batch);
          return Promise.resolve();
        });
        for (const batch of sent) void bus.publish(batch).then(() => (admitted += batch.length));
        const closed = bus.close();
        await clock.advance(start + 3_000_000);
        await closed;
        expect(taken).toEqual(sent.flat());
      }),
      { numRuns: 50 },
    );
  });
});
