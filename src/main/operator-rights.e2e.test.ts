import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { operatorInstall } from "../../cdk8s/operator.ts";
import { answerOf, FEEDS, OperatorWorld, operatorWorldMissing, until } from "../../test/operator-world.ts";
import type { StockfeedProcess } from "../../test/stockfeed-process.ts";
import type { KubeObject } from "../api/kube-object.ts";

const missing = await operatorWorldMissing();

/** The install with which operators run, and its rules, each a role's name and a place in it. */
const INSTALL = operatorInstall({ namespace: "stockfeed-system", image: "stockfeed:test" });
const rulesOf = ({ rules }: KubeObject) => (rules ?? []) as readonly { resources: string[]; verbs: string[] }[];
const RULES = INSTALL.flatMap((role) =>
  rulesOf(role).map((rule, index) => ({ role, index, what: `${rule.verbs.join(", ")} ${rule.resources.join(", ")}` })),
);

/** The install without one rule. */
const without = (role: KubeObject, index: number) =>
  INSTALL.map((object) => (object === role ? { ...role, rules: rulesOf(role).toSpliced(index, 1) } : object));

describe.skipIf(missing !== undefined && process.env.CI === undefined)("the operator's rights", () => {
  let world: OperatorWorld;
  let operator: StockfeedProcess;
  let feeds = 0;

  beforeAll(async () => {
    // With this plugin, only who may update a feed's finalizers may name it as an owner whose deletion waits.
    world = await OperatorWorld.start(["--enable-admission-plugins=OwnerReferencesPermissionEnforcement"]);
  });
  afterAll(() => world.stop());
  afterEach(async () => {
    operator.kill("SIGKILL");
    await operator.ended;
    await world.grant(INSTALL);
    await world.kube
      .delete("/apis/coordination.k8s.io/v1/namespaces/stockfeed-system/leases/stockfeed-operator")
      .catch(() => undefined);
  });

  const refused = async () => {
    if (operator.stderr.includes("kube-system can't be read")) return true;
    return (await answerOf(operator, "/metrics").catch(() => "")).includes('code="403"');
  };
  /** One feed's life, which needs every right: poller of both kinds, engine, deletion. */
  const live = async () => {
    const name = `feed-${++feeds}`;
    const path = `${FEEDS}/${name}`;
    await world.kube.create(FEEDS, world.manifest(name, { deletionPolicy: "Cancel" }));
    const has = (kind: string) => () => world.exists(`/apis/${kind}/${name}-poll`);
    await until(has("batch/v1/namespaces/markets/cronjobs"), 20_000);
    await world.untilReady(name);
    await world.kube.patch(path, { spec: { polling: { workload: "Deployment" } } });
    await until(has("apps/v1/namespaces/markets/deployments"));
    await until(async () => !(await has("batch/v1/namespaces/markets/cronjobs")()));
    await world.kube.delete(path);
    await until(async () => {
      await world.endPods();
      return !(await world.exists(path));
    });
  };

  it("are enough for a feed's whole life", async () => {
    operator = await world.startOperator();
    await live();
    expect(await refused()).toBe(false);
  });

  it.each(RULES)("lack something without: $what", async ({ role, index }) => {
    await world.grant(without(role, index));
    operator = await world.startOperator();
    const life = live().catch(() => undefined);
    await until(refused, 60_000);
    await world.grant(INSTALL);
    // What it tried in vain it tries again, and so the feed's life goes on, unless the operator could not start at all.
    if (operator.stderr.includes("kube-system can't be read")) operator = await world.startOperator();
    await life;
  });
});
