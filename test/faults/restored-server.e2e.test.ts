import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { controlPlaneMissing } from "../control-plane/control-plane.ts";
import { withoutPart } from "../missing-part.ts";
import { until } from "../operator-world.ts";
import type { StockfeedProcess } from "../stockfeed-process.ts";
import { FaultWorld, type Made, SHARED, wantedOf } from "./operator-world.ts";

const missing =
  (await controlPlaneMissing()) ??
  (process.env.STOCKFEED_TEST_KUBECONFIG === undefined ? undefined : "an existing cluster can't be restored");
const NAMESPACE = "restored";

describe.skipIf(withoutPart(missing))("the operator", () => {
  let world: FaultWorld;
  let operator: StockfeedProcess;
  beforeAll(async () => {
    world = await FaultWorld.start();
    operator = await world.startOperator();
    await world.namespace(NAMESPACE);
  });
  afterAll(() => world.stop());

  /** All that some feeds want together. */
  const wanted = (...feeds: readonly (readonly [name: string, spec?: object])[]): Made => {
    const each = feeds.map(([name, spec]) => wantedOf(world.manifest(NAMESPACE, name, spec)));
    const all = (part: keyof Made) => [...new Set(each.flatMap((made) => made[part]))].sort();
    return { workloads: all("workloads"), topics: all("topics"), subscriptions: all("subscriptions") };
  };
  const untilMade = async (made: Made) => {
    await until(async () => {
      await world.playKubelet(NAMESPACE);
      return JSON.stringify(await world.made(NAMESPACE)) === JSON.stringify(made);
    }, 60_000).catch(() => undefined);
    expect(await world.made(NAMESPACE)).toEqual(made);
  };

  it("lives through its server's return to an older state: no duplicate, no orphan", async () => {
    for (const name of ["kept", "back"]) await world.apply(NAMESPACE, name);
    for (const name of ["kept", "back"]) await world.untilReady(NAMESPACE, name);
    const snapshot = join(world.plane.dataDir, "older");
    await world.plane.kill();
    await world.plane.snapshot(snapshot);
    await world.plane.restart();

    await world.delete(NAMESPACE, "back");
    await world.untilGone(NAMESPACE, "back");
    await world.apply(NAMESPACE, "kept", { archive: false, polling: { workload: "Deployment" } });
    await world.apply(NAMESPACE, "young");
    for (const name of ["kept", "young"]) await world.untilReady(NAMESPACE, name);
    await untilMade(wanted(["kept", { archive: false, polling: { workload: "Deployment" } }], ["young"]));

    await world.plane.kill();
    await world.plane.restore(snapshot);
    await world.plane.restart();
    for (const name of ["kept", "back"]) await world.untilReady(NAMESPACE, name);
    // What the server has forgotten of in the cloud stays, with the messages in it, until its feed comes again.
    const young = wanted(["young"]);
    const { workloads, topics, subscriptions } = wanted(["kept"], ["back"]);
    await untilMade({
      workloads,
      topics: [...new Set([...topics, ...young.topics])].sort(),
      subscriptions: [...new Set([...subscriptions, ...young.subscriptions])].sort(),
    });

    const topicsMade = world.pubsub.calls.get("CreateTopic");
    await world.apply(NAMESPACE, "young");
    await world.untilReady(NAMESPACE, "young");
    expect(world.pubsub.calls.get("CreateTopic")).toBe(topicsMade);
    await untilMade(wanted(["kept"], ["back"], ["young"]));
    await world.delete(NAMESPACE, "young");
    await world.untilGone(NAMESPACE, "young");
    await untilMade(wanted(["kept"], ["back"]));
  });

  it("finds what was made, deleted, and made again while it was away", async () => {
    const path = (name: string) => `/apis/stockfeed.dev/v1alpha1/namespaces/${NAMESPACE}/stockfeeds/${name}`;
    await world.apply(NAMESPACE, "changed");
    await world.untilReady(NAMESPACE, "changed");
    operator.kill("SIGKILL");
    await operator.ended;

    await world.delete(NAMESPACE, "kept");
    await world.apply(NAMESPACE, "brief");
    await world.delete(NAMESPACE, "brief");
    const before = await world.feed(NAMESPACE, "back");
    await world.delete(NAMESPACE, "back");
    await world.kube.patch(path("back"), { metadata: { finalizers: null } });
    await until(async () => (await world.feed(NAMESPACE, "back")) === undefined);
    await world.apply(NAMESPACE, "back");
    for (const archive of [false, true, false]) await world.apply(NAMESPACE, "changed", { archive });
    await world.apply(NAMESPACE, "new");

    operator = await world.startOperator();
    for (const name of ["back", "changed", "new"]) await world.untilReady(NAMESPACE, name);
    await world.untilGone(NAMESPACE, "kept");
    await untilMade(wanted(["back"], ["changed", { archive: false }], ["new"]));
    const again = await world.feed(NAMESPACE, "back");
    expect(again?.metadata.uid).not.toBe(before?.metadata.uid);
    const owners = (await world.workloads(NAMESPACE))
      .filter(({ metadata }) => metadata.name.startsWith("back-"))
      .map(({ metadata }) => metadata.ownerReferences?.map(({ uid }) => uid));
    expect(owners).toEqual([[again?.metadata.uid], [again?.metadata.uid]]);

    for (const name of ["back", "changed", "new"]) await world.delete(NAMESPACE, name);
    for (const name of ["back", "changed", "new"]) await world.untilGone(NAMESPACE, name);
    await untilMade(SHARED);
  });
});
