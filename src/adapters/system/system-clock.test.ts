import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { systemClock } from "./system-clock.ts";

const never = new AbortController().signal;
const DAY = 86_400_000;

describe("system clock", () => {
  it("tells the machine's time", () => {
    const before = Date.now();
    const now = systemClock().now();
    expect(now).toBeGreaterThanOrEqual(before);
    expect(now).toBeLessThanOrEqual(Date.now());
  });

  it("wakes at the time by the real timers, never before", async () => {
    const clock = systemClock();
    for (let i = 0; i < 20; i += 1) {
      const time = clock.now() + 3;
      await clock.sleepUntil(time, never);
      expect(clock.now()).toBeGreaterThanOrEqual(time);
    }
  });

  it("does not sleep for a time that has passed", async () => {
    await expect(systemClock().sleepUntil(0, never)).resolves.toBeUndefined();
  });

  it("rejects with the signal's reason, before and during the sleep", async () => {
    const giveUp = new AbortController();
    const slept = systemClock().sleepUntil(Date.now() + DAY, giveUp.signal);
    giveUp.abort(new Error("enough"));
    await expect(slept).rejects.toThrow("enough");
    await expect(systemClock().sleepUntil(0, giveUp.signal)).rejects.toThrow("enough");
  });
});

describe("system clock, with the machine's timers under control", () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: Date.parse("2026-11-20T15:00:00Z") });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("sleeps past the 24.8 days that one timer can hold", async () => {
    const woken = vi.fn();
    void systemClock()
      .sleepUntil(Date.now() + 40 * DAY, never)
      .then(woken);
    await vi.advanceTimersByTimeAsync(40 * DAY - 1);
    expect(woken).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(woken).toHaveBeenCalledOnce();
  });

  it("sleeps on when a timer fires before the wall clock is there", async () => {
    const woken = vi.fn();
    const time = Date.now() + 5_000;
    void systemClock().sleepUntil(time, never).then(woken);
    vi.setSystemTime(Date.now() - 2); // the wall clock is put back by two milliseconds
    await vi.advanceTimersByTimeAsync(5_000);
    expect(woken).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(2);
    expect(woken).toHaveBeenCalledOnce();
    expect(Date.now()).toBe(time);
  });

  it("notices within ten seconds that the wall clock has passed the time, as after a closed lid", async () => {
    const woken = vi.fn();
    void systemClock()
      .sleepUntil(Date.now() + 8 * 3_600_000, never)
      .then(woken);
    vi.setSystemTime(Date.now() + DAY);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(woken).toHaveBeenCalledOnce();
  });

  it("leaves no timer and no listener behind", async () => {
    const giveUp = new AbortController();
    const removed = vi.spyOn(giveUp.signal, "removeEventListener");
    const slept = systemClock().sleepUntil(Date.now() + 1_000, giveUp.signal);
    await vi.advanceTimersByTimeAsync(1_000);
    await slept;
    expect(removed).toHaveBeenCalledOnce();
    const aborted = systemClock().sleepUntil(Date.now() + 1_000, giveUp.signal);
    giveUp.abort(new Error("enough"));
    await expect(aborted).rejects.toThrow("enough");
    expect(vi.getTimerCount()).toBe(0);
  });
});
