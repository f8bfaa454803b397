import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { withoutPart } from "../missing-part.ts";
import { controlPlaneMissing } from "../control-plane/control-plane.ts";
import { until } from "../operator-world.ts";
import { KilledOperator, MOST } from "./killed-operator.ts";
import { FaultWorld, SHARED, wantedOf } from "./operator-world.ts";

/**
 * A read changes nothing outside: killed right after one, an operator leaves what it left after the write before it. What
 * it leaves before its first write is what a feed is that was made while no operator ran, in restored-server.e2e.test.ts.
 */
describe.skipIf(withoutPart(await controlPlaneMissing()))("an operator that is killed right after a write", () => {
  let world: FaultWorld;
  let killed: KilledOperator;

  beforeAll(async () => {
    world = await FaultWorld.start();
    killed = await KilledOperator.start(world);
  });
  afterAll(() => world.stop());

  it("makes and deletes exactly what is wanted all the same, whichever write it was", async () => {
    const seen = { making: new Set<string>(), deleting: new Set<string>() };
    const kills = { making: 0, deleting: 0 };
    let [making, deleting] = [true, true];
    for (let count = 1; (making || deleting) && count < MOST; count++) {
      const namespace = `killed-${count}`;
      await world.namespace(namespace);
      const generic = (what: string) => what.replaceAll(namespace, "NAMESPACE").replaceAll(/one[^ /]*-/g, "one-");

      const made = killed.after(making ? count : MOST);
      await world.apply(namespace, "one");
      making &&= await killed.restartedUnless(() => world.isReady(namespace, "one"));
      if (making) kills.making++;
      made.forEach((what) => seen.making.add(generic(what)));
      await world.untilReady(namespace, "one");
      expect(await world.made(namespace), `after ${made.join(", ")}`).toEqual(
        wantedOf(world.manifest(namespace, "one")),
      );

      const gone = killed.after(deleting ? count : MOST);
      await world.delete(namespace, "one");
      deleting &&= await killed.restartedUnless(() => world.isGone(namespace, "one"));
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
    expect(killed.operator.stderr).not.toContain("defect");
  }, 600_000);
});
