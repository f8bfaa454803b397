import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FAKE_KEYS, type ProviderCall } from "../fakes/provider-formats.ts";
import { FakeProviderServer } from "../fakes/provider-server.ts";
import { makeJob, minuteOf } from "../job-of-cron-job.ts";
import type { AnyObject } from "../kube-client.ts";
import { type Kubelet, startKubelet } from "../kubelet/kubelet.ts";
import { withoutPart } from "../missing-part.ts";
import { answerOf, FEEDS, OperatorWorld, operatorWorldMissing, until } from "../operator-world.ts";
import type { StockfeedProcess } from "../stockfeed-process.ts";

const PROGRAM = fileURLToPath(new URL("../../src/main/stockfeed.ts", import.meta.url));
/** What a provider refuses, and must be as little seen as what it takes. */
const WRONG = { id: "PKWRONGWRONGWRONG123", key: "wr0ng/Key+With=Signs0123456789" };
const { ALPACA_KEY_ID, ALPACA_SECRET_KEY, IEX_TOKEN } = FAKE_KEYS;
const VALUES = [ALPACA_KEY_ID, ALPACA_SECRET_KEY, IEX_TOKEN, WRONG.id, WRONG.key];
const SPELLINGS = VALUES.flatMap((value) => [
  value,
  encodeURIComponent(value),
  Buffer.from(value).toString("base64").replace(/=+$/, ""),
  Buffer.from(value).toString("hex"),
]);
const FEED_NAMES = ["alpaca", "iex", "refused", "cron"];

interface Pod extends AnyObject {
  readonly status: { readonly phase?: string };
}

describe.skipIf(withoutPart(await operatorWorldMissing()))("a provider's keys", () => {
  let world: OperatorWorld;
  let provider: FakeProviderServer;
  let kubelet: Kubelet;
  let operator: StockfeedProcess;
  beforeAll(async () => {
    [world, provider] = await Promise.all([OperatorWorld.start(), FakeProviderServer.start()]);
    for (const symbol of ["AAPL", "MSFT"]) provider.market.set(symbol, { price: 100.25, time: Date.now(), volume: 7 });
    const images = { "stockfeed:test": [process.execPath, PROGRAM] };
    kubelet = await startKubelet({ kubeconfig: world.plane.kubeconfig, images });
    operator = await world.startOperator();
  });
  afterAll(async () => {
    await kubelet.stop();
    await Promise.all([world.stop(), provider.close()]);
  });

  /** Pods that were seen, by name; what they were is kept, since they end. */
  const pods = new Map<string, Pod>();
  const said = new Map<string, string>();
  /** Takes down what can be read now. */
  const look = async () => {
    const { items } = await world.kube.list<Pod>("/api/v1/namespaces/markets/pods");
    for (const pod of items) {
      const { name, annotations } = pod.metadata;
      pods.set(name, pod);
      said.set(`Pod ${name} ${pod.metadata.resourceVersion ?? ""}`, JSON.stringify(pod));
      const pid = kubelet.pid("markets", name);
      if (pid !== undefined) said.set(`arguments of ${name}`, commandLineOf(pid));
      const port = annotations?.["test.stockfeed.dev/port"];
      const metrics = await fetch(`http://127.0.0.1:${port ?? ""}/metrics`).catch(() => undefined);
      if (metrics !== undefined) said.set(`metrics of ${name}`, await metrics.text());
    }
    const lists = [
      ...["cronjobs", "jobs"].map((plural) => `/apis/batch/v1/namespaces/markets/${plural}`),
      ...["deployments", "statefulsets", "replicasets"].map((plural) => `/apis/apps/v1/namespaces/markets/${plural}`),
      "/apis/events.k8s.io/v1/namespaces/markets/events",
      FEEDS,
    ];
    for (const path of lists) said.set(path, JSON.stringify(await world.kube.list(path)));
    said.set("arguments of the operator", commandLineOf(operator.pid));
    said.set("metrics of the operator", await answerOf(operator, "/metrics"));
    said.set("log of the operator", operator.stderr + operator.stdout);
    for (const name of pods.keys()) said.set(`log of ${name}`, kubelet.logs("markets", name));
  };
  const saidOf = (pattern: RegExp) => [...said].filter(([where]) => pattern.test(where)).map(([, text]) => text);

  it("never show, neither while all goes well nor when the provider refuses them and says them itself", async () => {
    const secret = (name: string, stringData: object) =>
      world.kube.create("/api/v1/namespaces/markets/secrets", { metadata: { name }, stringData });
    const alpacaKeys = (id: string, key: string) => ({ "APCA-API-KEY-ID": id, "APCA-API-SECRET-KEY": key });
    await secret("alpaca", alpacaKeys(ALPACA_KEY_ID, ALPACA_SECRET_KEY));
    await secret("refused", alpacaKeys(WRONG.id, WRONG.key));
    await secret("iex", { token: IEX_TOKEN });
    const from = (type: string, name: string) => {
      return { type, baseUrl: provider.url, credentialsSecretRef: { name } };
    };
    const without = { deletionPolicy: "Cancel", archive: false };
    const endless = { ...without, polling: { workload: "Deployment", interval: "1s" } };
    const feeds: Record<string, object> = {
      alpaca: { ...endless, provider: from("Alpaca", "alpaca") },
      iex: { ...endless, provider: from("IEX", "iex") },
      refused: { ...endless, provider: from("Alpaca", "refused") },
      cron: { ...without, provider: from("Alpaca", "alpaca"), polling: { interval: "5s" } },
    };
    for (const [name, spec] of Object.entries(feeds)) await world.kube.create(FEEDS, world.manifest(name, spec));

    // The keys are in use, in headers and in addresses.
    const used = (value: string) =>
      provider.calls.some(({ headers }) => Object.values(headers).some((header) => header === value));
    await until(() => Promise.resolve(used(ALPACA_SECRET_KEY) && used(WRONG.key)), 60_000);
    await until(() => Promise.resolve(provider.calls.some(({ path }) => path.startsWith("/stable/"))), 60_000);
    await look();

    // A provider that says the keys of whoever asks, as they came and as they stand in an address.
    const body = ({ path, headers }: ProviderCall) => {
      const isAlpaca = path.startsWith("/v2/");
      const keys = isAlpaca ? [headers["apca-api-key-id"], headers["apca-api-secret-key"]] : [IEX_TOKEN];
      return JSON.stringify({
        message: `key ${keys.join(" ")} is refused`,
        again: keys.map((key) => encodeURIComponent(String(key))),
      });
    };
    const refuses = (status: number, headers: Record<string, string>) => {
      return { kind: "status", status, headers, body } as const;
    };
    // A refused key comes last: pollers then leave the provider alone for a while.
    provider.fail(refuses(500, { "content-type": "text/plain" }), 2);
    provider.fail(refuses(200, { "content-type": "application/json" }), 2);
    provider.fail(refuses(302, { location: "http://127.0.0.1:1/" }), 2);
    provider.fail(refuses(401, { "content-type": "application/json" }));
    const before = provider.calls.length;
    // A poller that a CronJob starts meets this too, and leaves its summary, which tells of it.
    const minute = minuteOf();
    await makeJob(world.kube, { namespace: "markets", cronJob: "cron-poll", minute });
    await until(async () => {
      await look();
      return provider.calls.length > before + 7;
    }, 90_000);
    await until(async () => {
      await look();
      const ofPoller = saidOf(new RegExp(`^Pod cron-poll-${minute}-`));
      return (
        ofPoller.some((text) => /"terminated":\{.*"message":.*\\"failures\\":\{\\"/.test(text)) &&
        saidOf(/^log of refused-poll/).some((text) => text.includes("401"))
      );
    }, 150_000);
    for (const name of FEED_NAMES) expect(saidOf(new RegExp(`^log of ${name}-`)).join("")).not.toBe("");
    expect(saidOf(/^metrics of alpaca-poll/).join("")).toContain("stockfeed_provider_requests_total");
    expect(saidOf(/^metrics of alpaca-windows/).join("")).toContain("stockfeed_");
    expect(saidOf(/^arguments of alpaca-poll/).join("")).toContain("poll");
    expect(saidOf(/events$/).join("")).toContain("Created");
    const shown = [...said].flatMap(([where, text]) =>
      SPELLINGS.filter((spelling) => text.includes(spelling)).map((spelling) => `${where}: ${spelling}`),
    );
    expect(shown).toEqual([]);
    console.log(
      `${said.size} texts, ${[...said.values()].join("").length} characters, of ${pods.size} Pods were read.`,
    );
  }, 300_000);
});

/** A process's command line, as anybody on its machine can read it. */
function commandLineOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
  } catch {
    return ""; // it has ended
  }
}
