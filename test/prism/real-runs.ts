/**
 * Runs the jobs of a fake Dataflow for real: while a job is RUNNING, its staged pipeline runs on Prism with our worker, on
 * what its subscription gives, and what it writes to its topics is published there. Pub/Sub is the emulator.
 *
 * A run is of all messages that the job has had, since Prism has no Pub/Sub to stay at: it ends, and closes every window as
 * a drain does. So a row comes again with each run that knows more of its window, and the fullest one wins. What a drain
 * leaves, `drain` writes: the same run once more, of whatever the job has had by then.
 */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { protos } from "@google-cloud/pubsub";
import type { RestJob } from "../fakes/dataflow-format.ts";
import type { Prism } from "./prism.ts";
import { type SwappedPipeline, swapPubsub } from "./swap-pubsub.ts";

const { PubsubMessage } = protos.google.pubsub.v1;
const BETWEEN_PULLS_MS = 200;

export interface RealRunsOptions {
  readonly prism: Prism;
  /** `127.0.0.1:PORT` of the Pub/Sub emulator. */
  readonly emulatorHost: string;
  /** What is in Cloud Storage, by `gs://…`. */
  readonly staged: ReadonlyMap<string, Buffer>;
}

/** A message as Pub/Sub's REST interface has it. */
interface RestMessage {
  /** In base64. */
  readonly data?: string;
  readonly attributes?: Record<string, string>;
}

interface Pulled {
  readonly receivedMessages?: readonly {
    readonly ackId: string;
    readonly message: RestMessage & { readonly messageId: string; readonly publishTime: string };
  }[];
}

interface RunningJob {
  readonly pipelineUrl: string;
  /** All that it has had, as the swapped source has them. */
  readonly messages: string[];
  readonly stop: AbortController;
  readonly over: Promise<void>;
}

export class RealRuns {
  /** How runs failed; a job stops at the first. */
  readonly failures: string[] = [];
  /** Runs that were done, by job. */
  readonly done = new Map<string, number>();
  readonly #options: RealRunsOptions;
  readonly #jobs = new Map<string, RunningJob>();

  constructor(options: RealRunsOptions) {
    this.#options = options;
  }

  /** For the fake's `onState`. */
  onState({ id, currentState, environment }: RestJob): void {
    const running = this.#jobs.get(id);
    if (currentState !== "JOB_STATE_RUNNING") {
      running?.stop.abort();
      return;
    }
    const pipelineUrl = environment?.sdkPipelineOptions?.options?.pipelineUrl;
    if (running !== undefined || typeof pipelineUrl !== "string") return;
    const stop = new AbortController();
    const messages: string[] = [];
    const over = this.#runJob(id, { pipelineUrl, messages }, stop.signal).catch((error: unknown) => {
      this.failures.push(`${id}: ${String(error)}`);
    });
    this.#jobs.set(id, { pipelineUrl, messages, stop, over });
  }

  /**
   * Writes what the drain of a job leaves: a row of every window that it has a quote of, however few.
   * @param id of a job that ran and no longer does
   */
  async drain(id: string): Promise<void> {
    const job = this.#jobs.get(id);
    if (job?.stop.signal.aborted !== true) throw new Error(`job ${id} has not run, or still does`);
    await job.over;
    await this.#staged(job.pipelineUrl, (swapped) => this.#runOnce(swapped, job.messages));
  }

  /** Stops all. */
  async close(): Promise<void> {
    for (const { stop } of this.#jobs.values()) stop.abort();
    await Promise.all([...this.#jobs.values()].map(({ over }) => over));
  }

  async #runJob(
    id: string,
    { pipelineUrl, messages }: Pick<RunningJob, "pipelineUrl" | "messages">,
    stop: AbortSignal,
  ): Promise<void> {
    await this.#staged(pipelineUrl, async (swapped) => {
      while (!stop.aborted) {
        const { receivedMessages = [] } = (await this.#call(swapped.source.subscription, "pull", {
          maxMessages: 1000,
          returnImmediately: true,
        })) as Pulled;
        if (receivedMessages.length === 0) {
          await delay(BETWEEN_PULLS_MS);
          continue;
        }
        messages.push(...receivedMessages.map(({ message }) => encoded(message)));
        await this.#runOnce(swapped, messages);
        const ackIds = receivedMessages.map(({ ackId }) => ackId);
        await this.#call(swapped.source.subscription, "acknowledge", { ackIds });
        this.done.set(id, (this.done.get(id) ?? 0) + 1);
      }
    });
  }

  /** Makes a staged pipeline one that runs here, for as long as it is used. */
  async #staged(pipelineUrl: string, use: (swapped: SwappedPipeline) => Promise<void>): Promise<void> {
    const staged = this.#options.staged.get(pipelineUrl);
    if (staged === undefined) throw new Error(`nothing is staged at ${pipelineUrl}`);
    const directory = await mkdtemp(join(tmpdir(), "stockfeed-job-"));
    try {
      await use(swapPubsub(staged, directory));
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  }

  async #runOnce({ pipeline, source, sinks }: SwappedPipeline, messages: readonly string[]): Promise<void> {
    await writeFile(source.file, messages.join("\n"));
    const { state, messages: said } = await this.#options.prism.run(pipeline);
    if (state !== "DONE") throw new Error(`Prism ended ${state}: ${said.join("\n")}`);
    for (const { topic, file } of sinks) {
      const lines = (await readFile(file, "utf8").catch(() => "")).split("\n").filter(Boolean);
      await rm(file, { force: true });
      for (let at = 0; at < lines.length; at += 500) {
        await this.#call(topic, "publish", { messages: lines.slice(at, at + 500).map(decoded) });
      }
    }
  }

  /** A method of Pub/Sub's REST interface. */
  async #call(resource: string, method: string, body: unknown): Promise<unknown> {
    const url = `http://${this.#options.emulatorHost}/v1/${resource}:${method}`;
    const headers = { "content-type": "application/json" };
    const response = await fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`${method} of ${resource}: ${response.status} ${await response.text()}`);
    return response.json();
  }
}

function encoded({
  data = "",
  attributes,
  messageId,
  publishTime,
}: NonNullable<Pulled["receivedMessages"]>[number]["message"]): string {
  const at = Date.parse(publishTime);
  const message = PubsubMessage.create({
    data: Buffer.from(data, "base64"),
    attributes: attributes ?? {},
    messageId,
    publishTime: { seconds: Math.floor(at / 1000), nanos: (at % 1000) * 1e6 },
  });
  return Buffer.from(PubsubMessage.encode(message).finish()).toString("base64");
}

function decoded(line: string): RestMessage {
  const { data, attributes } = PubsubMessage.decode(Buffer.from(line, "base64"));
  return { data: Buffer.from(data as Uint8Array).toString("base64"), attributes };
}
