import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RowTable } from "../../test/fakes/row-table.ts";
import { type PubsubEmulator, pubsubEmulatorMissing, startPubsubEmulator } from "../../test/pubsub-emulator.ts";
import { runCommand } from "../../test/run-command.ts";
import { freePort } from "../../test/server-process.ts";
import { StreamCluster } from "../../test/stream-cluster.ts";
import { feedWith } from "../../test/feed.ts";
import { NEEDS } from "../../test/google-rights.ts";
import { publishTexts } from "../../test/pubsub-rest.ts";
import { askPodsAt } from "../adapters/pods/ask-pod.ts";
import { decodeStreamSummary } from "../quotes/stream-summary.ts";
import { streamCommand } from "./stream.ts";

const missing = pubsubEmulatorMissing();

describe("stockfeed stream", () => {
  const project = { projectId: "acme" };
  const bigQuery = { ...project, dataset: "markets" };

  it.each([
    [{}, /STOCKFEED_MANIFEST is not set/],
    [{ STOCKFEED_MANIFEST: "{" }, /STOCKFEED_MANIFEST is no JSON/],
    [{ STOCKFEED_MANIFEST: JSON.stringify(feedWith()) }, /spec\.pubsub is required/],
    [{ STOCKFEED_MANIFEST: JSON.stringify(feedWith({ spec: { pubsub: project } })) }, /spec\.sink is required/],
    [
      {
        STOCKFEED_MANIFEST: JSON.stringify(feedWith({ spec: { pubsub: project, sink: { bigQuery } } })),
        STOCKFEED_METRICS_PORT: "http",
      },
      /STOCKFEED_METRICS_PORT is http; it must be a port/,
    ],
  ])("refuses %j with a sentence and exit code 2", async (env, sentence) => {
    const { stderr, exitCode } = await runCommand(streamCommand, { env });
    expect(stderr).toMatch(sentence);
    expect(exitCode).toBe(2);
  });
});

describe.skipIf(missing !== undefined && process.env.CI !== "true")(
  `stockfeed stream on the Pub/Sub emulator${missing === undefined ? "" : ` (skipped: ${missing})`}`,
  () => {
    let emulator: PubsubEmulator;
    beforeAll(async () => {
      emulator = await startPubsubEmulator();
    });
    afterAll(() => emulator.stop());

    it(
      "writes the rows of brute force, tells how it is, and stops with exit code 0",
      { timeout: 120_000 },
      async () => {
        const table = new RowTable();
        const cluster = new StreamCluster({ emulator, project: "acme-plain", table });
        const port = await freePort();
        const ask = async (path: string) => {
          const answer = await fetch(`http://127.0.0.1:${port}${path}`).catch(() => undefined);
          return { status: answer?.status, text: (await answer?.text()) ?? "" };
        };
        const untilReady = async (status: number) => {
          for (;;) {
            const answer = await ask("/readyz");
            if (answer.status === status) return answer.text;
            await wait(50);
          }
        };
        try {
          await cluster.start();
          const stream = cluster.stream({ STOCKFEED_METRICS_PORT: String(port) });
          await untilReady(200);
          await publishTexts(emulator.host, cluster.topic, ["no quote"]);
          await table.down();
          expect(await untilReady(503)).toMatch(/^the sink does not take part: .*markets.*windows/);
          expect((await ask("/healthz")).status).toBe(200);
          await table.up();
          await untilReady(200);
          const told = () => askPodsAt(port, decodeStreamSummary)("127.0.0.1", AbortSignal.timeout(10_000));
          expect(await told()).toEqual({ feed: "markets/fast" });
          table.forbids = true;
          await untilReady(503);
          expect(await told()).toMatchObject({
            sink: { fault: "Forbidden", message: expect.stringContaining("Grant roles/bigquery.dataEditor") as string },
          });
          table.forbids = false;
          await untilReady(200);
          expect(await cluster.settle(30_000)).toMatchObject({ differences: [] });
          const deadLetter = /^stockfeed_quotes_total\{.*outcome="dead_letter"\} [1-9]/m;
          let { text: metrics } = await ask("/metrics");
          while (!deadLetter.test(metrics)) {
            await wait(50);
            metrics = (await ask("/metrics")).text;
          }
          const value = (line: string) =>
            Number(
              metrics
                .split("\n")
                .find((each) => each.startsWith(line))
                ?.split(" ")[1],
            );
          const feed = 'feed="markets/fast"';
          expect(value(`stockfeed_quotes_total{${feed},outcome="accepted"}`)).toBeGreaterThan(0);
          const written = value(`stockfeed_sink_rows_total{${feed},outcome="written"}`);
          // How many depends on the machine. What was cut off was there, and was written again.
          expect(written).toBeGreaterThan(0);
          expect(written).toBeLessThanOrEqual(table.rows.length);
          expect(value(`stockfeed_windows_emitted_total{${feed},resolution="6s"}`)).toBeGreaterThan(0);
          expect(value(`stockfeed_watermark_lag_seconds{${feed}}`)).toBeLessThan(10);
          // So much for a feed's engine, and so much rights it needs.
          const called = [...cluster.proxy.calls, ...table.calls];
          expect(called.filter((call) => !(call in NEEDS.stream))).toEqual([]);
          const needed = (calls: readonly string[]) => new Set(calls.flatMap((call) => NEEDS.stream[call] ?? []));
          expect(needed(called)).toEqual(needed(Object.keys(NEEDS.stream)));
          stream.kill("SIGTERM");
          expect(await stream.ended).toEqual({ code: 0, signal: null });
          const entries = stream.stderr
            .trim()
            .split("\n")
            .map((line) => JSON.parse(line) as Record<string, unknown>);
          expect(entries.every((entry) => entry.feed === "markets/fast" && entry.namespace === "markets")).toBe(true);
          expect(entries.at(-1)).toMatchObject({
            severity: "INFO",
            message: "stopped",
            resolutions: ["2s", "4s", "6s"],
          });
        } finally {
          await cluster.stop();
        }
      },
    );
  },
);
