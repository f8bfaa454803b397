import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pipelineProto } from "../../src/pipeline/pipeline-proto.ts";
import { decodePubsubMessage, encodePubsubMessage } from "../../src/pipeline/pubsub-message.ts";
import { quoteScript } from "../conformance/quote-script.ts";
import { bruteForceRows, type Row, winningRows } from "../conformance/rows.ts";
import { withoutPart } from "../missing-part.ts";
import { type Prism, prismMissing, startPrism } from "./prism.ts";
import { swapPubsub } from "./swap-pubsub.ts";

const window = { sizeMs: 60_000, periodMs: 10_000, offsetMs: 5_000, allowedLatenessMs: 60_000 };
const symbols = ["AAPL", "MSFT", "GOOG"];

describe.skipIf(withoutPart(await prismMissing()))("a job's pipeline, its Pub/Sub swapped for files", () => {
  let prism: Prism;
  let directory: string;

  beforeAll(async () => {
    prism = await startPrism();
    directory = await mkdtemp(join(tmpdir(), "stockfeed-swapped-"));
  }, 600_000);

  afterAll(async () => {
    await prism.stop();
    await rm(directory, { recursive: true, force: true });
  });

  it("writes rows and dead letters as messages to its topics", async () => {
    const start = Date.UTC(2024, 0, 2, 14, 30);
    const { feed, messages } = quoteScript({ seed: 2, symbols, intervalMs: 10_000, start, slots: 40, disorder: 5 });
    const staged = await pipelineProto({
      feed,
      symbols,
      window,
      subscription: "projects/acme/subscriptions/tech-1m",
      windowsTopic: "projects/acme/topics/stockfeed-windows",
      deadLetterTopic: "projects/acme/topics/stockfeed-dead-letter",
      workerImage: "worker:1",
    });
    const { pipeline, source, sinks } = swapPubsub(staged, directory);
    expect(source.subscription).toBe("projects/acme/subscriptions/tech-1m");
    const encoded = messages.map(({ data }) => Buffer.from(encodePubsubMessage(data)).toString("base64"));
    await writeFile(source.file, encoded.join("\n"));

    const { state, messages: said } = await prism.run(pipeline);
    expect([state, said.at(-1)]).toEqual(["DONE", expect.stringContaining("terminating")]);

    const written = async (topic: string) => {
      const file = sinks.find((sink) => sink.topic === `projects/acme/topics/${topic}`)?.file ?? "";
      const lines = (await readFile(file, "utf8")).split("\n").filter(Boolean);
      return lines.map((line) => Buffer.from(decodePubsubMessage(Buffer.from(line, "base64")).data).toString());
    };
    const rows = (await written("stockfeed-windows")).map((json) => JSON.parse(json) as Row);
    const good = messages.flatMap(({ is }) => (typeof is === "string" ? [] : [is]));
    expect(winningRows(rows)).toEqual(bruteForceRows(good, window));
    expect(await written("stockfeed-dead-letter")).toHaveLength(messages.length - good.length);
  });
});
