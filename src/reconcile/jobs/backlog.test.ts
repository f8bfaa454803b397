import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { edit, MINUTE, pipeline, run, runningWorld, seeks, specOf, states } from "../../../test/jobs-world.ts";
import { PROJECT, type ReconcileWorld } from "../../../test/reconcile-world.ts";
import { windowEnds } from "../../../test/oracles/windows.ts";
import { MessagingError } from "../../controller-ports.ts";
import type { Job } from "../../job-ports.ts";
import { decide } from "./decide.ts";
import { rewindMs } from "./job-spec.ts";
import type { WantedJob } from "./wanted-job.ts";

const HOUR = 60 * MINUTE;
const SUBSCRIPTION = "stockfeed-markets-tech-ltpc47aj-windows-1m";
/** A window of a minute, its lateness, a slot and a margin. */
const REACH = 3 * MINUTE + 10_000;
const CHANGED = { symbols: ["AAPL"] };

/** A feed whose job has run for ten hours, and has read all but what was published since some time ago. */
async function laggingWorld(lagMs: number): Promise<ReconcileWorld> {
  const world = await runningWorld();
  world.time.now += 10 * HOUR;
  await world.settle();
  world.messaging.acknowledged.set(SUBSCRIPTION, world.time.now - lagMs);
  return world;
}

/** Where the newest job began to read, as the time of the last rewind. */
const readsFrom = (world: ReconcileWorld) => Date.parse(seeks(world).at(-1)?.split(" to ")[1] ?? "");

describe("the job after one that lagged", () => {
  it.each<[string, (world: ReconcileWorld) => Promise<unknown>]>([
    [
      "was suspended",
      async (world) => {
        edit(world, specOf({ suspend: true }));
        await run(world);
        world.time.now += 5 * HOUR;
        edit(world, specOf());
      },
    ],
    [
      "was drained for another",
      async (world) => {
        edit(world, specOf(CHANGED, { updatePolicy: "DrainThenStart" }));
        await world.settle();
      },
    ],
    [
      "was cancelled by hand",
      async (world) => {
        await world.settle();
        world.jobs.become("job-1", "Cancelled");
      },
    ],
    [
      "failed",
      async (world) => {
        world.jobs.become("job-1", "Failed");
        await world.settle();
        world.time.now += MINUTE;
      },
    ],
  ])("reads from before the oldest message that waits, where that one %s", async (_how, end) => {
    const world = await laggingWorld(3 * HOUR);
    const lagsFrom = world.time.now - 3 * HOUR;
    await end(world);
    await run(world);
    expect(states(world).at(-1)).toBe("job-2 Running");
    expect(readsFrom(world)).toBe(lagsFrom - REACH);
  });

  it("reads a subscription of its own from there, beside one that lags", async () => {
    const world = await laggingWorld(3 * HOUR);
    const lagsFrom = world.time.now - 3 * HOUR;
    edit(world, specOf(CHANGED, { updatePolicy: "Overlap" }));
    await run(world);
    expect(states(world)).toEqual(["job-1 Drained", "job-2 Running"]);
    expect(seeks(world).at(-1)).toContain(`${SUBSCRIPTION}-g1 to`);
    expect(readsFrom(world)).toBe(lagsFrom - REACH);
  });

  it("reads from before that one's end where it had read all, and no further than topics keep", async () => {
    const upToDate = await laggingWorld(0);
    edit(upToDate, specOf(CHANGED, { updatePolicy: "DrainThenStart" }));
    const end = upToDate.time.now;
    await run(upToDate);
    expect(Math.abs(end - REACH - readsFrom(upToDate))).toBeLessThan(MINUTE);

    const hopeless = await laggingWorld(30 * 24 * HOUR);
    edit(hopeless, specOf(CHANGED, { updatePolicy: "DrainThenStart" }));
    await run(hopeless);
    expect(Math.abs(end - 7 * 24 * HOUR - readsFrom(hopeless))).toBeLessThan(MINUTE);
  });

  it("is not launched before Pub/Sub has told how far that one got", async () => {
    const world = await laggingWorld(3 * HOUR);
    edit(world, specOf(CHANGED, { updatePolicy: "DrainThenStart" }));
    world.messaging.fault = (call) => {
      if (call.startsWith("look at")) throw new MessagingError("Unavailable", `Pub/Sub of ${PROJECT} is away.`);
    };
    await run(world);
    expect(states(world)).toEqual(["job-1 Drained"]);
    expect(pipeline(world)).not.toHaveProperty("launch");
    world.messaging.fault = undefined;
    await run(world);
    expect(states(world)).toEqual(["job-1 Drained", "job-2 Running"]);
  });

  it("costs a look at what waits once a launch, and none where nothing was read before", async () => {
    const world = await laggingWorld(0);
    let looks = 0;
    world.messaging.fault = (call) => {
      if (call.startsWith("look at")) looks += 1;
    };
    edit(world, specOf(CHANGED, { updatePolicy: "DrainThenStart" }));
    await run(world);
    edit(
      world,
      specOf(
        { symbols: ["AAPL"], resolutions: [{ window: "1m" }, { window: "5m" }] },
        { updatePolicy: "DrainThenStart" },
      ),
    );
    await run(world);
    expect(looks).toBe(1);
  });
});

describe("rows of a resolution that is put back again and again, by jobs of which each may have waited, lagged or failed", () => {
  const window = { sizeMs: HOUR, periodMs: 10 * MINUTE, offsetMs: 5 * MINUTE, allowedLatenessMs: MINUTE };
  const place = { projectId: "acme-jobs", region: "europe-west2" };
  const wanted: WantedJob = {
    ...{ window: "1h", want: "run", hash: "h", places: [{ ...place, limit: 25, active: 0 }], updatePolicy: "Replace" },
    ...{ maxWorkers: 1, template: "TypeScript", drainTimeoutMs: 10 * MINUTE, rewindMs: rewindMs(window) },
    ...{ hasEngine: false, specGeneration: 2 },
  };

  const life = fc.record({
    /** How long it was away before, how long it waited for machines, and how long it ran, in minutes. */
    away: fc.integer({ min: 1, max: 600 }),
    queued: fc.integer({ min: 0, max: 119 }),
    ran: fc.integer({ min: 0, max: 1_200 }),
    /** How many times as fast as quotes come it reads. */
    speed: fc.double({ min: 2, max: 20, noNaN: true }),
    /** How much of the time a drain may take, it took. */
    drain: fc.double({ min: 0, max: 1, noNaN: true }),
    state: fc.constantFrom("Drained" as const, "Cancelled" as const, "Failed" as const),
  });

  /** When the next job begins to read, where nothing is remembered of these. */
  const readsFromAfter = (jobs: readonly Job[], now: number) =>
    Date.parse(decide(wanted, jobs, [], undefined, now).record?.launch?.rewindTo ?? "");

  const counts = (slots: readonly number[]) => {
    const held = new Map<number, number>();
    for (const slot of slots) for (const end of windowEnds(slot, window)) held.set(end, (held.get(end) ?? 0) + 1);
    return held;
  };

  it("are those of brute force once the last of them has read all", () => {
    fc.assert(
      fc.property(fc.array(life, { minLength: 1, maxLength: 6 }), (lives) => {
        const start = Date.parse("2026-01-05T00:00:00Z");
        const jobs: Job[] = [];
        const read: { readonly from: number; readonly to: number }[] = [];
        let now = start;
        for (const { away, queued, ran, speed, drain, state } of lives) {
          now += away * MINUTE;
          const from = readsFromAfter(jobs, now);
          const runs = now + queued * MINUTE;
          const end = runs + ran * MINUTE;
          const stops = state === "Drained" ? Math.max(runs, end - drain * wanted.drainTimeoutMs) : end;
          // What was cancelled has written nothing that is not closed, and here, to be strict, nothing at all.
          if (state === "Drained") read.push({ from, to: Math.min(stops, from + speed * (stops - runs)) });
          jobs.push({
            ...{ ...place, id: `job-${jobs.length}`, name: "stockfeed-markets-tech-1h", labels: {}, state },
            ...{ createdAt: now, stateSince: end },
          });
          now = end;
        }
        now += MINUTE;
        read.push({ from: readsFromAfter(jobs, now), to: now });

        const first = jobs[0]?.createdAt ?? now;
        const slots = Array.from(
          { length: Math.ceil((now - start) / window.periodMs) },
          (_, at) => start + at * window.periodMs,
        );
        const rows = read.map(({ from, to }) => counts(slots.filter((slot) => slot >= from && slot < to)));
        for (const [end, count] of counts(slots.filter((slot) => slot < now))) {
          if (end < first) continue;
          // Of rows with one key, the one with the most quotes counts.
          expect(Math.max(...rows.map((held) => held.get(end) ?? 0))).toBe(count);
        }
      }),
      { numRuns: 200 },
    );
  });
});
