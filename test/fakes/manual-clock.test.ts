import { describe, expect, it } from "vitest";
import { manualClock } from "./manual-clock.ts";

const never = new AbortController().signal;

describe("manual clock", () => {
  it("stands still until it is moved", () => {
    const clock = manualClock(1_000);
    expect(clock.now()).toBe(1_000);
    expect(clock.wakeTimes).toEqual([]);
  });

  it("wakes sleepers in order of their time, each at its own time", async () => {
    const clock = manualClock(0);
    const woken: string[] = [];
    const sleep = async (name: string, time: number) => {
      await clock.sleepUntil(time, never);
      woken.push(`${name}@${clock.now()}`);
    };
    void sleep("late", 30);
    void sleep("early", 10);
    void sleep("early too", 10);
    expect(clock.wakeTimes).toEqual([10, 10, 30]);
    await clock.advance(29);
    expect(woken).toEqual(["early@10", "early too@10"]);
    expect(clock.now()).toBe(29);
    await clock.advance(30);
    expect(woken.at(-1)).toBe("late@30");
  });

  it("lets a sleeper sleep again within one move", async () => {
    const clock = manualClock(0);
    const woken: number[] = [];
    const tick = async () => {
      for (;;) {
        await clock.sleepUntil(clock.now() + 10, never);
        woken.push(clock.now());
      }
    };
    void tick();
    await clock.advance(35);
    expect(woken).toEqual([10, 20, 30]);
  });

  it("leaps over the times that sleepers waited for", async () => {
    const clock = manualClock(0);
    const slept = clock.sleepUntil(10, never).then(() => clock.now());
    await clock.leap(100);
    await expect(slept).resolves.toBe(100);
  });

  it("wakes nobody twice, nor one that gave up", async () => {
    const clock = manualClock(0);
    const giveUp = new AbortController();
    const slept = clock.sleepUntil(10, giveUp.signal);
    giveUp.abort(new Error("enough"));
    await expect(slept).rejects.toThrow("enough");
    expect(clock.wakeTimes).toEqual([]);
    await expect(clock.sleepUntil(20, giveUp.signal)).rejects.toThrow("enough");
  });

  it("does not sleep for a time that has passed", async () => {
    await expect(manualClock(50).sleepUntil(50, never)).resolves.toBeUndefined();
  });

  it("never goes back", async () => {
    await expect(manualClock(50).advance(49)).rejects.toThrow("can't go back to 49");
  });

  it("tells when somebody sleeps", async () => {
    const clock = manualClock(0);
    const sleeping = clock.untilSleeping(2);
    void clock.sleepUntil(5, never);
    void clock.sleepUntil(6, never);
    await expect(sleeping).resolves.toBeUndefined();
    await expect(clock.untilSleeping()).resolves.toBeUndefined();
  });
});
