import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { manualClock } from "../../../test/fakes/manual-clock.ts";
import { RateLimiter, type CallLimit } from "./rate-limiter.ts";

const never = new AbortController().signal;
const limitOf = fc.record({ calls: fc.integer({ min: 1, max: 5 }), perMs: fc.integer({ min: 1, max: 50 }) });

/** Most calls in any stretch of `perMs`, counted anew from every call. */
const densest = (starts: readonly number[], perMs: number) =>
  Math.max(0, ...starts.map((start) => starts.filter((other) => other >= start && other < start + perMs).length));

describe("rate limiter", () => {
  it("starts no more calls than each limit allows, in any stretch of time, and every call that it can", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(limitOf, { minLength: 1, maxLength: 2 }),
        fc.array(fc.integer({ min: 0, max: 30 }), { minLength: 1, maxLength: 25 }),
        async (limits: readonly CallLimit[], gaps) => {
          const clock = manualClock(0);
          const limiter = new RateLimiter("Finnhub", clock, limits);
          const starts: number[] = [];
          for (const gap of gaps) {
            await clock.advance(clock.now() + gap);
            void limiter.acquire(Infinity, never).then(() => starts.push(clock.now()));
          }
          await clock.advance(clock.now() + 50 * gaps.length * limits.length);
          expect(starts).toHaveLength(gaps.length);
          for (const { calls, perMs } of limits) expect(densest(starts, perMs)).toBeLessThanOrEqual(calls);
        },
      ),
      { numRuns: 60 },
    );
  });

  it("starts the calls of one limit as soon as it allows", async () => {
    const clock = manualClock(0);
    const limiter = new RateLimiter("Finnhub", clock, [{ calls: 2, perMs: 100 }]);
    const starts: number[] = [];
    for (let i = 0; i < 5; i++) void limiter.acquire(Infinity, never).then(() => starts.push(clock.now()));
    await clock.advance(1_000);
    expect(starts).toEqual([0, 0, 100, 100, 200]);
  });

  it("refuses a call at once that can't start before its deadline", async () => {
    const clock = manualClock(0);
    const limiter = new RateLimiter("Tiingo", clock, [{ calls: 1, perMs: 100 }]);
    await limiter.acquire(50, never);
    await expect(limiter.acquire(100, never)).rejects.toMatchObject({
      kind: "RateLimited",
      next: { kind: "retry", at: 100 },
    });
    expect(clock.wakeTimes).toEqual([]);
  });

  it("holds calls back during a pause, also those that wait already", async () => {
    const clock = manualClock(0);
    const limiter = new RateLimiter("Tiingo", clock, [{ calls: 1, perMs: 100 }]);
    await limiter.acquire(Infinity, never);
    const starts: number[] = [];
    void limiter.acquire(Infinity, never).then(() => starts.push(clock.now()));
    limiter.pauseUntil(250);
    limiter.pauseUntil(200);
    expect(limiter.pausedUntil).toBe(250);
    await clock.advance(300);
    expect(starts).toEqual([250]);
    expect(limiter.pausedUntil).toBeUndefined();
  });

  it("lets every call through where there is no limit", async () => {
    const limiter = new RateLimiter("IEX", manualClock(0), []);
    for (let i = 0; i < 1_000; i++) await limiter.acquire(1, never);
  });

  it("rejects with the caller's reason when aborted", async () => {
    const limiter = new RateLimiter("IEX", manualClock(0), []);
    await expect(limiter.acquire(1, AbortSignal.abort(new Error("stop")))).rejects.toThrow("stop");
  });
});
