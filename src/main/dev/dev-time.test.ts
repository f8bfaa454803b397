import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { feedWith } from "../../../test/feed.ts";
import { manualClock } from "../../../test/fakes/manual-clock.ts";
import { devTime, type DevTimeOptions } from "./dev-time.ts";

const NOW = Date.parse("2026-03-04T15:00:00Z");
const { signal } = new AbortController();
const options = (change: Partial<DevTimeOptions> = {}): DevTimeOptions => {
  return { speed: undefined, machineClock: manualClock(NOW), storedUpTo: -Infinity, signal, ...change };
};

describe("the time of dev", () => {
  it("is the machine's, unless told otherwise", async () => {
    const machineClock = manualClock(NOW);
    const { clock, speed, resumes } = await devTime([feedWith()], options({ machineClock }));
    expect([clock, speed, resumes]).toEqual([machineClock, 1, true]);
  });

  it("stands still until it begins, and then runs as fast as it is told", async () => {
    const machineClock = manualClock(NOW);
    const { clock, begin } = await devTime([feedWith()], options({ machineClock, speed: 60 }));
    await machineClock.advance(NOW + 5_000);
    expect(clock.now()).toBe(NOW);
    await expect(clock.sleepUntil(NOW + 1, signal)).rejects.toThrow("stands still");
    begin();
    await machineClock.advance(NOW + 6_000);
    expect(clock.now()).toBe(NOW + 60_000);
  });

  it("goes on after the store's newest slot when it runs faster", async () => {
    const ahead = options({ speed: 60, storedUpTo: NOW + 600_000 });
    expect((await devTime([feedWith()], ahead)).clock.now()).toBe(NOW + 610_000);
    const behind = options({ speed: 60, storedUpTo: NOW - 600_000 });
    expect((await devTime([feedWith()], behind)).clock.now()).toBe(NOW);
  });

  it("takes a store a minute ahead for a clock that was set back, and one further ahead for another time", async () => {
    await expect(devTime([feedWith()], options({ storedUpTo: NOW + 60_000 }))).resolves.toMatchObject({ speed: 1 });
    await expect(devTime([feedWith()], options({ storedUpTo: NOW + 60_001 }))).rejects.toThrow(
      "The store has windows up to 2026-03-04T15:01:00.001Z, which is ahead of the clock",
    );
  });

  it("tells what a recording's file has that is no tick, and refuses one that a wrong time makes decades long", async () => {
    const folder = await mkdtemp(join(tmpdir(), "stockfeed-time-"));
    const file = join(folder, "ticks.ndjson");
    const tick = (time: number) => `{"symbol":"AAPL","latestPrice":49.18,"latestUpdate":${time},"volume":300}\n`;
    const feed = feedWith({ spec: { provider: { type: "Replay", file, speed: 60 } } });
    await writeFile(file, `${tick(NOW)}junk\n${tick(NOW + 20_000)}`);
    const { recordings } = await devTime([feed], options());
    expect([...recordings.values()][0]?.badLines.join()).toMatch(/1 of 3 lines left out.*Malformed: 1 \(line 2\)/s);
    await writeFile(file, tick(NOW) + tick(NOW / 1000));
    await expect(devTime([feed], options())).rejects.toThrow("over a year. Times are milliseconds since 1970");
    await rm(folder, { recursive: true });
  });
});
