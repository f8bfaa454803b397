/**
 * Faults of everything around `stockfeed stream`, with real processes and the real emulator. Windows are seconds long,
 * so a fault of ten seconds outlasts the longest of them.
 */
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { StreamTable } from "./bigquery/stream-table.ts";
import { RowTable } from "./fakes/row-table.ts";
import { type PubsubEmulator, pubsubEmulatorMissing, startPubsubEmulator } from "./pubsub-emulator.ts";
import { StreamCluster, type StreamClusterOptions } from "./stream-cluster.ts";
import type { StockfeedProcess } from "./stockfeed-process.ts";

const missing = pubsubEmulatorMissing();
/** How long a stream may take to be right again after everything is mended. */
const SETTLE_MS = 150_000;
const KEEPS_UP = /windows keep up/;

describe.skipIf(missing !== undefined && process.env.CI !== "true")(
  `stockfeed stream on the Pub/Sub emulator${missing === undefined ? "" : ` (skipped: ${missing})`}`,
  { timeout: 300_000, concurrent: true },
  () => {
    let shared: PubsubEmulator;
    beforeAll(async () => {
      shared = await startPubsubEmulator();
    });
    afterAll(() => shared.stop());

    /** Runs a course of events, after which one stream is left: then all has to be right. */
    const inCluster = async (
      project: string,
      course: (cluster: StreamCluster) => Promise<StockfeedProcess>,
      options: Partial<StreamClusterOptions> = {},
    ) => {
      const cluster = new StreamCluster({ emulator: shared, project, ...options });
      try {
        await cluster.start();
        const last = await course(cluster);
        const { differences, windows } = await cluster.settle(SETTLE_MS);
        const said = last.stderr.replaceAll(/"severity".*?"message":/g, "");
        expect(differences.slice(0, 2), `${differences.length} of ${windows} windows differ\n${said}`).toEqual([]);
        expect(windows).toBeGreaterThan(100);
        expect(await cluster.deadLetters()).toEqual([]);
        last.kill("SIGTERM");
        expect(await last.ended).toEqual({ code: 0, signal: null });
      } finally {
        await cluster.stop();
      }
    };

    it("killed at random instants ends with the same rows", async () => {
      await inCluster("acme-killed", async (cluster) => {
        for (let i = 0; i < 6; i += 1) {
          const stream = cluster.stream();
          await stream.complaint(KEEPS_UP);
          await wait(Math.random() * 3_000);
          stream.kill("SIGKILL");
          await stream.ended;
        }
        return cluster.stream();
      });
    });

    it("crashing ten times as it starts loses nothing", async () => {
      await inCluster("acme-crashing", async (cluster) => {
        const first = cluster.stream();
        await first.complaint(KEEPS_UP);
        await wait(3_000);
        first.kill("SIGKILL");
        for (let i = 0; i < 10; i += 1) {
          const stream = cluster.stream();
          await stream.complaint(/reading quotes/);
          await wait(Math.random() * 1_500);
          stream.kill("SIGKILL");
          await stream.ended;
        }
        return cluster.stream();
      });
    });

    it("without a sink for longer than the longest window loses nothing", async () => {
      await inCluster("acme-sink-down", async (cluster) => {
        const stream = cluster.stream();
        await stream.complaint(KEEPS_UP);
        await wait(4_000);
        await cluster.table.down();
        await stream.complaint(/the sink does not take part/);
        await wait(15_000);
        await cluster.table.up();
        await stream.complaint(/over: the sink/);
        return stream;
      });
    });

    it("killed while its sink is away, in the middle of a write, loses nothing", async () => {
      const table = new RowTable();
      await inCluster(
        "acme-broken-off",
        async (cluster) => {
          const stream = cluster.stream();
          await stream.complaint(KEEPS_UP);
          await wait(4_000);
          table.breakAfter = 7;
          await stream.complaint(/the sink does not take part/);
          await wait(10_000);
          stream.kill("SIGKILL");
          const second = cluster.stream();
          await wait(3_000);
          table.breakAfter = Infinity;
          return second;
        },
        { table },
      );
    });

    it.each(["older", "newer"])(
      "of two at once for a minute the %s one mends what both have done",
      async (survivor) => {
        await inCluster(`acme-two-${survivor}`, async (cluster) => {
          const older = cluster.stream();
          await older.complaint(KEEPS_UP);
          await wait(12_000);
          const newer = cluster.stream();
          await newer.complaint(/reading quotes/);
          await wait(60_000);
          const [killed, left] = survivor === "older" ? [newer, older] : [older, newer];
          killed.kill("SIGKILL");
          await killed.ended;
          return left;
        });
      },
    );

    it("cut off from Pub/Sub for longer than the longest window loses nothing", async () => {
      await inCluster("acme-cut-off", async (cluster) => {
        const stream = cluster.stream();
        await stream.complaint(KEEPS_UP);
        await wait(4_000);
        await cluster.proxy.down();
        await wait(15_000);
        await cluster.proxy.up();
        await wait(4_000);
        return stream;
      });
    });

    /**
     * It forgets its messages, as Pub/Sub does not, and with them what a stream is made anew from. So what it had is
     * published again, and in time: then it is as if it had forgotten nothing.
     */
    it("loses nothing by a restart of the emulator amid quotes, which are published again", async () => {
      const [emulator, table] = await Promise.all([startPubsubEmulator(), StreamTable.start("acme-restarted")]);
      try {
        await inCluster(
          "acme-restarted",
          async (cluster) => {
            const stream = cluster.stream();
            await stream.complaint(KEEPS_UP);
            await wait(6_000);
            const before = cluster.published.length;
            await emulator.restart();
            await stream.complaint(/can't be read/);
            await cluster.makeTopics();
            await cluster.publishAgain();
            await stream.complaint(/over: the subscription/);
            await wait(6_000);
            expect(cluster.published.length).toBeGreaterThan(before + 30);
            return stream;
          },
          { emulator, table, allowedLateness: "5m" },
        );
      } finally {
        await Promise.all([emulator.stop(), table.server.stop()]);
      }
    });
  },
);
