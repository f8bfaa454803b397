import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { withoutPart } from "../missing-part.ts";
import { controlPlaneMissing } from "../control-plane/control-plane.ts";
import { until } from "../operator-world.ts";
import type { StockfeedProcess } from "../stockfeed-process.ts";
import { FaultWorld, SHARED, wantedOf } from "./operator-world.ts";

/** More writes than either walk has; the walks end by themselves. */
const MOST = 40;
/** Nothing is written for so long once all is done; events come behind the rest. */
const QUIET_MS = 1_500;

describe.skipIf(withoutPart(await controlPlaneMissing()))("an operator that is killed right after a write", () => {
  let world: FaultWorld;
  let operator: StockfeedProcess;

  beforeAll(async () => {
    world = await FaultWorld.start();
    operator = await world.startOperator();
  });
  afterAll(() => world.stop());

  let writes: string[] = [];
  let lastWrite = 0;
  /** Kills the operator when so many writes from now on are done; what they were, as long as it lived. */
  const killAfter = (count: number): string[] => {
    const counted: string[] = [];
    writes = counted;
    const onWrite = (what: string) => {
      lastWrite = performance.now();
      if (counted.length < count && counted.push(what) === count) operator.kill("SIGKILL");
    };
    world.proxy.onWrite = onWrite;
    world.onPubsubWrite = onWrite;
    return counted;
  };
  /** Waits until it was killed, and starts another; or until it has done all that there is to do. Whether it was killed. */
  const restartedUnless = async (count: number, isDone: () => Promise<boolean>): Promise<boolean> => {
    const quiet = () => performance.now() - lastWrite > QUIET_MS;
    await until(async () => writes.length === count || ((await isDone()) && quiet()), 60_000);
    const killed = writes.length === count;
    if (killed) {
      await operator.ended;
      operator = await world.startOperator();
    }
    return killed;
  };

  it("makes and deletes exactly what is wanted all the same, whichever write it was", async () => {
    const seen = { making: new Set<string>(), deleting: new Set<string>() };
    const kills = { making: 0, deleting: 0 };
    let [making, deleting] = [true, true];
    for (let count = 1; (making || deleting) && count < MOST; count++) {
      const namespace = `killed-${count}`;
      await world.namespace(namespace);
      const generic = (what: string) => what.replaceAll(namespace, "NAMESPACE").replaceAll(/one[^ /]*-/g, "one-");

      const made = killAfter(making ? count : MOST);
      await world.apply(namespace, "one");
      making &&= await restartedUnless(count, () => world.isReady(namespace, "one"));
      if (making) kills.making++;
      made.forEach((what) => seen.making.add(generic(what)));
      await world.untilReady(namespace, "one");
      expect(await world.made(namespace), `after ${made.join(", ")}`).toEqual(
        wantedOf(world.manifest(namespace, "one")),
      );

      const gone = killAfter(deleting ? count : MOST);
      await world.delete(namespace, "one");
      deleting &&= await restartedUnless(count, () => world.isGone(namespace, "one"));
      if (deleting) kills.deleting++;
      gone.forEach((what) => seen.deleting.add(generic(what)));
      await world.untilGone(namespace, "one");
      await until(async () => (await world.workloads(namespace)).length === 0);
      expect(await world.made(namespace), `after ${gone.join(", ")}`).toEqual(SHARED);
    }
    console.log("Killed after each of so many writes:", kills);
    // Finalizer, two topics, three subscriptions, two workloads, status, event; and the same back.
    expect(kills.making).toBeGreaterThanOrEqual(10);
    expect(seen.making.size).toBe(10);
    expect(kills.deleting).toBeGreaterThanOrEqual(8);
    expect(seen.deleting.size).toBe(8);
    expect(operator.stderr).not.toContain("defect");
  }, 600_000);
});
