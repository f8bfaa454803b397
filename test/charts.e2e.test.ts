/**
 * The charts on a real API server with a real controller-manager, by the real helm: those of 0.1.0 installed, upgraded to
 * today's and rolled back, then uninstalled and installed again, while feeds poll on. The kubelet runs the operator and the
 * feeds as processes, and they are today's program under either chart: no image of 0.1.0 is kept.
 */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type BigQueryServer, startBigQuery } from "./bigquery/bigquery-server.ts";
import { makeTables, makeViews } from "./bigquery/stockfeed-dataset.ts";
import { type ControlPlane, controlPlaneMissing, startControlPlane } from "./control-plane/control-plane.ts";
import { printPodLogs, stepsOfOneCourse } from "./course.ts";
import { KubeClient } from "./kube-client.ts";
import { helm, kubectl, kubeTool } from "./kube-tools.ts";
import { minuteOf } from "./job-of-cron-job.ts";
import { type Kubelet, startKubelet } from "./kubelet/kubelet.ts";
import { previousChart, takesWantedHash, versions, workOfFeeds } from "./operator-release.ts";
import { FEEDS, type LiveFeed, until } from "./operator-world.ts";
import { looks, pageBlock, runPageBlock } from "./page-commands.ts";
import { writePagePrograms } from "./page-programs.ts";
import { slotsPolled } from "./polled-slots.ts";
import { publishTexts } from "./pubsub-rest.ts";
import { type PubsubEmulator, pubsubEmulatorMissing, startPubsubEmulator } from "./pubsub-emulator.ts";

const PROGRAM = [process.execPath, resolve("src/main/stockfeed.ts")];
const NAMESPACE = "stockfeed-system";
const { version: VERSION } = JSON.parse(readFileSync("package.json", "utf8")) as { readonly version: string };
const PODS = `/api/v1/namespaces/${NAMESPACE}/pods`;
const CRONJOBS = "/apis/batch/v1/namespaces/markets/cronjobs";
const JOBS = "/apis/batch/v1/namespaces/markets/jobs";
const CRD = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/stockfeeds.stockfeed.dev";
const PATIENCE_MS = 60_000;

const missing = (await controlPlaneMissing()) ?? pubsubEmulatorMissing();

const isSkipped = missing !== undefined && process.env.CI === undefined;
describe.skipIf(isSkipped)("the charts", { timeout: 180_000, retry: 0 }, () => {
  let plane: ControlPlane;
  let emulator: PubsubEmulator;
  let bigQuery: BigQueryServer;
  let kubelet: Kubelet;
  let kube: KubeClient;
  /** Where commands of pages run, and programs of the source tree for them. */
  let home: string;
  let bin: string;

  beforeAll(async () => {
    [plane, emulator, bigQuery] = await Promise.all([startControlPlane(), startPubsubEmulator(), startBigQuery()]);
    kube = new KubeClient(plane.kubeconfig);
    home = await mkdtemp(join(tmpdir(), "stockfeed-helm-"));
    await symlink(resolve("charts"), join(home, "charts"));
    bin = writePagePrograms(join(home, "bin"));
    kubelet = await startKubelet({
      kubeconfig: plane.kubeconfig,
      images: { "stockfeed:dev": PROGRAM },
      backoff: 500,
      certificate: plane.caFile,
      services: { [`stockfeed-operator.${NAMESPACE}:8080`]: async () => `127.0.0.1:${await operatorPort()}` },
    });
    await makeTables(bigQuery, "markets");
    await makeViews(bigQuery, "markets");
    // Every Pod, of operator, helm test and feeds, has to be one that the strictest standard lets in.
    const labels = { "pod-security.kubernetes.io/enforce": "restricted" };
    for (const name of [NAMESPACE, "markets"]) await kube.create("/api/v1/namespaces", { metadata: { name, labels } });
  }, 120_000);
  afterAll(async () => {
    await kubelet.stop();
    await Promise.all([plane.stop(), emulator.stop(), bigQuery.stop()]);
    await rm(home, { recursive: true });
  });

  stepsOfOneCourse(() => printPodLogs(kube, kubelet));

  const run = (command: string, release: string, ...args: string[]) =>
    helm(home, command, release, ...args, "--namespace", NAMESPACE, "--kubeconfig", plane.kubeconfig);
  const values = async (name: string, contents: object) => {
    const file = join(home, name);
    await writeFile(file, JSON.stringify(contents));
    return ["--values", file];
  };
  const operatorValues = () =>
    values("operator.json", {
      image: { tag: "dev" },
      project: "acme",
      env: { PUBSUB_EMULATOR_HOST: emulator.host, BIGQUERY_EMULATOR_HOST: bigQuery.url },
      driftInterval: "2s",
    });
  const upgrade = (flag: string) => run("upgrade", "stockfeed-operator", "charts/stockfeed-operator", "--wait", flag);
  const operators = async () =>
    (await kube.list(`${PODS}?labelSelector=app.kubernetes.io/component=operator`)).items.filter(
      ({ metadata }) => metadata.deletionTimestamp === undefined,
    );
  async function operatorPort(): Promise<string> {
    const [pod] = await operators();
    return pod?.metadata.annotations?.["test.stockfeed.dev/port"] ?? "";
  }
  const uids = async (path: string) => (await kube.list(path)).items.map(({ metadata }) => metadata.uid).toSorted();
  const ready = async (name: string) => {
    const { metadata, status } = await kube.get<LiveFeed>(`${FEEDS}/${name}`);
    const condition = status?.conditions?.find(({ type }) => type === "Ready");
    return condition?.status === "True" && status?.observedGeneration === metadata.generation;
  };
  const allReady = async () => (await Promise.all(["tech", "gold", "tin"].map(ready))).every(Boolean);
  const topics = async () => {
    const response = await fetch(`http://${emulator.host}/v1/projects/acme/topics`);
    const { topics: listed = [] } = (await response.json()) as { topics?: { name: string }[] };
    return listed.map(({ name }) => name.split("/").at(-1) ?? "").toSorted();
  };
  const topicOf = async (feed: string) =>
    (await topics()).find((topic) => topic.startsWith(`stockfeed-markets-${feed}-`)) ?? "";

  it("install an operator that runs with the release's rights alone", async () => {
    const flags = ["--create-namespace", "--wait", ...(await operatorValues())];
    const said = await run("install", "stockfeed-operator", previousChart("stockfeed-operator"), ...flags);
    expect(said).toContain(`kubectl rollout status deployment/stockfeed-operator --namespace ${NAMESPACE}`);
    expect(await operators()).toHaveLength(1);
    expect(await versions(kube)).toEqual(["0.1.0"]);
  });

  it("pass helm test, which asks the operator whether it is ready", async () => {
    expect(await run("test", "stockfeed-operator")).toMatch(/Phase: +Succeeded/);
    expect(kubelet.logs(NAMESPACE, "stockfeed-operator-test")).toContain("200 ok");
  });

  /** Writes the file that the page speaks of. */
  const writeFleet = (more: object = {}) => {
    const sink = { bigQuery: { projectId: bigQuery.project, dataset: "markets" } };
    const feed = (name: string) => ({ name, namespace: "markets", spec: { symbols: ["AAPL", "MSFT"] } });
    const defaults = { provider: { type: "Simulated" }, sink, deletionPolicy: "Cancel" };
    return values("feeds.yaml", { defaults, feeds: ["tech", "gold", "tin"].map(feed), ...more });
  };

  it("make a fleet of feeds, in a release of its own", async () => {
    await writeFleet();
    await page("docs/helm.md", "feeds", (script) => script.replace("charts/stockfeeds", previousChart("stockfeeds")));
    await until(allReady, PATIENCE_MS);
    expect((await kube.list(CRONJOBS)).items.map(({ metadata }) => metadata.name).toSorted()).toEqual([
      "gold-poll",
      "tech-poll",
      "tin-poll",
    ]);
  });

  it("change nothing where a value is kept that the new chart refuses, and name it", async () => {
    const ports = "--set-json=networkPolicy.apiServerPorts=[]";
    await run("upgrade", "stockfeed-operator", previousChart("stockfeed-operator"), "--wait", "--reuse-values", ports);
    await expect(upgrade("--reset-then-reuse-values")).rejects.toThrow("/networkPolicy/apiServerPorts");
    await run("rollback", "stockfeed-operator", "1", "--wait");
    // What 0.1.0 had not is missing then, and so it is where nothing was set.
    await expect(upgrade("--reuse-values")).rejects.toThrow("nil pointer");
    expect(await versions(kube)).toEqual(["0.1.0"]);
    expect(await takesWantedHash(kube)).toBe(false);
  });

  let jobsBefore: (string | undefined)[];
  it("upgrade operator, rights and CRD from 0.1.0 by the page's commands, and leave feeds and workloads alone", async () => {
    const before = await workOfFeeds(kube);
    jobsBefore = await uids(JOBS);
    const [old] = await operators();
    await page("docs/upgrade.md", "backup");
    expect(await readFile(join(home, "feeds-before.yaml"), "utf8")).toContain("name: tech");
    const adapt = (script: string) => script.replace("image.tag=TAG", "image.tag=dev");
    expect(await page("docs/upgrade.md", "upgrade", adapt)).toMatch(/^markets +tech .* True /m);
    expect(await versions(kube)).toEqual([VERSION]);
    await until(() => takesWantedHash(kube), PATIENCE_MS);
    const isNew = async () => (await operators()).every(({ metadata }) => metadata.uid !== old?.metadata.uid);
    await until(isNew, PATIENCE_MS);
    await until(allReady, PATIENCE_MS);
    expect(await workOfFeeds(kube)).toEqual(before);
  });

  it("upgrade the fleet from 0.1.0 without a change to a feed, and give it a policy where told to", async () => {
    const before = await workOfFeeds(kube);
    const networkPolicy = { enabled: true, extraEgress: [{ ports: [{ port: 8085, protocol: "TCP" }] }] };
    const flags = [...(await writeFleet({ networkPolicy })), "--namespace=markets"];
    await helm(home, "upgrade", "feeds", "charts/stockfeeds", ...flags, "--kubeconfig", plane.kubeconfig);
    // One for all, since they share a namespace. The kubelet here has no network that would keep to it.
    const policies = (await kube.list(`/apis/networking.k8s.io/v1/namespaces/markets/networkpolicies`)).items;
    expect(policies).toMatchObject([{ metadata: { name: "feeds-pods" } }]);
    expect(await workOfFeeds(kube)).toEqual(before);
  });

  it("roll back to 0.1.0 by the page's command, and forth again, with feeds that polled all the time", async () => {
    const before = await workOfFeeds(kube);
    await page("docs/upgrade.md", "rollback");
    expect(await versions(kube)).toEqual(["0.1.0"]);
    await until(async () => !(await takesWantedHash(kube)), PATIENCE_MS);
    expect(await operators()).toHaveLength(1);
    await until(allReady, PATIENCE_MS);
    await upgrade("--reset-then-reuse-values");
    expect(await versions(kube)).toEqual([VERSION]);
    await until(allReady, PATIENCE_MS);
    expect(await workOfFeeds(kube)).toEqual(before);
    await until(async () => (await uids(JOBS)).some((uid) => !jobsBefore.includes(uid)), 90_000);
  });

  it("are set by the commands of the pages on Grafana and on Dataflow", async () => {
    await page("docs/grafana.md", "boards");
    const boards = `/api/v1/namespaces/${NAMESPACE}/configmaps?labelSelector=grafana_dashboard`;
    expect((await kube.list(boards)).items).toHaveLength(4);
    // An operator whose image for workers is nowhere to be had is not worth a start.
    const planned = await page("docs/dataflow.md", "workers", (script) => `${script.trim()} --dry-run=server`);
    expect(planned).toContain("STOCKFEED_WORKER_PUBLIC_IPS");
    await page("docs/upgrade.md", "rollback");
    expect((await kube.list(boards)).items).toEqual([]);
    await until(allReady, PATIENCE_MS);
  });

  it("let editors of a namespace make feeds by the roles of the page on security", async () => {
    await page("docs/security.md", "roles");
    const roles = "/apis/rbac.authorization.k8s.io/v1/namespaces/markets/rolebindings";
    for (const role of ["view", "edit"]) {
      const subjects = [{ kind: "User", name: `${role}er`, apiGroup: "rbac.authorization.k8s.io" }];
      const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: role };
      await kube.create(roles, { metadata: { name: `${role}er` }, roleRef, subjects });
    }
    const may = async (user: string, verb: string) =>
      (
        await kubectl(plane.kubeconfig, "auth", "can-i", verb, "stockfeeds", "-n", "markets", `--as=${user}`).catch(
          () => "no",
        )
      ).trim();
    await until(async () => (await may("editer", "create")) === "yes", PATIENCE_MS);
    await until(async () => (await may("viewer", "list")) === "yes", PATIENCE_MS);
    expect(await may("viewer", "create")).toBe("no");
    expect(await may("somebody", "list")).toBe("no");
  });

  it("live with the policy of that page in their namespace, as an API server has it", async () => {
    const file = join(home, "policy.yaml");
    await writeFile(file, await pageBlock("docs/security.md", "cluster", "policy"));
    const said = await kubectl(plane.kubeconfig, "apply", "--validate=strict", "-f", file);
    expect(said).toContain("networkpolicy.networking.k8s.io/stockfeed-feeds created");
  });

  it("uninstalled, leave CRD and feeds, which poll on; one that is deleted meanwhile waits for an operator", async () => {
    const feeds = await uids(FEEDS);
    const workloads = await uids(CRONJOBS);
    await run("uninstall", "stockfeed-operator", "--wait");
    await until(async () => (await operators()).length === 0, PATIENCE_MS);
    expect(await uids(FEEDS)).toEqual(feeds);
    expect(await uids(CRONJOBS)).toEqual(workloads);
    // Jobs are the cluster's business: those of the next minute poll as if nothing had happened.
    const jobs = await uids(JOBS);
    await until(async () => (await slotsPolled(kube, "markets", jobs)) > 0, 150_000);
    for (const name of ["gold", "tin"]) await kube.delete(`${FEEDS}/${name}`);
    const { metadata } = await kube.get<LiveFeed>(`${FEEDS}/gold`);
    expect(metadata.deletionTimestamp).toBeDefined();
    expect(await topics()).toHaveLength(4);
  }, 240_000);

  it("let one go without an operator by the command of the page on uninstalling, which lists what stays", async () => {
    const said = await page("docs/uninstall.md", "orphan", (script) => script.replace(" tech ", " tin "));
    expect(said).toContain(await topicOf("tin"));
    await expect(kube.get(`${FEEDS}/tin`)).rejects.toMatchObject({ code: 404 });
    expect(await topics()).toHaveLength(4);
  });

  it("installed again, find the feeds that are there, and free the one that was deleted", async () => {
    const [tech] = await uids(`${CRONJOBS}?labelSelector=stockfeed.dev/feed=tech`);
    const flags = await operatorValues();
    const adapt = (script: string) =>
      script
        .replace(/image\.repository=\S+/, "image.repository=stockfeed")
        .replace(`image.tag=${VERSION}`, "image.tag=dev")
        .replaceAll("my-project", bigQuery.project)
        .replace(" --wait", ` ${flags.join(" ")} --wait`);
    const said = await page("docs/helm.md", "install", adapt);
    expect(said).toMatch(/Phase: +Succeeded/);
    expect(said).toContain(`fake bq: ${bigQuery.project} answered`);
    await until(async () => (await uids(FEEDS)).length === 1, PATIENCE_MS);
    await until(() => ready("tech"), PATIENCE_MS);
    expect(await uids(CRONJOBS)).toEqual([tech]);
    expect(await topics()).toHaveLength(3);
  });

  it("have their dead letters listed and sent again by the commands of the page on them", async () => {
    const quote = { feed: "markets/tech", symbol: "XOM", price: "1.25", observed_at: new Date(minuteOf() * 60_000) };
    const text = JSON.stringify({ ...quote, provider_time: quote.observed_at, volume: 0, provider: "Simulated" });
    await publishTexts(emulator.host, `projects/${bigQuery.project}/topics/${await topicOf("tech")}`, [text]);
    // It comes back, since the symbol is as unknown as before: so the commands can be tried until each had it.
    await until(async () => {
      const said = await page("docs/dead-letter.md", "letters");
      const listed = / markets\/tech +UnknownSymbol +XOM +"XOM" is not among the feed's symbols\./.test(said);
      return listed && said.includes("Would be sent again: 1.\nSent again: 1.\n");
    }, PATIENCE_MS);
  });

  it("are looked at as the runbooks and other pages for operators say, command by command", async () => {
    await until(() => Promise.resolve(bigQuery.rows("markets", "windows").length > 0), 90_000);
    const commands = await looks();
    expect(commands.length).toBeGreaterThan(15);
    for (const command of commands) await shell(command);
  });

  it("are gone, with all that feeds have, by the commands of the page on uninstalling", async () => {
    // That of the feed that was let go without an operator, as it said.
    const left = await topicOf("tin");
    await page("docs/uninstall.md", "uninstall");
    await expect(kube.get(CRD)).rejects.toMatchObject({ code: 404 });
    expect(await topics()).toEqual(["stockfeed-dead-letter", left]);
    expect((await kube.list(CRONJOBS)).items).toEqual([]);
  });

  /** Runs a block of a page in the test's own directory, where the charts are too. */
  async function page(file: string, part: string, adapt = (script: string) => script): Promise<string> {
    return runPageBlock(file, "cluster", part, { cwd: home, env: await environment(), adapt });
  }

  async function shell(command: string): Promise<void> {
    await promisify(execFile)("bash", ["-c", command], { cwd: home, env: await environment() });
  }

  async function environment(): Promise<Record<string, string>> {
    const tools = dirname(await kubeTool("kubectl"));
    const helmHome = { HOME: home, HELM_CACHE_HOME: home, HELM_CONFIG_HOME: home, HELM_DATA_HOME: home };
    const stands = { PUBSUB_EMULATOR_HOST: emulator.host, BIGQUERY_EMULATOR_HOST: bigQuery.url };
    const path = [tools, bin, process.env.PATH ?? ""].join(delimiter);
    return { ...helmHome, ...stands, PATH: path, KUBECONFIG: plane.kubeconfig };
  }
});
