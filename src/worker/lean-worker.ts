/**
 * The SDK's worker as one that runs for months, by overriding what does not last in 2.49:
 *
 * - it prints every instruction, in full, before it is carried out: here nothing is printed;
 * - it keeps a map for each bundle for ever, and the data that a failed bundle is still sent: here a bundle that is over
 *   is forgotten;
 * - it ends a bundle while an earlier message of its input is in hand: see `DataChannel`;
 * - it sends elements again and again that leave a bundle faster than the runner reads: see `DataSink`;
 * - it puts elements together by texts that it makes of each one's windows: see `Precombine`;
 * - its counts of elements go on from one bundle to the next that uses the same processor, so that runners sum sums:
 *   here each bundle counts its own;
 * - questions about a bundle that is not known, since it is over or its description is on the way, end in an error: here
 *   they get the answer that there is nothing to say, or to split;
 * - it asks for a bundle's description without saying which worker asks, which a runner of several cannot answer;
 * - it ends by itself after a billion milliseconds, and not when the runner does: here `ended` tells;
 * - it stays, silent, where its data channel alone breaks: here `dataLost` tells.
 */
import { Metadata, type StatusObject } from "@grpc/grpc-js";
import {
  type BundleProcessor,
  type InstructionRequest,
  type InstructionResponse,
  type MonitoringInfo,
  type MultiplexingDataChannel,
  Worker,
} from "./beam-sdk.ts";
import { type DataChannel, openDataChannel } from "./data-channel.ts";
import { useDataSink } from "./data-sink.ts";
import { usePrecombine } from "./precombine.ts";

type Response = InstructionResponse["response"];
type Describe = Worker["controlClient"]["getProcessBundleDescriptor"];
type DescriptorRequest = Parameters<Describe>[0];
type DescriptorAnswer = Parameters<Describe>[1];

useDataSink();
usePrecombine();

/** A runner that goes away breaks all its channels, one after another; then the control channel says how it ended. */
const LAST_WORD_MS = 5_000;

export class LeanWorker extends Worker {
  /** Fulfilled with the control channel's status when that has ended; code 0 is the runner's own wish. */
  readonly ended: Promise<StatusObject>;
  /** Rejects when a data channel has broken and the control channel has not ended soon after. */
  readonly dataLost: Promise<never>;
  readonly #id: string;
  readonly #channels = new Map<string, DataChannel>();
  readonly #lost = Promise.withResolvers<never>();

  /** Connects at once. @param controlUrl such as `127.0.0.1:12345` */
  constructor(id: string, controlUrl: string) {
    super(id, { controlUrl });
    this.#id = id;
    this.ended = new Promise((resolve) => {
      this.controlChannel.once("status", resolve);
    });
    this.dataLost = this.#lost.promise;
    this.dataLost.catch(() => undefined);
    this.#introduce();
    // The status says the same.
    this.controlChannel.on("error", () => undefined);
  }

  /** Has the worker's ID sent with every question for a description. */
  #introduce(): void {
    const client = this.controlClient;
    const metadata = new Metadata();
    metadata.add("worker_id", this.#id);
    const ask = client.getProcessBundleDescriptor.bind(client);
    client.getProcessBundleDescriptor = (input: DescriptorRequest, answer: DescriptorAnswer) =>
      ask(input, metadata, answer as () => void);
  }

  /** Bundles that it holds anything of: those that are under way, and those whose data came first. */
  get bundlesHeld(): number {
    const held = [...this.#channels.values()].map(({ bundles }) => bundles);
    return Math.max(this.activeBundleProcessors.size, ...held);
  }

  override async handleRequest(request: InstructionRequest): Promise<void> {
    const { instructionId } = request;
    if (request.request.oneofKind === "processBundle") {
      await this.process(request);
      return;
    }
    try {
      await this.respond({ instructionId, error: "", response: await this.#answer(request) });
    } catch (error) {
      await this.respond({ instructionId, error: String(error), response: { oneofKind: undefined } });
    }
  }

  /** The answer to whatever is no bundle. */
  async #answer(request: InstructionRequest): Promise<Response> {
    const asked = request.request;
    switch (asked.oneofKind) {
      case "processBundleProgress": {
        if (this.activeBundleProcessors.has(asked.processBundleProgress.instructionId))
          return (await this.progress(request)).response;
        return { oneofKind: asked.oneofKind, processBundleProgress: { monitoringInfos: [], monitoringData: {} } };
      }
      case "processBundleSplit": {
        const processor = this.activeBundleProcessors.get(asked.processBundleSplit.instructionId);
        const nothing = { primaryRoots: [], residualRoots: [], channelSplits: [] };
        return {
          oneofKind: asked.oneofKind,
          processBundleSplit: processor?.split(asked.processBundleSplit) ?? nothing,
        };
      }
      case "monitoringInfos": {
        const known: Record<string, MonitoringInfo> = {};
        for (const id of asked.monitoringInfos.monitoringInfoId) {
          const info = this.metricsShortIdCache.asMonitoringInfo(id) as MonitoringInfo | undefined;
          if (info !== undefined) known[id] = info;
        }
        return { oneofKind: asked.oneofKind, monitoringInfos: { monitoringInfo: known } };
      }
      case "finalizeBundle":
      case "harnessMonitoringInfos":
      case "processBundle":
      case "register":
      case undefined:
        throw new Error(`This worker does not know the instruction ${asked.oneofKind ?? "without a kind"}.`);
    }
  }

  /** Where every bundle ends that was begun. */
  override async respond(response: InstructionResponse): Promise<boolean> {
    const written = await super.respond(response);
    for (const channel of this.#channels.values()) channel.forget(response.instructionId);
    return written;
  }

  override returnBundleProcessor(processor: BundleProcessor): void {
    for (const { value } of processor.metricsContainer.metrics.values()) value.reset();
    super.returnBundleProcessor(processor);
  }

  /** The SDK's operators use of a channel what ours has; its type would be a class with a connection of its own. */
  override getDataChannel(endpoint: string): MultiplexingDataChannel {
    const channel = this.#channels.get(endpoint) ?? this.#open(endpoint);
    return channel as unknown as MultiplexingDataChannel;
  }

  #open(endpoint: string): DataChannel {
    const channel = openDataChannel(endpoint, this.#id);
    this.#channels.set(endpoint, channel);
    void channel.broken.then(({ code, details }) => {
      const error = new Error(`The data channel to ${endpoint} broke: ${details} (status ${code}).`);
      setTimeout(() => {
        this.#lost.reject(error);
      }, LAST_WORD_MS).unref();
    });
    return channel;
  }
}
