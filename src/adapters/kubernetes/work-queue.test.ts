import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { manualClock } from "../../../test/fakes/manual-clock.ts";
import { KeyLanes } from "./key-lanes.ts";
import { RetryDelays } from "./retry-delays.ts";
import { WorkQueue } from "./work-queue.ts";

/** What may be done to lanes: keys are few, so that they meet. */
const operation = fc.oneof(
  fc.record({ do: fc.constant("add" as const), key: fc.nat(5), high: fc.boolean() }),
  fc.record({ do: fc.constant("later" as const), key: fc.nat(5), high: fc.boolean(), after: fc.nat(20) }),
  fc.record({ do: fc.constant("take" as const) }),
  fc.record({ do: fc.constant("done" as const), which: fc.nat(5) }),
  fc.record({ do: fc.constant("tick" as const), by: fc.nat(10) }),
);

describe("the lanes of keys", () => {
  it("lose no key, give none twice at once, and follow every add by a whole run", () => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 200 }), (operations) => {
        const lanes = new KeyLanes();
        const busy = new Set<string>();
        /** Keys with a wish that no run which began later has answered, and when it comes due. */
        const wished = new Map<string, number>();
        let now = 0;
        const take = () => {
          lanes.ripen(now);
          const taken = lanes.take();
          if (taken === undefined) return;
          expect(busy.has(taken.key)).toBe(false);
          busy.add(taken.key);
          if ((wished.get(taken.key) ?? Infinity) <= now) wished.delete(taken.key);
        };
        for (const each of operations) {
          if (each.do === "add") {
            lanes.add(String(each.key), each.high ? "high" : "low", now);
            wished.set(String(each.key), Math.min(now, wished.get(String(each.key)) ?? Infinity));
          } else if (each.do === "later") {
            const time = now + each.after;
            lanes.addAt(String(each.key), time, each.high ? "high" : "low");
            wished.set(String(each.key), Math.min(time, wished.get(String(each.key)) ?? Infinity));
          } else if (each.do === "take") take();
          else if (each.do === "tick") now += each.by;
          else {
            const key = [...busy][each.which];
            if (key === undefined) continue;
            busy.delete(key);
            lanes.done(key, now);
          }
        }
        now += 1_000;
        for (const key of busy) lanes.done(key, now);
        busy.clear();
        for (let i = 0; i < 20; i++) take();
        expect([...wished.keys()]).toEqual([]);
        expect(lanes.depth).toBe(0);
      }),
    );
  });

  it("take keys of one priority in the order of their adding", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(1_000), { maxLength: 50 }), (keys) => {
        const lanes = new KeyLanes();
        for (const key of keys) lanes.add(String(key), "low", 0);
        const taken = keys.map(() => lanes.take()?.key);
        expect(taken).toEqual(keys.map(String));
      }),
    );
  });

  it("starve no low key: at most nine high ones go ahead of it, however many come", () => {
    fc.assert(
      fc.property(fc.nat(5), fc.integer({ min: 1, max: 5 }), (already, refill) => {
        const lanes = new KeyLanes();
        let name = 0;
        for (let i = 0; i < already; i++) lanes.add(`high-${name++}`, "high", 0);
        lanes.add("low", "low", 0);
        for (let taken = 1; ; taken++) {
          for (let i = 0; i < refill; i++) lanes.add(`high-${name++}`, "high", 0);
          const key = lanes.take()?.key;
          if (key === "low") return;
          expect(taken).toBeLessThan(10);
        }
      }),
    );
  });

  it("let a fresh event go ahead of ten thousand keys that are only looked at again", () => {
    const lanes = new KeyLanes();
    for (let i = 0; i < 10_000; i++) lanes.add(`old-${i}`, "low", 0);
    lanes.add("old-9999", "high", 0);
    lanes.add("new", "high", 0);
    expect([lanes.take()?.key, lanes.take()?.key]).toEqual(["old-9999", "new"]);
    expect(lanes.take()?.key).toBe("old-0");
  });
});

describe("delays of retries", () => {
  it("double from 5 ms to 1000 s, and begin anew after success", () => {
    const delays = new RetryDelays();
    const waits = Array.from({ length: 20 }, (_, i) => delays.next("a", i * 1_000_000));
    expect(waits.slice(0, 4)).toEqual([5, 10, 20, 40]);
    expect(waits.at(-1)).toBe(1_000_000);
    delays.forget("a");
    expect(delays.next("a", 1e9)).toBe(5);
  });

  it("let a hundred keys through at once, and ten a second after that", () => {
    const delays = new RetryDelays();
    const waits = Array.from({ length: 200 }, (_, i) => delays.next(String(i), 0));
    expect(waits.filter((wait) => wait <= 5)).toHaveLength(100);
    expect(waits[199]).toBe(10_000);
  });
});

describe("the work queue", () => {
  const start = 1_000_000;

  it("works on as many keys at once as it has workers, and on none twice", async () => {
    const queue = new WorkQueue(manualClock(start));
    const stop = new AbortController();
    const started: string[] = [];
    const ends: (() => void)[] = [];
    const running = queue.run(
      2,
      (key) => {
        started.push(key);
        return new Promise((resolve) => ends.push(resolve));
      },
      stop.signal,
    );
    for (const key of ["a", "b", "c", "a"]) queue.add(key);
    await expect.poll(() => started).toEqual(["a", "b"]);
    queue.add("a");
    ends.shift()?.();
    await expect.poll(() => started).toEqual(["a", "b", "c"]);
    ends.shift()?.();
    await expect.poll(() => started).toEqual(["a", "b", "c", "a"]);
    stop.abort();
    let ended = false;
    const watched = running.then(() => (ended = true));
    await new Promise(setImmediate);
    expect(ended).toBe(false);
    for (const end of ends) end();
    await watched;
  });

  it("lets the event loop turn between keys whose work waits for nothing", async () => {
    const queue = new WorkQueue(manualClock(start));
    const stop = new AbortController();
    let done = 0;
    let turns = 0;
    for (let i = 0; i < 100; i++) queue.add(`key-${i}`);
    const turn = () => {
      turns++;
      if (!stop.signal.aborted) setImmediate(turn);
    };
    setImmediate(turn);
    const work = () => {
      if (++done === 100) stop.abort();
      return Promise.resolve();
    };
    await queue.run(16, work, stop.signal);
    expect(turns).toBeGreaterThan(50);
  });

  it("comes back to a key after its delay, the earliest of several, and to a failed one ever later", async () => {
    const clock = manualClock(start);
    const queue = new WorkQueue(clock);
    const stop = new AbortController();
    const times: number[] = [];
    let failures = 0;
    const running = queue.run(
      1,
      (key) => {
        times.push(clock.now() - start);
        if (failures-- > 0) queue.retry(key);
        else queue.forget(key);
        return Promise.resolve();
      },
      stop.signal,
    );
    queue.addAfter("a", 5_000);
    queue.addAfter("a", 3_000);
    queue.addAfter("a", 4_000);
    await clock.advance(start + 10_000);
    expect(times).toEqual([3_000]);
    failures = 3;
    queue.add("a");
    await clock.advance(start + 20_000);
    expect(times.slice(1)).toEqual([10_000, 10_005, 10_015, 10_035]);
    stop.abort();
    await running;
  });

  it("tells its depth, its adds and how long keys waited", async () => {
    const clock = manualClock(start);
    const seen: string[] = [];
    const queue = new WorkQueue(clock, {
      onAdd: () => seen.push("add"),
      onDepth: (depth) => seen.push(`depth ${depth}`),
      onTaken: (seconds) => seen.push(`waited ${seconds}`),
    });
    queue.add("a");
    queue.add("a");
    await clock.advance(start + 2_000);
    const stop = new AbortController();
    const running = queue.run(1, () => Promise.resolve(), stop.signal);
    stop.abort();
    await running;
    expect(seen).toEqual(["add", "depth 1", "waited 2", "depth 0"]);
  });

  it("ends with a rejection of the work, after what is under way", async () => {
    const queue = new WorkQueue(manualClock(start));
    queue.add("a");
    const run = queue.run(1, () => Promise.reject(new Error("a defect")), new AbortController().signal);
    await expect(run).rejects.toThrow("a defect");
  });
});
