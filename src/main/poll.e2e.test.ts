import { join } from "node:path";
import { afterAll, beforeAll, describe, it } from "vitest";
import { feedWorkloads } from "../../cdk8s/feed-workloads.ts";
import { type ControlPlane, controlPlaneMissing, startControlPlane } from "../../test/control-plane/control-plane.ts";
import { type FakePubsub, fakePubsub } from "../../test/fakes/pubsub-rest.ts";
import { feedWith } from "../../test/feed.ts";
import { makeJob, minuteOf } from "../../test/job-of-cron-job.ts";
import { type AnyObject, createNamespace, KubeClient } from "../../test/kube-client.ts";
import { type Kubelet, startKubelet } from "../../test/kubelet/kubelet.ts";
import { withoutPart } from "../../test/missing-part.ts";
import type { KubeObject } from "../api/kube-object.ts";
import { decodeSummary, type PollSummary } from "../quotes/poll-summary.ts";
import { slotsIn } from "../quotes/slots.ts";
import { decodeQuote } from "../quotes/wire.ts";

const MINUTE = 60_000;
const BATCH = "/apis/batch/v1/namespaces/markets";
const IMAGE = "stockfeed:test";
const owner = { apiVersion: "v1", kind: "Namespace", name: "markets", uid: "" };

interface Pod extends AnyObject {
  readonly status: {
    readonly phase: string;
    readonly containerStatuses?: readonly {
      readonly state: { readonly terminated?: { readonly exitCode: number; readonly message?: string } };
    }[];
  };
}

describe.skipIf(withoutPart(await controlPlaneMissing()))("pollers that a CronJob of a real cluster starts", () => {
  let plane: ControlPlane;
  let kubelet: Kubelet;
  let client: KubeClient;
  let pubsub: FakePubsub;

  beforeAll(async () => {
    [plane, pubsub] = await Promise.all([startControlPlane(), fakePubsub()]);
    client = new KubeClient(plane.kubeconfig);
    await createNamespace(client, "markets");
    const program = [process.execPath, join(import.meta.dirname, "stockfeed.ts")];
    kubelet = await startKubelet({ kubeconfig: plane.kubeconfig, images: { [IMAGE]: program } });
  });
  afterAll(async () => {
    await kubelet.stop();
    await Promise.all([plane.stop(), pubsub.close()]);
  });

  /** Makes the CronJob of a feed, as the operator does. */
  async function applyCronJob(name: string, spec: object): Promise<KubeObject> {
    const { metadata } = await client.get<KubeObject>("/api/v1/namespaces/markets");
    const feed = feedWith({ metadata: { name, namespace: "markets" }, spec });
    const env = { PUBSUB_EMULATOR_HOST: pubsub.host };
    const settings = { image: IMAGE, env, owner: { ...owner, uid: metadata.uid ?? "" } };
    const [cronJob] = feedWorkloads(feed, settings);
    if (cronJob === undefined) throw new Error("a feed without a poller");
    const path = `${BATCH}/cronjobs/${cronJob.metadata.name}?fieldManager=stockfeed`;
    return client.patch<KubeObject>(path, cronJob, "apply");
  }

  const podsOf = async (feed: string) => {
    const selector = encodeURIComponent(`stockfeed.dev/feed=${feed}`);
    const { items } = await client.list<Pod>(`/api/v1/namespaces/markets/pods?labelSelector=${selector}`);
    return items;
  };
  const terminated = ({ status }: Pod) => status.containerStatuses?.[0]?.state.terminated;

  it.concurrent(
    "poll each slot once from one Job to the next, each shard its symbols, and leave their summaries",
    async ({ expect }) => {
      const symbols = ["AAPL", "MSFT", "GOOG", "IBM", "META"];
      const lead = 20_000;
      const { metadata } = await applyCronJob("tech", {
        symbols,
        pubsub: { projectId: "acme" },
        polling: { interval: "5s", shards: 2, startLead: `${lead / 1000}s` },
      });
      // The Job of this minute, which comes late, and that of the next one, which the CronJob makes.
      const minute = minuteOf(metadata.creationTimestamp);
      await makeJob(client, { namespace: "markets", cronJob: "tech-poll", minute });
      const summaries = new Map<string, PollSummary>();
      // The history keeps one Job alone, as the operator's cache does not: they are read as they end.
      const podsDone = async () => {
        for (const pod of await podsOf("tech")) {
          const { message, exitCode } = terminated(pod) ?? {};
          if (message === undefined) continue;
          expect(exitCode).toBe(0);
          const summary = decodeSummary(message);
          if (summary !== undefined) summaries.set(pod.metadata.name, summary);
        }
        return summaries.size;
      };
      await expect.poll(podsDone, { timeout: 240_000, interval: 1_000 }).toBeGreaterThanOrEqual(4);

      const of = (each: number) =>
        [...summaries].flatMap(([name, is]) => (name.includes(`-poll-${each}-`) ? [is] : []));
      const slotsOf = (each: number) => of(each).map(({ slotsPolled, slotsMissed }) => [slotsPolled, slotsMissed]);
      expect(slotsOf(minute + 1)).toEqual([
        [12, 0],
        [12, 0],
      ]);
      expect(slotsOf(minute).map(([polled = 0, missed = 0]) => polled + missed)).toEqual([12, 12]);
      const quotes = pubsub.messages
        .map(({ data }) => decodeQuote(data))
        .flatMap((read) => ("quote" in read && read.quote.feed === "markets/tech" ? [read.quote] : []));
      const firsts = symbols.map((name) =>
        Math.min(...quotes.flatMap(({ symbol, observedAt }) => (symbol === name ? [observedAt] : []))),
      );
      const [from, until] = [Math.max(...firsts), (minute + 2) * MINUTE + lead];
      expect(from).toBeLessThan((minute + 1) * MINUTE + lead);
      const slots = [...slotsIn(from, until, 5_000)];
      const wanted = slots.flatMap((slot) => symbols.map((symbol) => `${slot} ${symbol}`)).sort();
      const seen = quotes.map(({ observedAt, symbol }) => `${observedAt} ${symbol}`).sort();
      expect(seen.filter((key) => wanted.includes(key))).toEqual(wanted);
    },
    300_000,
  );

  it.concurrent("fail their Job at once where the key is missing, and name it", async ({ expect }) => {
    const provider = { type: "Finnhub", credentialsSecretRef: { name: "finnhub" } };
    const cronJob = await applyCronJob("keyless", { provider, suspend: true, pubsub: { projectId: "acme" } });
    const { jobTemplate } = cronJob.spec as { readonly jobTemplate: { readonly spec: object } };
    await client.create(`${BATCH}/jobs`, { metadata: { name: "keyless-by-hand" }, spec: jobTemplate.spec });
    const failed = async () => {
      const { status } = await client.get<AnyObject & { status: { failed?: number; conditions?: { type: string }[] } }>(
        `${BATCH}/jobs/keyless-by-hand`,
      );
      return [status.failed, status.conditions?.some(({ type }) => type === "Failed")];
    };
    await expect.poll(failed, { timeout: 60_000, interval: 500 }).toEqual([1, true]);
    const pods = await podsOf("keyless");
    expect(pods).toHaveLength(1);
    const { exitCode, message } = terminated(pods[0]!) ?? {};
    expect(exitCode).toBe(2);
    expect(decodeSummary(message ?? "")?.problem).toBe("Finnhub needs a key. Set Secret markets/finnhub, key token.");
  });

  it.concurrent(
    "are followed by another Pod, for the rest of their slots, where one is killed",
    async ({ expect }) => {
      // A lead that leaves slots for a second Pod, which comes ten seconds later, also at the end of a minute.
      const polling = { interval: "1s", startLead: "45s" };
      await applyCronJob("crashing", { pubsub: { projectId: "acme" }, suspend: true, polling });
      const now = minuteOf();
      await makeJob(client, { namespace: "markets", cronJob: "crashing-poll", minute: now });
      const running = async () =>
        (await podsOf("crashing")).map(({ metadata: { name } }) => kubelet.pid("markets", name));
      await expect.poll(running, { timeout: 30_000, interval: 200 }).toEqual([expect.any(Number)]);
      const published = () => pubsub.messages.filter(({ attributes }) => attributes.feed === "markets/crashing").length;
      await pubsub.until(() => published() >= 2);
      const [pid = 0] = await running();
      process.kill(pid, "SIGKILL");
      const done = async () => (await podsOf("crashing")).map((pod) => terminated(pod)?.exitCode).sort();
      await expect.poll(done, { timeout: 110_000, interval: 500 }).toEqual([0, 137]);
      const summaries = (await podsOf("crashing")).map((pod) => decodeSummary(terminated(pod)?.message ?? ""));
      // The second counts from its own start: what the first polled is not missed.
      const second = summaries.reduce((a, b) => ((a?.lastSlot ?? 0) > (b?.lastSlot ?? 0) ? a : b));
      expect(second).toMatchObject({ slotsMissed: 0, lastSlot: now * MINUTE + 104_000 });
      expect(second?.slotsPolled).toBeGreaterThan(0);
    },
    200_000,
  );
});
