import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FEED, feedObject, PROJECT, type ReconcileWorld, reconcileWorld } from "../../../test/reconcile-world.ts";
import { ClusterError, MessagingError } from "../../controller-ports.ts";
import { type Job, JobsError } from "../../job-ports.ts";

const dataflow = (how: object = {}) => ({
  projectIds: ["acme-one", "acme-two"],
  region: "europe-west2",
  tempLocation: "gs://acme/tmp",
  ...how,
});
const specOf = (more: object = {}, how: object = {}) => ({
  engine: "Dataflow",
  resolutions: [{ window: "1m" }, { window: "5m" }],
  dataflow: dataflow(how),
  ...more,
});

/** Specs that differ in what they want of jobs. */
const SPECS: readonly object[] = [
  specOf(),
  specOf({ symbols: ["A"] }),
  specOf({ symbols: ["B", "C"] }, { updatePolicy: "DrainThenStart" }),
  specOf({ symbols: ["D"] }, { updatePolicy: "Overlap" }),
  specOf({ symbols: ["E"], resolutions: [{ window: "1m" }] }, { updatePolicy: "Overlap", maxWorkers: 5 }),
  specOf({ suspend: true }),
  specOf({}, { projectIds: ["acme-two"] }),
  specOf({}, { region: "europe-west1", drainTimeout: "1m" }),
  specOf({ symbols: ["F"] }, { updatePolicy: "Overlap", region: "europe-west1" }),
  specOf({ symbols: ["G"] }, { updatePolicy: "Overlap", projectIds: ["acme-two"] }),
  specOf({}, { maxWorkers: 9 }),
  specOf({}, { template: "BeamYaml" }),
  { resolutions: [{ window: "1m" }, { window: "5m" }] },
  { resolutions: [{ window: "1m" }, { window: "5m" }], dataflow: dataflow(), suspend: true },
];

const happening = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...SPECS).map((spec) => ({ kind: "apply" as const, spec })) },
  {
    weight: 8,
    arbitrary: fc.constantFrom(1, 20, 400, 4_000).map((seconds) => ({ kind: "reconcile" as const, seconds })),
  },
  { weight: 4, arbitrary: fc.constant({ kind: "work" as const }) },
  { weight: 3, arbitrary: fc.nat(9).map((which) => ({ kind: "move" as const, which })) },
  { weight: 1, arbitrary: fc.nat(9).map((which) => ({ kind: "fail" as const, which })) },
  { weight: 1, arbitrary: fc.nat(9).map((which) => ({ kind: "cancel" as const, which })) },
  { weight: 1, arbitrary: fc.constant({ kind: "restart" as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: "pods run" as const }) },
  { weight: 2, arbitrary: fc.nat(4).map((after) => ({ kind: "refuse" as const, after })) },
  { weight: 2, arbitrary: fc.nat(4).map((after) => ({ kind: "lose" as const, after })) },
);
type Happening = typeof happening extends fc.Arbitrary<infer T> ? T : never;

/** A world that remembers how each job began, and holds every moment to what must never be. */
class Watched {
  readonly world: ReconcileWorld;
  readonly #seeks = new Map<string, number>();
  /** How many jobs there had been when the spec last wanted none of a window: those are nobody's predecessors. */
  readonly #unwanted = new Map<string, number>();
  #countdown = Infinity;
  #loses = false;

  constructor() {
    this.world = reconcileWorld({ driftIntervalMs: 0, dataflow: { workerImage: "worker:1", jobsPerProject: 3 } });
    const { jobs, messaging, cluster } = this.world;
    jobs.fault = () => {
      this.#step(false, () => new JobsError("Unavailable", "away"));
    };
    messaging.fault = () => {
      this.#step(false, () => new MessagingError("Unavailable", "away"));
    };
    cluster.fault = () => {
      this.#step(false, () => new ClusterError("Unavailable", "away"));
    };
    jobs.afterWrite = (write) => {
      if (write.startsWith("launch")) this.#began(jobs.all().at(-1)!);
      this.#step(true, () => new JobsError("Unavailable", "lost"));
    };
    messaging.afterWrite = (write) => {
      const [, subscription = "", to = ""] = /^seek (\S+) to (\S+)$/.exec(write) ?? [];
      if (to !== "") this.#seeks.set(subscription, Date.parse(to));
      this.#step(true, () => new MessagingError("Unavailable", "lost"));
    };
    cluster.afterWrite = () => {
      this.#step(true, () => new ClusterError("Unavailable", "lost"));
    };
  }

  /** A call to come fails, before it has done anything or after it has done all. */
  breakCall(after: number, loses: boolean): void {
    this.#countdown = after;
    this.#loses = loses;
  }

  apply(spec: object): void {
    const { engine = "Embedded", resolutions } = spec as { engine?: string; resolutions: { window: string }[] };
    const wanted = engine === "Dataflow" ? resolutions.map(({ window }) => window) : [];
    const { jobs, cluster } = this.world;
    for (const window of ["1m", "5m"]) if (!wanted.includes(window)) this.#unwanted.set(window, jobs.all().length);
    const present = cluster.get(FEED);
    const object = feedObject({ spec });
    cluster.put(present === undefined ? object : { ...present, spec: object.spec });
  }

  mend(): void {
    this.#countdown = Infinity;
  }

  #step(after: boolean, error: () => Error): void {
    if (this.#loses !== after || this.#countdown-- > 0) return;
    this.#countdown = Infinity;
    throw error();
  }

  /**
   * One that takes over in place reads on; every other one reads from before its predecessor's last full window. Where the
   * spec wanted no job in between, the engine computed, or nobody was to.
   */
  #began(job: Job): void {
    const { jobs } = this.world;
    const { pipeline, replaceJobId } = jobs.launchOf(job.id);
    if (replaceJobId !== undefined) return;
    const { subscription, window } = pipeline;
    const since = this.#unwanted.get(job.labels["stockfeed-window"] ?? "") ?? 0;
    const before = jobs
      .all()
      .slice(since)
      .filter((each) => each.id !== job.id && subscriptionOf(this.world, each) === subscription);
    const ends = before.flatMap(({ id }) => jobs.readUntil.get(id) ?? []);
    if (ends.length === 0) return;
    const { sizeMs, allowedLatenessMs } = window;
    const from = this.#seeks.get(subscription.split("/").at(-1) ?? "") ?? Infinity;
    expect(from).toBeLessThanOrEqual(Math.max(...ends) - sizeMs - allowedLatenessMs);
  }
}

const subscriptionOf = (world: ReconcileWorld, { id }: Job) => world.jobs.launchOf(id).pipeline.subscription;
const isReading = ({ state }: Job) => ["Pending", "Running"].includes(state);
const active = (world: ReconcileWorld) =>
  world.jobs.all().filter(({ state }) => ["Pending", "Running", "Draining", "Cancelling"].includes(state));

/** No two jobs share a subscription, but one that takes over in place. */
function expectNoRivals(world: ReconcileWorld): void {
  const reading = active(world).filter(isReading);
  const replacedBy = ({ id }: Job) => world.jobs.launchOf(id).replaceJobId;
  for (const job of reading) {
    const others = reading.filter(
      (other) => other.id !== job.id && replacedBy(other) !== job.id && replacedBy(job) !== other.id,
    );
    expect(others.map((other) => subscriptionOf(world, other))).not.toContain(subscriptionOf(world, job));
  }
}

async function happen(watched: Watched, what: Happening): Promise<void> {
  const { world } = watched;
  const pick = (which: number) => active(world)[which % Math.max(1, active(world).length)];
  switch (what.kind) {
    case "apply":
      watched.apply(what.spec);
      return;
    case "reconcile":
      world.time.now += what.seconds * 1_000;
      await world.reconcile();
      return;
    case "work":
      world.jobs.work();
      return;
    case "move": {
      const job = pick(what.which);
      if (job?.state === "Pending") world.jobs.become(job.id, "Running");
      if (job?.state === "Draining") world.jobs.become(job.id, "Drained");
      if (job?.state === "Cancelling") world.jobs.become(job.id, "Cancelled");
      return;
    }
    case "fail":
    case "cancel": {
      const job = pick(what.which);
      if (job !== undefined) world.jobs.become(job.id, what.kind === "fail" ? "Failed" : "Cancelled");
      return;
    }
    case "restart":
      world.restart();
      return;
    case "pods run":
      world.runWorkloads();
      return;
    case "refuse":
    case "lose":
      watched.breakCall(what.after, what.kind === "lose");
      return;
  }
}

/** Until nothing is written and no job moves any more. */
async function rest(world: ReconcileWorld): Promise<void> {
  for (let quiet = 0, round = 0; quiet < 3; round++) {
    expect(round).toBeLessThan(200);
    const before = world.writes;
    await world.reconcile();
    const moved = [world.runWorkloads(), world.jobs.work()].includes(true);
    world.time.now += 61_000;
    quiet = world.writes === before && !moved ? quiet + 1 : 0;
  }
}

/** All that a feed has, but for what tells one launch from another. */
function endOf(world: ReconcileWorld) {
  const { topics, subscriptions } = world.messaging.project(PROJECT);
  const jobs = active(world).map(({ state, region, labels, id }) => ({
    state,
    region,
    window: labels["stockfeed-window"],
    spec: labels["stockfeed-spec"],
    reads: subscriptionOf(world, { id } as Job).replace(/-g\d+$/, ""),
  }));
  return {
    jobs: jobs.toSorted((one, other) => ((one.window ?? "") < (other.window ?? "") ? -1 : 1)),
    kinds: world.cluster
      .all()
      .map(({ kind }) => kind)
      .toSorted(),
    topics: [...topics.keys()].toSorted(),
    subscriptions: [...subscriptions.keys()].map((name) => name.replace(/-g\d+$/, "")).toSorted(),
    ready: world.condition("Ready")?.status,
  };
}

describe("the jobs of a feed, whatever happens to it, to them and to the calls on the way", () => {
  it("end as the last spec wants them, never read one subscription twice, and read back far enough", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(happening, { maxLength: 40 }), fc.constantFrom(...SPECS), async (walk, last) => {
        const watched = new Watched();
        const { world } = watched;
        watched.apply(specOf());
        for (const what of walk) {
          await happen(watched, what);
          expectNoRivals(world);
        }
        watched.mend();
        watched.apply(specOf({ archive: false }));
        watched.apply(last);
        await rest(world);
        expectNoRivals(world);

        const direct = new Watched();
        direct.apply(last);
        const straight = direct.world;
        await rest(straight);
        const shared = ["stockfeed-windows"]; // outlives those who needed it
        const [end, wanted] = [endOf(world), endOf(straight)];
        expect({
          ...end,
          topics: [],
          subscriptions: end.subscriptions.filter((name) => !shared.includes(name)),
        }).toEqual({
          ...wanted,
          topics: [],
          subscriptions: wanted.subscriptions.filter((name) => !shared.includes(name)),
        });
        expect(end.ready).toBe("True");
      }),
      { numRuns: 200 },
    );
  });

  it("end with the feed, from wherever they are: none computes, no subscription is left, nothing holds the feed", async () => {
    const walk = fc.array(happening, { maxLength: 20 });
    const policy = fc.constantFrom("Drain", "Cancel");
    const lagMs = fc.constantFrom(0, 90_000, 300_000, 570_000);
    const how = fc.tuple(fc.constantFrom(...SPECS), policy, fc.boolean(), lagMs, fc.nat(4));
    await fc.assert(
      fc.asyncProperty(walk, walk, how, async (before, after, [last, deletionPolicy, moves, listLagMs, turns]) => {
        const watched = new Watched();
        const { world } = watched;
        watched.apply(specOf());
        for (const what of before) await happen(watched, what);
        // Whose jobs are all listed: what another spec is launched for now may not be.
        if (listLagMs > 0) {
          watched.mend();
          await rest(world);
          world.jobs.listLagMs = listLagMs;
          world.time.now += listLagMs;
        }
        watched.apply({ ...last, deletionPolicy });
        for (let turn = 0; turn <= turns; turn++) await world.reconcile();
        if (moves && listLagMs > 0) world.jobs.work();
        remove(world);
        // A spec that is written now would make another feed.
        for (const what of after) if (what.kind !== "apply") await happen(watched, what);
        watched.mend();
        for (let round = 0; round < 60 && world.cluster.get(FEED) !== undefined; round++) {
          await world.reconcile();
          if (moves) world.jobs.work();
          world.time.now += 61_000;
        }
        expect(world.cluster.get(FEED)).toBeUndefined();
        // Dataflow alone knows how long a cancellation takes.
        expect(active(world).filter(({ state }) => state !== "Cancelling")).toEqual([]);
        const { subscriptions } = world.messaging.project(PROJECT);
        expect([...subscriptions.keys()].filter((name) => name.includes("-tech-"))).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });
});

/** Asks for the feed's deletion. */
function remove({ cluster, time }: ReconcileWorld): void {
  cluster.remove(FEED);
  const feed = cluster.get(FEED);
  const deletionTimestamp = new Date(time.now).toISOString();
  if (feed !== undefined) cluster.put({ ...feed, metadata: { ...feed.metadata, deletionTimestamp } });
}
