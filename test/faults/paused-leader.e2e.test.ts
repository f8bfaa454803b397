import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { controlPlaneMissing } from "../control-plane/control-plane.ts";
import { withoutPart } from "../missing-part.ts";
import { answerOf, until } from "../operator-world.ts";
import { CallProxy } from "./call-proxy.ts";
import { FaultWorld, SHARED, wantedOf } from "./operator-world.ts";

/** Long enough that the leader is stopped with calls of Pub/Sub under way. */
const LATENCY_MS = 300;
const NAMESPACE = "paused";
const names = (prefix: string, count: number) => Array.from({ length: count }, (_, index) => `${prefix}-${index}`);

describe.skipIf(withoutPart(await controlPlaneMissing()))("two operators", () => {
  let world: FaultWorld;
  const proxies: CallProxy[] = [];
  beforeAll(async () => {
    world = await FaultWorld.start({ latencyMs: LATENCY_MS });
    await world.namespace(NAMESPACE);
  });
  afterAll(async () => {
    await world.stop();
    for (const proxy of proxies) await proxy.close();
  });

  const start = async () => {
    const proxy = await CallProxy.start(world.plane.url, world.plane.caFile);
    proxies.push(proxy);
    return { proxy, operator: await world.startOperator([], proxy) };
  };
  const allGone = async (feeds: readonly string[]) => {
    for (const name of feeds) if (!(await world.isGone(NAMESPACE, name))) return false;
    return true;
  };

  it("of which the leader is stopped amid its work, past its lease, and goes on: not one write from it", async () => {
    const first = await start();
    await first.operator.complaint(/"message":"leads"/);
    const second = await start();
    await second.operator.complaint(/the operator starts/);
    const pubsubWrites: string[] = [];
    let lastPubsubWrite = 0;
    const stay = names("stay", 4);
    const go = names("go", 6);

    // Half of the topics: the others' creation is under way, or comes next.
    const amid = new Promise<void>((resolve) => {
      world.onPubsubWrite = (what) => {
        pubsubWrites.push(what);
        lastPubsubWrite = performance.now();
        if (pubsubWrites.length !== 6) return;
        first.operator.kill("SIGSTOP");
        resolve();
      };
    });
    for (const name of [...go, ...stay]) await world.apply(NAMESPACE, name);
    await amid;
    const stoppedAt = performance.now();
    await second.operator.complaint(/"message":"leads"/);
    expect(performance.now() - stoppedAt).toBeLessThan(20_000);
    for (const name of go) await world.delete(NAMESPACE, name);
    for (const name of stay) await world.untilReady(NAMESPACE, name);
    await until(() => allGone(go), 60_000);
    await until(async () => (await world.made(NAMESPACE)).workloads.length === 2 * stay.length);
    await until(() => Promise.resolve(performance.now() - lastPubsubWrite > 10 * LATENCY_MS));

    const [asked, inPubsub] = [first.proxy.asked, pubsubWrites.length];
    first.operator.kill("SIGCONT");
    await until(async () => /^stockfeed_leader 0$/m.test(await answerOf(first.operator, "/metrics")));
    const reconciles = async () => {
      const text = await answerOf(second.operator, "/metrics");
      return Number(/^stockfeed_reconcile_duration_seconds_count\{result="ready"\} (\d+)/m.exec(text)?.[1]);
    };
    const count = await reconciles();
    await until(async () => (await reconciles()) > count + 3 * stay.length);
    expect(first.proxy.asked - asked).toBe(0);
    expect(pubsubWrites.slice(inPubsub)).toEqual([]);

    const made = await world.made(NAMESPACE);
    const wanted = stay.map((name) => wantedOf(world.manifest(NAMESPACE, name)));
    expect(made.workloads).toEqual(wanted.flatMap(({ workloads }) => workloads).sort());
    expect(made.topics).toEqual([...new Set(wanted.flatMap(({ topics }) => topics))].sort());
    expect(made.subscriptions).toEqual([...new Set(wanted.flatMap(({ subscriptions }) => subscriptions))].sort());

    for (const name of stay) await world.delete(NAMESPACE, name);
    await until(() => allGone(stay), 60_000);
    await until(async () => (await world.workloads(NAMESPACE)).length === 0);
    expect(await world.made(NAMESPACE)).toEqual(SHARED);
    expect(first.proxy.asked - asked).toBe(0);
  });
});
