import { describe, expect, it } from "vitest";
import { Backlog } from "./backlog.ts";

const QUIET = 2_000;

describe("a backlog", () => {
  it("is none while messages come as they are published", () => {
    const backlog = new Backlog(0, QUIET);
    for (let now = 0; now < 10_000; now += 500) backlog.noteDelivery(now - 300, now);
    expect(backlog.readUpTo(10_000, QUIET)).toBe(Infinity);
  });

  it("is read as far as the oldest message of the last two seconds", () => {
    const backlog = new Backlog(100_000, QUIET);
    backlog.noteDelivery(10_000, 100_000);
    backlog.noteDelivery(30_000, 100_500);
    backlog.noteDelivery(20_000, 101_000);
    expect(backlog.readUpTo(101_000, QUIET)).toBe(10_000);
    expect(backlog.readUpTo(101_999, QUIET)).toBe(10_000);
    // The first is forgotten, and the second came before one that is older.
    expect(backlog.readUpTo(102_000, QUIET)).toBe(20_000);
    expect(backlog.readUpTo(102_999, QUIET)).toBe(20_000);
    expect(backlog.readUpTo(103_000, QUIET)).toBe(Infinity);
  });

  it("is read further by a shorter quiet", () => {
    const backlog = new Backlog(100_000, QUIET);
    backlog.noteDelivery(10_000, 100_000);
    backlog.noteDelivery(30_000, 100_500);
    expect(backlog.readUpTo(101_200, 500)).toBe(Infinity);
    expect(backlog.readUpTo(101_200, 1_000)).toBe(30_000);
    expect(backlog.readUpTo(101_200, QUIET)).toBe(10_000);
  });

  it("does not end while nothing can come, and holds all from the moment at which that began", () => {
    const backlog = new Backlog(0, QUIET);
    backlog.setFull(true, 50_000);
    expect(backlog.readUpTo(90_000, QUIET)).toBe(50_000);
    backlog.setFull(false, 90_000);
    expect(backlog.readUpTo(91_999, QUIET)).toBe(50_000);
    backlog.setFull(true, 91_999);
    expect(backlog.readUpTo(99_000, QUIET)).toBe(50_000);
    backlog.setFull(false, 99_000);
    expect(backlog.readUpTo(99_001, QUIET)).toBe(91_999);
    expect(backlog.readUpTo(101_000, QUIET)).toBe(Infinity);
  });
});
