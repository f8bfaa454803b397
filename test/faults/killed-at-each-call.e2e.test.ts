import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { withoutPart } from "../missing-part.ts";
import { controlPlaneMissing } from "../control-plane/control-plane.ts";
import { until } from "../operator-world.ts";
import { endStateOf } from "./end-state.ts";
import { type Change, KillWalk } from "./kill-walk.ts";
import { FaultWorld, pathOfFeed, SHARED, wantedOf } from "./operator-world.ts";

const NAMESPACES = ["killed-making", "killed-reading", "killed-editing", "killed-adopting"] as const;
/** Polled so seldom that no poller runs, which nobody would end. */
const FEED = { polling: { interval: "6h" }, resolutions: [{ window: "6h" }] };
/** Of this one all objects are others than of the one before, or differ. */
const EDITED = {
  symbols: ["IBM"],
  resolutions: [{ window: "12h" }],
  archive: false,
  polling: { workload: "Deployment", interval: "6h" },
};

/** What an operator reads as it starts, and looks at once a start: six kinds in Kubernetes, Pub/Sub's, a dataset and tables. */
const READS = 12;

/** Each walk has a feed and an operator of its own. */
describe.skipIf(withoutPart(await controlPlaneMissing()))(
  "an operator that is killed right after a call, whichever it was,",
  { concurrent: true, timeout: 600_000, retry: 0 },
  () => {
    let world: FaultWorld;
    const walks = new Map<string, KillWalk>();
    const reads = new Set<string>();

    beforeAll(async () => {
      world = await FaultWorld.start();
      for (const namespace of NAMESPACES) {
        await world.namespace(namespace);
        await world.apply(namespace, "one", FEED);
        walks.set(namespace, await KillWalk.in(world, namespace, reads));
      }
      // It leaves what it compiled.
      const first = await world.startOperator();
      for (const namespace of NAMESPACES) await world.untilReady(namespace, "one");
      first.kill("SIGTERM");
      await first.ended;
      const told = (what: string) =>
        [...walks.values()].find(({ namespace }) => what.includes(`projects/${namespace}`));
      world.onPubsubWrite = (what) => told(what)?.killed.onWrite(what);
      world.onPubsubRead = (what) => told(what)?.killed.onRead(what);
    });
    afterAll(async () => {
      await world.stop();
      for (const walk of walks.values()) await walk.close();
    });

    const begun = async (namespace: (typeof NAMESPACES)[number]) => {
      const walk = walks.get(namespace)!;
      await walk.killed.begin();
      await walk.killed.operator.complaint(/the caches are whole/);
      return walk;
    };
    const isMade = async (namespace: string, spec: object = FEED) =>
      (await world.isReady(namespace, "one")) &&
      JSON.stringify(await world.made(namespace)) === JSON.stringify(wantedOf(world.manifest(namespace, "one", spec)));
    /** A change of the spec; then all is as it is where the change is made, as now, without a kill. */
    const specChange = async (namespace: string, spec: object): Promise<Change> => {
      const make = () => world.apply(namespace, "one", spec);
      const isDone = () => isMade(namespace, spec);
      await make();
      await until(isDone, 60_000);
      const wanted = await endStateOf(world, namespace);
      const check = async (after: string) => {
        expect(await endStateOf(world, namespace), after).toEqual(wanted);
      };
      return { make, isDone, check };
    };
    const tell = (name: string, ...kills: readonly ReadonlySet<string>[]) => {
      console.log(`Killed after each of so many, ${name}:`, ...kills.map(({ size }) => size));
    };

    it("makes and deletes exactly what is wanted", async () => {
      const namespace = "killed-making";
      const walk = await begun(namespace);
      const check = (wanted: object) => async (after: string) => {
        expect(await world.made(namespace), after).toEqual(wanted);
      };
      const [deletion, creation] = await walk.over([
        {
          make: () => world.delete(namespace, "one"),
          isDone: async () => (await world.isGone(namespace, "one")) && (await world.workloads(namespace)).length === 0,
          check: check(SHARED),
        },
        {
          make: () => world.apply(namespace, "one", FEED),
          isDone: () => isMade(namespace),
          check: check(wantedOf(world.manifest(namespace, "one", FEED))),
        },
      ]);
      tell("deletion and creation", deletion!, creation!);
      // Finalizer, two topics, three subscriptions, two workloads, status, event; and the same back.
      expect(creation!.size).toBeGreaterThanOrEqual(10);
      expect(deletion!.size).toBeGreaterThanOrEqual(8);
    });

    it("has what the spec says where it starts with it, after each kind of read", async () => {
      const namespace = "killed-reading";
      const walk = await begun(namespace);
      await walk.overReads([await specChange(namespace, EDITED), await specChange(namespace, FEED)]);
      tell("reads", reads);
      expect(reads.size, [...reads].join(", ")).toBeGreaterThanOrEqual(READS);
    });

    it("has what the spec says where that is edited, suspended, resumed, and where its Pods are restarted", async () => {
      const namespace = "killed-editing";
      const walk = await begun(namespace);
      const edit = [await specChange(namespace, EDITED), await specChange(namespace, FEED)];
      const edits = await walk.over(edit);
      const turns = await walk.over([
        await specChange(namespace, { ...FEED, suspend: true }),
        await specChange(namespace, FEED),
      ]);
      let text = "";
      const state = async () => JSON.stringify(await endStateOf(world, namespace));
      /** As if no Pod had been restarted. */
      const unmarked = (text: string) =>
        JSON.parse(text, (key, value: object) => {
          if (key === "stockfeed.dev/restart") return undefined;
          return key === "annotations" && Object.keys(value).length === 0 ? undefined : value;
        }) as unknown;
      const before = unmarked(await state());
      const [restarts] = await walk.over([
        {
          make: () => {
            text = `again-${performance.now()}`;
            const annotations = { "stockfeed.dev/restart": text };
            return world.kube.patch(pathOfFeed(namespace, "one"), { metadata: { annotations } });
          },
          // That of the poller, and that of the engine.
          isDone: async () => (await state()).split(text).length === 3 && (await isMade(namespace)),
          check: async (after) => {
            expect(unmarked(await state()), after).toEqual(before);
          },
        },
      ]);
      tell("edit and back", ...edits);
      tell("suspend and resume", ...turns);
      tell("restart", restarts!);
      // Two workloads changed or made, one deleted, the archive's subscription, status, an event.
      for (const { size } of edits) expect(size).toBeGreaterThanOrEqual(6);
      // Two workloads and a status.
      for (const { size } of turns) expect(size).toBeGreaterThanOrEqual(3);
      expect(restarts!.size).toBeGreaterThanOrEqual(2);
    });

    it("leaves an orphaned feed's objects, and takes them over for the next one", async () => {
      const namespace = "killed-adopting";
      const walk = await begun(namespace);
      const held = () => [world.pubsub.topics, world.pubsub.subscriptions] as Map<string, Labelled>[];
      const uids = async () => (await world.workloads(namespace)).map(({ metadata }) => metadata.uid);
      const owners = async () =>
        (await world.workloads(namespace)).flatMap(({ metadata }) => metadata.ownerReferences ?? []);
      /** As if the feed had been another cluster's. */
      const giveAway = () => {
        for (const objects of held()) {
          for (const [path, object] of objects) {
            if (!path.startsWith(`projects/${namespace}/`) || object.labels?.["stockfeed-cluster"] === undefined)
              continue;
            objects.set(path, { ...object, labels: { ...object.labels, "stockfeed-cluster": "another" } });
          }
        }
      };
      const isGivenAway = () =>
        held().some((objects) =>
          [...objects].some(
            ([path, { labels }]) =>
              path.startsWith(`projects/${namespace}/`) && labels?.["stockfeed-cluster"] === "another",
          ),
        );
      const spec = { ...FEED, deletionPolicy: "Orphan" };
      await world.apply(namespace, "one", spec);
      await until(() => isMade(namespace, spec), 60_000);
      const [wanted, made, children] = [await endStateOf(world, namespace), await world.made(namespace), await uids()];
      const [orphaning, adoption] = await walk.over([
        {
          make: () => world.kube.delete(pathOfFeed(namespace, "one"), { propagationPolicy: "Orphan" }),
          isDone: () => world.isGone(namespace, "one"),
          check: async (after) => {
            expect(await world.made(namespace), after).toEqual(made);
            expect(await owners(), after).toEqual([]);
          },
        },
        {
          make: () => {
            giveAway();
            return world.apply(namespace, "one", spec, { "stockfeed.dev/adopt": "true" });
          },
          isDone: async () => (await isMade(namespace, spec)) && !isGivenAway() && (await owners()).length === 2,
          check: async (after) => {
            expect(await endStateOf(world, namespace), after).toEqual(wanted);
            expect(await uids(), after).toEqual(children);
          },
        },
      ]);
      tell("orphaning and adoption", orphaning!, adoption!);
      // The finalizer; that again, a topic, two subscriptions, two workloads, status.
      expect(orphaning!.size).toBeGreaterThanOrEqual(1);
      expect(adoption!.size).toBeGreaterThanOrEqual(7);
    });
  },
);

interface Labelled {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
}
