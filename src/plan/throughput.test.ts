import { describe, expect, it } from "vitest";
import { feedWith, symbols } from "../../test/feed.ts";
import { fitsOnePod, leastWorkers, quotesPerSecond } from "./throughput.ts";

const specOf = (count: number, interval: string, spec: object = {}) =>
  feedWith({ spec: { symbols: symbols(count), polling: { interval }, ...spec } }).spec;
const workersOf = (...args: Parameters<typeof specOf>) =>
  Object.fromEntries(leastWorkers(specOf(...args)).map(({ resolution, workers }) => [resolution, workers]));

it("counts a quote of every symbol in every slot", () => {
  expect(quotesPerSecond(specOf(5000, "10s"))).toBe(500);
  expect(quotesPerSecond(specOf(5000, "1s"))).toBe(5000);
  expect(quotesPerSecond(specOf(30, "1m"))).toBe(0.5);
});

it("trusts one Pod below half of what filled its core", () => {
  expect(fitsOnePod(specOf(5000, "10s"))).toBe(true);
  expect(fitsOnePod(specOf(2499, "1s"))).toBe(true);
  expect(fitsOnePod(specOf(2500, "1s"))).toBe(false);
  expect(fitsOnePod(specOf(5000, "2s"))).toBe(false);
});

describe("a job's workers, at least", () => {
  it("are one for what a part of a core does", () => {
    expect(workersOf(10, "10s")).toEqual({ "1m": 1, "5m": 1, "15m": 1 });
    expect(workersOf(5000, "10s")).toEqual({ "1m": 1, "5m": 1, "15m": 1 });
  });

  it("are as many as the measured figures make", () => {
    // Ten times what a core was measured to take for 90 windows, from 30 on: a worker has two, and does 1,726 a second.
    const resolutions = [{ window: "15m" }];
    expect(workersOf(1726, "1s", { resolutions })).toEqual({ "15m": 1 });
    expect(workersOf(1727, "1s", { resolutions })).toEqual({ "15m": 2 });
    expect(workersOf(3454, "1s", { resolutions })).toEqual({ "15m": 3 });
  });

  it("grow with the windows that a quote is in, beyond what was measured too", () => {
    // From 30 to 90 windows a message took 74 µs more; 60, 300 and 900 windows lie on that line: 125, 420, 1,158 µs.
    expect(workersOf(5000, "1s")).toEqual({
      "1m": Math.ceil((5000 * 125e-6) / 2),
      "5m": Math.ceil((5000 * 420e-6) / 2),
      "15m": Math.ceil((5000 * 1158e-6) / 2),
    });
  });
});
