import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { operatorInstall } from "../../cdk8s/operator.ts";
import { answerOf, FEEDS, OPERATOR, OperatorWorld, operatorWorldMissing, until } from "../../test/operator-world.ts";
import type { StockfeedProcess } from "../../test/stockfeed-process.ts";
import type { KubeObject } from "../api/kube-object.ts";

const missing = await operatorWorldMissing();

interface Rule {
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

const rulesOf = ({ rules }: KubeObject) => (rules ?? []) as readonly Rule[];
/** The rights of an install one by one: a verb on a resource, by a rule of a role. */
const rightsOf = (install: readonly KubeObject[]) =>
  install.flatMap((role) =>
    rulesOf(role).flatMap((rule) =>
      rule.resources.flatMap((resource) =>
        rule.verbs.map((verb) => ({ install, role, rule, resource, verb, what: `${verb} ${resource}` })),
      ),
    ),
  );

/** The install without one right. */
const without = ({ install, role, rule, resource, verb }: ReturnType<typeof rightsOf>[number]) => {
  const left = { ...rule, resources: [resource], verbs: rule.verbs.filter((each) => each !== verb) };
  const others = { ...rule, resources: rule.resources.filter((each) => each !== resource) };
  const rules = rulesOf(role).flatMap((each) =>
    each === rule ? [left, others].filter(({ resources, verbs }) => resources.length * verbs.length > 0) : [each],
  );
  return install.map((object) => (object === role ? { ...role, rules } : object));
};

/** A right that is missed after a minute only, when an event has come again. */
const SLOW = "patch events";
/** Installs side by side on one cluster, each with feeds of its own; they share out the rights that are taken away. */
const INSTALLS = ["first", "second", "slow"].map((name, index) => {
  const install = operatorInstall({ name, namespace: OPERATOR.namespace, image: "stockfeed:test" });
  const [slow, quick] = [true, false].map((isSlow) =>
    rightsOf(install).filter(({ what }) => isSlow === (what === SLOW)),
  );
  const rights = name === "slow" ? slow : quick?.filter((_, each) => each % 2 === index);
  return { name, install, rights: rights ?? [] };
});

/** Somebody else's object that is in the way of a feed's. */
type Obstacle = "cronjobs" | "deployments" | "statefulsets";
const pathOf = (kind: Obstacle) => `/apis/${kind === "cronjobs" ? "batch" : "apps"}/v1/namespaces/markets/${kind}`;
const obstacle = (kind: Obstacle, feed: string) => {
  const metadata = { name: kind === "statefulsets" ? `${feed}-windows` : `${feed}-poll` };
  const labels = { is: "theirs" };
  const spec = { containers: [{ name: "theirs", image: "theirs:1" }], restartPolicy: "Never" };
  if (kind === "cronjobs") {
    return { metadata, spec: { schedule: "1 1 1 1 1", jobTemplate: { spec: { template: { spec } } } } };
  }
  const template = { metadata: { labels }, spec: { ...spec, restartPolicy: "Always" } };
  return { metadata, spec: { replicas: 0, selector: { matchLabels: labels }, template } };
};

describe.skipIf(missing !== undefined && process.env.CI === undefined)("the operator's rights", () => {
  let world: OperatorWorld;
  let feeds = 0;

  beforeAll(async () => {
    // With this plugin, only who may update a feed's finalizers may name it as an owner whose deletion waits.
    world = await OperatorWorld.start(["--enable-admission-plugins=OwnerReferencesPermissionEnforcement"]);
  });
  afterAll(() => world.stop());

  describe.concurrent.each(INSTALLS)("of the $name install", ({ name: installed, install, rights }) => {
    let operator: StockfeedProcess;

    beforeAll(() => world.grant(install));
    afterEach(async () => {
      operator.kill("SIGKILL");
      await operator.ended;
      await world.grant(install);
      await world.kube
        .delete(`/apis/coordination.k8s.io/v1/namespaces/${OPERATOR.namespace}/leases/${installed}`)
        .catch(() => undefined);
    });

    /** Starts the install's operator, which sees the install's feeds alone. */
    const start = async () =>
      world.startOperator(["--lease-name", installed, "--selector", `install=${installed}`], {
        STOCKFEED_KUBECONFIG: await world.plane.kubeconfigFor(OPERATOR.namespace, installed),
      });
    const refused = async () => {
      if (operator.stderr.includes("kube-system can't be read")) return true;
      return (await answerOf(operator, "/metrics").catch(() => "")).includes('code="403"');
    };
    const makeFeed = async (name: string, spec: object = {}) => {
      const { metadata, ...manifest } = world.manifest(name, { deletionPolicy: "Cancel", ...spec }) as KubeObject;
      await world.kube.create(FEEDS, { ...manifest, metadata: { ...metadata, labels: { install: installed } } });
    };
    /** A feed that finds somebody else's object of a name of its own, and looks whose it is. */
    const meet = async (kind: Obstacle) => {
      const name = `feed-${++feeds}`;
      await world.kube.create(pathOf(kind), obstacle(kind, name));
      await makeFeed(name, { polling: { workload: kind === "deployments" ? "Deployment" : "CronJob" } });
      await until(async () => (await world.condition(name))?.reason === "NameConflict");
      await world.kube.delete(`${FEEDS}/${name}`);
      await world.untilGone(`${FEEDS}/${name}`);
    };
    /** What feeds live through that need every right: poller of both kinds, engine, others' objects, deletion. */
    const live = async () => {
      const name = `feed-${++feeds}`;
      const path = `${FEEDS}/${name}`;
      await makeFeed(name);
      const has = (kind: string) => () => world.exists(`/apis/${kind}/${name}-poll`);
      // Three operators may be starting beside each other.
      await until(has("batch/v1/namespaces/markets/cronjobs"), 60_000);
      await world.untilReady(name);
      await world.kube.patch(path, { spec: { polling: { workload: "Deployment" } } });
      await until(has("apps/v1/namespaces/markets/deployments"));
      await until(async () => !(await has("batch/v1/namespaces/markets/cronjobs")()));
      await world.kube.delete(path);
      await until(async () => {
        await world.endPods();
        return !(await world.exists(path));
      });
      for (const kind of ["cronjobs", "deployments", "statefulsets"] as const) await meet(kind);
    };

    /** Somebody edits a feed's engine by hand, again and again: told once, and after a minute counted up. */
    const quarrel = async () => {
      const name = `feed-${++feeds}`;
      await makeFeed(name);
      await world.untilReady(name);
      const engine = `${pathOf("statefulsets")}/${name}-windows`;
      const isMended = async () => (await world.kube.get<{ spec: { replicas: number } }>(engine)).spec.replicas === 1;
      while (!(await refused())) {
        await world.kube.patch(engine, { spec: { replicas: 0 } });
        await until(isMended);
      }
      await world.kube.delete(`${FEEDS}/${name}`);
    };

    // Of an install one after the other: they take turns with its rights.
    it("are enough for a feed's whole life", { concurrent: false }, async () => {
      operator = await start();
      await live();
      expect(await refused()).toBe(false);
    });

    it.each(rights)("lack something without: $what", { concurrent: false }, async (right) => {
      await world.grant(without(right));
      operator = await start();
      const life = (right.what === SLOW ? quarrel() : live()).catch(() => undefined);
      await until(refused, 90_000);
      await world.grant(install);
      // What it tried in vain it tries again, and so the feed's life goes on, unless the operator could not start at all.
      if (operator.stderr.includes("kube-system can't be read")) operator = await start();
      await life;
    });
  });
});
