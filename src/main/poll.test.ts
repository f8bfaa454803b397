import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type FakePubsub, fakePubsub } from "../../test/fakes/pubsub-rest.ts";
import { feedWith } from "../../test/feed.ts";
import { NEEDS } from "../../test/google-rights.ts";
import { freePort } from "../../test/server-process.ts";
import { readReport, reportingTo } from "../../test/start-report.ts";
import { StockfeedProcess } from "../../test/stockfeed-process.ts";
import { askPodsAt } from "../adapters/pods/ask-pod.ts";
import { decodeSummary } from "../quotes/poll-summary.ts";
import { decodeQuote } from "../quotes/wire.ts";

const MINUTE = 60_000;
const QUOTES = "stockfeed-markets-tech-ltpc47aj-quotes";

let pubsub: FakePubsub;
let directory: string;
let log: string;
let running: StockfeedProcess[];

beforeEach(async () => {
  pubsub = await fakePubsub();
  directory = await mkdtemp(join(tmpdir(), "stockfeed-poll-"));
  log = join(directory, "termination-log");
  running = [];
});

afterEach(async () => {
  for (const each of running) each.kill("SIGKILL");
  await Promise.all(running.map(({ ended }) => ended));
  await pubsub.close();
  await rm(directory, { recursive: true, force: true });
});

const simulated = { symbols: ["AAPL", "MSFT"], pubsub: { projectId: "acme" } };

/** A poller as in a Pod. */
function start(spec: object, env: Record<string, string> = {}, nodeOptions = ""): StockfeedProcess {
  const feed = feedWith({ metadata: { namespace: "markets" }, spec });
  const started = new StockfeedProcess(["poll"], {
    env: {
      STOCKFEED_MANIFEST: JSON.stringify(feed),
      STOCKFEED_TERMINATION_LOG: log,
      PUBSUB_EMULATOR_HOST: pubsub.host,
      NODE_OPTIONS: nodeOptions,
      ...env,
    },
  });
  running.push(started);
  return started;
}

const message = () => readFile(log, "utf8");
const summary = async () => decodeSummary(await message());

/**
 * A Job of which a few seconds are left, so that a test takes no minute: its name, and the lead that makes it so.
 * @param seconds whole slots of a second that are still to come
 */
function jobWithLeft(seconds: number) {
  const until = (Math.floor(Date.now() / 1000) + seconds + 1) * 1000;
  const minute = Math.floor(until / MINUTE) - 2; // a lead is 0 s to 5 min
  return {
    until,
    polling: { interval: "1s", startLead: `${until / 1000 - minute * 60 - 60}s` },
    env: { STOCKFEED_JOB_NAME: `tech-poll-${minute}` },
  };
}

describe("a Job's poller", () => {
  it("publishes the slots of its Job, says what it missed, and ends", async () => {
    const { until, polling, env } = jobWithLeft(4);
    const poller = start({ ...simulated, polling }, env);
    expect(await poller.ended).toEqual({ code: 0, signal: null });

    const read = pubsub.messages.map(({ data }) => decodeQuote(data));
    const slots = [...new Set(read.map((each) => ("quote" in each ? each.quote.observedAt : NaN)))].sort();
    expect(slots.at(-1)).toBe(until - 1000);
    expect(slots).toEqual(slots.map((_, index) => until - 1000 * (slots.length - index)));
    expect(pubsub.messages).toHaveLength(2 * slots.length);
    expect(new Set(pubsub.messages.map(({ topic }) => topic))).toEqual(new Set([QUOTES]));
    expect([...pubsub.asked]).toEqual(Object.keys(NEEDS.poller));
    expect(await summary()).toMatchObject({
      feed: "markets/tech",
      slotsPolled: slots.length,
      slotsMissed: 60 - slots.length,
      quotes: 2 * slots.length,
      marketState: "Open",
      lastSlot: until - 1000,
    });
  });

  it("ends at once where all its slots are over", async () => {
    const poller = start(simulated, { STOCKFEED_JOB_NAME: `tech-poll-${Math.floor(Date.now() / MINUTE) - 3}` });
    expect(await poller.ended).toEqual({ code: 0, signal: null });
    expect(await summary()).toMatchObject({ slotsPolled: 0, slotsMissed: 6 });
    expect(pubsub.calls).toEqual([]);
  });

  it("ends well where the provider fails, for that is in its summary", async () => {
    const { polling, env } = jobWithLeft(3);
    const provider = { type: "IEX", baseUrl: `http://127.0.0.1:${await freePort()}` };
    const poller = start({ ...simulated, provider, polling }, env);
    expect(await poller.ended).toEqual({ code: 0, signal: null });
    const said = await summary();
    expect(said?.quotes).toBe(0);
    expect(said?.failures.Network).toBeGreaterThan(0);
    expect(said?.problem).toMatch(/^IEX, .*can't be reached/);
  });

  it("says how long the provider took to answer its requests", async () => {
    const server = createServer((_, response) => {
      setTimeout(() => response.end(JSON.stringify({ latestPrice: 167.41, latestUpdate: Date.now() })), 80);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { polling, env } = jobWithLeft(6);
    const provider = { type: "IEX", baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
    const poller = start({ ...simulated, provider, polling }, env);
    const ended = await poller.ended;
    server.close();
    expect(ended).toEqual({ code: 0, signal: null });
    const { quotes = 0, requests: { within = {}, seconds = 0 } = {} } = (await summary()) ?? {};
    expect(quotes).toBeGreaterThan(0);
    // Each quote has a request of its own; a request that its slot's end broke off may have been short.
    const long = Object.entries(within).filter(([bound]) => Number(bound) > 0.05);
    expect(long.reduce((sum, [, count]) => sum + count, 0)).toBeGreaterThanOrEqual(quotes);
    expect(seconds).toBeGreaterThanOrEqual(0.075 * quotes);
  });

  it("leaves its summary when it is asked to end, and a code that lets the Job go on with another Pod", async () => {
    const { polling, env } = jobWithLeft(50);
    const poller = start({ ...simulated, polling }, env);
    await pubsub.until(() => pubsub.messages.length >= 2);
    poller.kill("SIGTERM");
    expect(await poller.ended).toEqual({ code: 143, signal: null });
    const said = await summary();
    expect(said?.quotes).toBe(pubsub.messages.length);
  });

  it("leaves what it knew when it is killed", async () => {
    const { polling, env } = jobWithLeft(50);
    const poller = start({ ...simulated, polling }, env);
    await pubsub.until(() => pubsub.messages.length >= 6);
    poller.kill("SIGKILL");
    await poller.ended;
    // The last slot's quotes are published before they are counted.
    expect((await summary())?.quotes).toBeGreaterThanOrEqual(pubsub.messages.length - 2);
  });

  it("offers again what Pub/Sub refuses within the slot, and counts what it never took", async () => {
    pubsub.answers = [{ status: 503 }, "ok", { status: 403, message: "denied" }];
    // Two slots at least, also where a start takes seconds.
    const { polling, env } = jobWithLeft(6);
    const poller = start({ ...simulated, polling }, env);
    expect(await poller.ended).toEqual({ code: 0, signal: null });
    const said = await summary();
    expect(said?.quotes).toBe(2);
    expect(said?.problem).toMatch(/denied.*roles\/pubsub\.publisher/);
    expect(said?.undeliveredQuotes).toBe(2 * ((said?.slotsPolled ?? 0) - 1));
  });

  it("sends what can't be a quote to the dead letter, with the reason", async () => {
    const server = createServer((_, response) => {
      response.end(JSON.stringify({ latestPrice: 167.41, latestUpdate: Date.now() + 600_000 }));
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { polling, env } = jobWithLeft(3);
    const provider = { type: "IEX", baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
    const poller = start({ ...simulated, symbols: ["AAPL"], provider, polling }, env);
    expect(await poller.ended).toEqual({ code: 0, signal: null });
    server.close();
    expect(pubsub.messages.length).toBeGreaterThan(0);
    for (const { topic, data, attributes } of pubsub.messages) {
      expect(topic).toBe("stockfeed-dead-letter");
      expect(attributes).toMatchObject({ feed: "markets/tech", reason: "FutureTime" });
      expect(JSON.parse(data)).toMatchObject({ symbol: "AAPL", price: "167.410000" });
    }
    expect((await summary())?.deadLetters).toEqual({ FutureTime: pubsub.messages.length });
  });
});

describe("a poller that can't begin", () => {
  const provider = { type: "Alpaca", credentialsSecretRef: { name: "alpaca" } };

  it("names the Secret and the key that are missing, and shows no other", async () => {
    const env = { STOCKFEED_SECRET: "markets/alpaca", ALPACA_KEY_ID: "PKSECRET0123456789" };
    const poller = start({ ...simulated, provider }, env);
    expect(await poller.ended).toEqual({ code: 2, signal: null });
    const problem = "Alpaca needs a key. Set Secret markets/alpaca, key APCA-API-SECRET-KEY.";
    expect((await summary())?.problem).toBe(problem);
    expect(poller.stderr).toContain(problem);
    expect(poller.stderr + (await message())).not.toContain("PKSECRET");
  });

  it("says what is wrong with the manifest", async () => {
    const poller = start(simulated, { STOCKFEED_MANIFEST: "{}" });
    expect(await poller.ended).toEqual({ code: 2, signal: null });
    expect(await message()).toMatch(/^STOCKFEED_MANIFEST: .*spec/s);
  });
});

describe("a Deployment's poller", () => {
  it("polls until it is stopped, and is ready once it has polled", async () => {
    const port = await freePort();
    const polling = { interval: "1s", workload: "Deployment" };
    const poller = start({ ...simulated, polling }, { STOCKFEED_METRICS_PORT: String(port) });
    const get = (path: string) => fetch(`http://127.0.0.1:${port}${path}`);
    await pubsub.until(() => pubsub.messages.length >= 4);
    expect((await get("/healthz")).status).toBe(200);
    expect((await get("/readyz")).status).toBe(200);
    const metrics = await (await get("/metrics")).text();
    expect(metrics).toContain('stockfeed_slots_missed_total{feed="markets/tech"}');
    const told = await askPodsAt(port, decodeSummary)("127.0.0.1", AbortSignal.timeout(10_000));
    expect(told).toMatchObject({ feed: "markets/tech", marketState: "Open" });
    expect(told?.slotsPolled).toBeGreaterThanOrEqual(1);
    poller.kill("SIGTERM");
    expect(await poller.ended).toEqual({ code: 0, signal: null });
    expect(await summary()).toMatchObject({ slotsPolled: pubsub.messages.length / 2, marketState: "Open" });
  });

  it("is not ready before it has polled", async () => {
    const port = await freePort();
    // The first slot can't be published.
    pubsub.answers = ["hold"];
    const poller = start(
      { ...simulated, polling: { interval: "1s", workload: "Deployment" } },
      { STOCKFEED_METRICS_PORT: String(port) },
    );
    await poller.complaint(/"message":"polling"/);
    const response = await fetch(`http://127.0.0.1:${port}/readyz`);
    expect([response.status, await response.text()]).toEqual([503, "no slot was polled yet\n"]);
  });
});

describe("a poller's start", () => {
  it("loads no client of Kubernetes, no client of Pub/Sub, and nothing else that takes long", async () => {
    const report = join(directory, "report.json");
    const { polling, env } = jobWithLeft(2);
    const poller = start({ ...simulated, polling }, env, reportingTo(report, { modules: true }));
    expect(await poller.ended).toEqual({ code: 0, signal: null });
    expect(pubsub.messages.length).toBeGreaterThan(0);
    const loaded = (await readReport(report)).modules.join("\n");
    expect(loaded).toContain("/src/poll/poll-loop.ts");
    expect(loaded).toContain("/node_modules/zod/");
    const packages = [
      ...new Set(Array.from(loaded.matchAll(/\/node_modules\/((?:@[^/]+\/)?[^/]+)\//g), ([, name]) => name)),
    ];
    expect(packages).not.toContain("@kubernetes/client-node");
    expect(packages).not.toContain("@google-cloud/pubsub");
    for (const slow of [
      "google-auth-library",
      "google-gax",
      "cdk8s",
      "cdk8s-plus-27",
      "prom-client",
      "@duckdb/node-api",
      "yaml",
    ])
      expect(packages).not.toContain(slow);
  });
});
