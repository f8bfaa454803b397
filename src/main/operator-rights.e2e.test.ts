import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { operatorInstall } from "../../cdk8s/operator.ts";
import { createNamespace } from "../../test/kube-client.ts";
import { answerOf, feedsIn, OPERATOR, OperatorWorld, operatorWorldMissing, until } from "../../test/operator-world.ts";
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
/** Which rights are taken away on an install: every second one that is missed soon, or the slow one. */
type Share = "odd" | "even" | "slow";
/**
 * Installs side by side on one cluster, each with feeds of its own. Those of each kind, for all namespaces and for some,
 * share out the kind's rights. Where there is a Role in each of several namespaces, the last one's are taken away.
 */
const INSTALLS = [
  { name: "first", share: "odd" as Share },
  { name: "second", share: "even" as Share },
  { name: "slow", share: "slow" as Share },
  { name: "single", share: "odd" as Share, namespaces: ["single"] },
  { name: "several", share: "even" as Share, namespaces: ["several-a", "several-b"] },
  { name: "slow-single", share: "slow" as Share, namespaces: ["slow-single"] },
].map(({ name, share, namespaces }) => {
  const install = operatorInstall({
    name,
    namespace: OPERATOR.namespace,
    image: "stockfeed:test",
    ...(namespaces && { namespaces }),
  });
  const others = namespaces?.slice(0, -1) ?? [];
  const all = rightsOf(install).filter(({ role }) => !others.includes(role.metadata.namespace ?? ""));
  const quick = all.filter(({ what }) => what !== SLOW);
  const rights =
    share === "slow"
      ? all.filter(({ what }) => what === SLOW)
      : quick.filter((_, index) => index % 2 === (share === "odd" ? 0 : 1));
  return { name, install, rights, namespaces: namespaces ?? ["markets"] };
});

/** How the install starts its operator: where it looks for feeds, and the Lease that it may hold. */
const flagsOf = (install: readonly KubeObject[]) => {
  const deployment = install.find(({ kind }) => kind === "Deployment");
  const { template } = deployment?.spec as { template: { spec: { containers: { args: string[] }[] } } };
  return (template.spec.containers[0]?.args ?? []).filter((flag) => /^--(?:namespaces|lease-name)=/.test(flag));
};

/** Somebody else's object that is in the way of a feed's. */
type Obstacle = "cronjobs" | "deployments" | "statefulsets";
const pathOf = (kind: Obstacle, namespace: string) =>
  `/apis/${kind === "cronjobs" ? "batch" : "apps"}/v1/namespaces/${namespace}/${kind}`;
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

  describe.concurrent.each(INSTALLS)("of the $name install", ({ name: installed, install, rights, namespaces }) => {
    /** The others have shown before what is enough. */
    const isSlow = rights.some(({ what }) => what === SLOW);
    let operator: StockfeedProcess;

    beforeAll(async () => {
      for (const namespace of namespaces) if (namespace !== "markets") await createNamespace(world.kube, namespace);
      await world.grant(install);
    });
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
      world.startOperator([...flagsOf(install), "--selector", `install=${installed}`], {
        STOCKFEED_KUBECONFIG: await world.plane.kubeconfigFor(OPERATOR.namespace, installed),
        // One that may not even start ends by itself and leaves what it compiled to the others, which then start sooner.
        NODE_COMPILE_CACHE: join(world.plane.dataDir, "compiled"),
      });
    const refused = async () => {
      if (operator.stderr.includes("kube-system can't be read")) return true;
      return (await answerOf(operator, "/metrics").catch(() => "")).includes('code="403"');
    };
    /** @returns its path */
    const makeFeed = async (namespace: string, name: string, spec: object = {}) => {
      const manifest = world.manifest(name, { deletionPolicy: "Cancel", ...spec }, namespace) as KubeObject;
      const metadata = { ...manifest.metadata, labels: { install: installed } };
      await world.kube.create(feedsIn(namespace), { ...manifest, metadata });
      return `${feedsIn(namespace)}/${name}`;
    };
    /** A feed that finds somebody else's object of a name of its own, and looks whose it is. */
    const meet = async (namespace: string, kind: Obstacle) => {
      const name = `feed-${++feeds}`;
      await world.kube.create(pathOf(kind, namespace), obstacle(kind, name));
      const workload = kind === "deployments" ? "Deployment" : "CronJob";
      const path = await makeFeed(namespace, name, { polling: { workload } });
      await until(async () => (await world.condition(name, "Ready", namespace))?.reason === "NameConflict");
      await world.kube.delete(path);
      await world.untilGone(path);
    };
    /** What feeds live through that need every right: poller of both kinds, engine, others' objects, deletion. */
    const live = async (namespace: string) => {
      const name = `feed-${++feeds}`;
      const path = await makeFeed(namespace, name);
      const has = (kind: Obstacle) => () => world.exists(`${pathOf(kind, namespace)}/${name}-poll`);
      await until(has("cronjobs"));
      await world.untilReady(name, namespace);
      await world.kube.patch(path, { spec: { polling: { workload: "Deployment" } } });
      await until(has("deployments"));
      await until(async () => !(await has("cronjobs")()));
      await world.kube.delete(path);
      await until(async () => {
        await world.endPods(namespace);
        return !(await world.exists(path));
      });
      for (const kind of ["cronjobs", "deployments", "statefulsets"] as const) await meet(namespace, kind);
    };

    /** Somebody edits a feed's engine by hand, again and again: told once, and after a minute counted up. */
    const quarrel = async (namespace: string) => {
      const name = `feed-${++feeds}`;
      const path = await makeFeed(namespace, name);
      await world.untilReady(name, namespace);
      const engine = `${pathOf("statefulsets", namespace)}/${name}-windows`;
      const isMended = async () => (await world.kube.get<{ spec: { replicas: number } }>(engine)).spec.replicas === 1;
      while (!(await refused())) {
        await world.kube.patch(engine, { spec: { replicas: 0 } });
        await until(isMended);
        // The minute passes all the same, and the other installs have the machine.
        await wait(1_000);
      }
      await world.kube.delete(path);
    };

    // Of an install one after the other: they take turns with its rights.
    it.each(isSlow ? [] : [namespaces.join(" and ")])(
      "are enough for a feed's whole life in %s",
      { concurrent: false },
      async () => {
        operator = await start();
        await Promise.all(namespaces.map(live));
        expect(await refused()).toBe(false);
      },
    );

    it.each(rights)("lack something without: $what", { concurrent: false, timeout: 240_000 }, async (right) => {
      const namespace = namespaces.at(-1) ?? "";
      await world.grant(without(right));
      operator = await start();
      const life = (right.what === SLOW ? quarrel : live)(namespace).catch(() => undefined);
      await until(refused, 150_000);
      await world.grant(install);
      // What it tried in vain it tries again, and so the feed's life goes on, unless the operator could not start at all.
      if (operator.stderr.includes("kube-system can't be read")) operator = await start();
      await life;
    });
  });
});
