/** Where `top` and `gain` look for a feed's rows: an API server and a BigQuery that answer as far as it takes. */
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { json } from "node:stream/consumers";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { runCommand } from "../../../test/run-command.ts";
import { clusterGainCommand, clusterTopCommand } from "./windows.ts";

const FEEDS = "/apis/stockfeed.dev/v1alpha1/namespaces/markets/stockfeeds/";
const SINK = { bigQuery: { projectId: "acme", dataset: "own" } };

describe("kubectl stockfeed top and gain", () => {
  let server: Server;
  let folder: string;
  let host: string;
  /** Datasets that were asked for rows. */
  let asked: unknown[];

  beforeAll(async () => {
    server = createServer((request, response) => {
      void answer(request).then((body) => {
        response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
      });
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    host = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
    folder = await mkdtemp(join(tmpdir(), "stockfeed-plugin-"));
    const kubeconfig = {
      "current-context": "test",
      clusters: [{ name: "test", cluster: { server: host, "insecure-skip-tls-verify": true } }],
      users: [{ name: "test", user: {} }],
      contexts: [{ name: "test", context: { cluster: "test", user: "test" } }],
    };
    await writeFile(join(folder, "kubeconfig"), JSON.stringify(kubeconfig));
  });
  afterAll(async () => {
    server.close();
    await rm(folder, { recursive: true });
  });
  beforeEach(() => {
    asked = [];
  });

  async function answer(request: IncomingMessage): Promise<object> {
    const { url = "" } = request;
    if (url.startsWith(FEEDS)) {
      const [name = ""] = url.slice(FEEDS.length).split("?");
      const spec = { symbols: ["AAPL"], provider: { type: "Simulated" }, ...(name === "sunk" && { sink: SINK }) };
      const metadata = { name, namespace: "markets" };
      return { apiVersion: "stockfeed.dev/v1alpha1", kind: "StockFeed", metadata, spec };
    }
    if (request.method === "POST") {
      const body = (await json(request)) as { defaultDataset?: object };
      if (body.defaultDataset !== undefined) asked.push(body.defaultDataset);
    }
    // Of the dry run and of the query: a SELECT, whose answer has no rows.
    const statistics = { query: { statementType: "SELECT" } };
    return { jobComplete: true, schema: { fields: [] }, rows: [], statistics };
  }

  const run = async (command: typeof clusterTopCommand, ...args: string[]) =>
    runCommand(command, {
      args: [...args, "-n", "markets", "--kubeconfig", join(folder, "kubeconfig")],
      env: { BIGQUERY_EMULATOR_HOST: host },
    });

  it("read the dataset of the feed's sink", async () => {
    const { stdout, exitCode } = await run(clusterTopCommand, "sunk");
    expect([stdout, exitCode]).toEqual([expect.stringContaining("no such window"), 0]);
    expect(asked).toContainEqual({ projectId: "acme", datasetId: "own" });
  });

  it.each([clusterTopCommand, clusterGainCommand])(
    "say of a feed that relies on the operator's dataset how to name it: %o",
    async (command) => {
      const { stderr, exitCode } = await run(command, "bare");
      expect(exitCode).toBe(2);
      expect(stderr).toContain("markets/bare has no sink.");
      expect(stderr).toContain("--dataset acme.markets");
      expect(stderr).toContain("spec.sink.bigQuery");
      expect(asked).toEqual([]);
    },
  );

  it("read the dataset that is named, of a feed with a sink too", async () => {
    for (const feed of ["bare", "sunk"]) {
      expect((await run(clusterTopCommand, feed, "--dataset", "acme-prod.markets")).exitCode).toBe(0);
    }
    expect(asked).not.toHaveLength(0);
    for (const dataset of asked) expect(dataset).toEqual({ projectId: "acme-prod", datasetId: "markets" });
  });
});
