import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FEEDS, OperatorWorld, operatorWorldMissing, until } from "../../test/operator-world.ts";
import type { StockfeedProcess } from "../../test/stockfeed-process.ts";

const missing = await operatorWorldMissing();
const KILLER = fileURLToPath(new URL("../../test/kill-at-call.ts", import.meta.url));
const ALONE = ["--leader-elect", "false"];

describe.skipIf(missing !== undefined && process.env.CI === undefined)(
  "an operator that is killed after any write",
  () => {
    let world: OperatorWorld;
    beforeAll(async () => {
      world = await OperatorWorld.start();
    });
    afterAll(() => world.stop());

    /** Runs an operator that is killed at its n-th write until it is, or until the work is done; whether it was killed. */
    async function killedAt(n: number, work: (operator: StockfeedProcess) => Promise<boolean>): Promise<boolean> {
      const operator = await world.startOperator(ALONE, { NODE_OPTIONS: `--import=${KILLER}`, KILL_AT: String(n) });
      let over = false;
      void operator.ended.then(() => (over = true));
      await until(async () => over || (await work(operator)), 60_000);
      const killed = over;
      operator.kill("SIGKILL");
      expect((await operator.ended).signal).toBe("SIGKILL");
      return killed;
    }

    const childrenOf = async (name: string) => {
      const selector = `?labelSelector=stockfeed.dev/feed=${name}`;
      const of = async (path: string) =>
        (await world.kube.list(`${path}${selector}`)).items.map((item) => item.metadata.name);
      return {
        cronJobs: await of("/apis/batch/v1/namespaces/markets/cronjobs"),
        statefulSets: await of("/apis/apps/v1/namespaces/markets/statefulsets"),
        topics: (await world.pubsub("topics")).filter((each) => each.includes(`-${name}-`)),
        subscriptions: (await world.pubsub("subscriptions")).filter((each) => each.includes(`-${name}-`)),
      };
    };

    /** Feeds that the first test made, for the second to delete. */
    const made: string[] = [];

    it("leaves everything there once, and Ready, when it has been started again", { timeout: 300_000 }, async () => {
      for (let n = 1, killed = true; killed; n++) {
        const name = `feed-${n}x`;
        made.push(name);
        await world.kube.create(FEEDS, world.manifest(name, { deletionPolicy: "Cancel" }));
        killed = await killedAt(n, async () => {
          await world.runPods();
          return (await world.condition(name))?.status === "True";
        });
        const operator = await world.startOperator(ALONE);
        await world.untilReady(name);
        const { cronJobs, statefulSets, topics, subscriptions } = await childrenOf(name);
        expect({ cronJobs, statefulSets }).toEqual({ cronJobs: [`${name}-poll`], statefulSets: [`${name}-windows`] });
        expect([topics.length, subscriptions.length]).toEqual([1, 2]);
        operator.kill("SIGKILL");
        await operator.ended;
      }
      // Finalizer, topic, two subscriptions, two workloads, status: and the last run is the one that nothing killed.
      expect(made.length - 1).toBeGreaterThanOrEqual(7);
    });

    it("leaves nothing of a deleted feed, when it has been started again", { timeout: 300_000 }, async () => {
      let kills = 0;
      for (let n = 1, killed = true; killed; n++) {
        const name = made.shift() ?? "";
        await world.kube.delete(`${FEEDS}/${name}`);
        const gone = async () => {
          await world.endPods();
          return !(await world.exists(`${FEEDS}/${name}`));
        };
        killed = await killedAt(n, gone);
        if (killed) kills += 1;
        const operator = await world.startOperator(ALONE);
        await until(gone);
        await until(async () => Object.values(await childrenOf(name)).every((names) => names.length === 0));
        operator.kill("SIGKILL");
        await operator.ended;
      }
      // Two workloads, the status, two subscriptions, the topic: and the finalizer, after which there is nothing to do.
      expect(kills).toBeGreaterThanOrEqual(5);
      expect((await world.pubsub("topics")).length).toBe(made.length + 1);
    });
  },
);
