/**
 * The stream of elements between a worker and its runner, in place of the SDK's own channel.
 *
 * - Of one bundle's input, a message is worked through before the next is begun. The SDK takes the end of the data for the
 *   end of the bundle even while an earlier message, of more than 100 ms of work, is still in hand, and loses the rest.
 * - Nothing of a bundle is kept once it is over: `forget` drops its inputs, and what the runner still sends to it.
 * - Messages may be of any size. gRPC's limit is 4 MiB, and a runner sends the input of a bundle as one.
 * - A sender waits while the runner does not read.
 * - A stream that has ended, well or badly, fails the bundles that lack some of their input, and those that have output
 *   or its end left to send, also while they wait; one that broke tells by `broken` too. It is not opened again: the SDK's operators keep the channel that they began with.
 *
 * Data may come before the instruction that they belong to: both travel on streams of their own. They are kept until then.
 */
import { once } from "node:events";
import { ChannelCredentials, type ClientDuplexStream, Metadata, status, type StatusObject } from "@grpc/grpc-js";
import { BeamFnDataClient, type Elements, type Elements_Data, type IDataChannel } from "./beam-sdk.ts";

/** Bundles that are over and may still be sent data, newest last; a runner ends within one message of knowing. */
const REMEMBERED = 1_000;

type ElementStream = ClientDuplexStream<Elements, Elements>;
/** Where an output of a bundle goes. Its end is sent like the rest: without it the bundle is not done. */
export interface SendChannel extends Omit<IDataChannel, "close"> {
  readonly close: () => Promise<void>;
}

type Part = Pick<Elements_Data, "data" | "isLast">;

/** What one input of a bundle was sent, and who takes it in. */
class Inbox {
  readonly #parts: Part[] = [];
  #consumer: IDataChannel | undefined;
  #busy = false;
  #isWhole = false;

  /** Whether all that it is ever sent is here. */
  get isWhole(): boolean {
    return this.#isWhole;
  }

  put(part: Part): void {
    this.#parts.push(part);
    this.#isWhole ||= part.isLast;
    void this.#work();
  }

  open(consumer: IDataChannel): void {
    this.#consumer = consumer;
    void this.#work();
  }

  /** Nothing more comes. */
  end(): void {
    if (!this.#isWhole) this.#consumer?.onError(closed());
  }

  /** Parts in their order, each to its end. After an error the bundle is over, and `forget` comes. */
  async #work(): Promise<void> {
    const consumer = this.#consumer;
    if (consumer === undefined || this.#busy) return;
    this.#busy = true;
    try {
      for (let part = this.#parts.shift(); part !== undefined; part = this.#parts.shift()) {
        if (part.data.length > 0) await consumer.sendData(part.data);
        if (part.isLast) consumer.close();
      }
      this.#busy = false;
    } catch (error) {
      consumer.onError(error);
    }
  }
}

export class DataChannel {
  readonly #stream: ElementStream;
  readonly #inboxes = new Map<string, Map<string, Inbox>>();
  readonly #over = new Set<string>();
  /** Fulfilled when the stream has ended otherwise than by the runner's wish. */
  readonly broken: Promise<StatusObject>;
  #drained: Promise<unknown> | undefined;
  readonly #end = new AbortController();

  constructor(stream: ElementStream) {
    this.#stream = stream;
    stream.on("data", (elements: Elements) => {
      for (const { instructionId, transformId, ...part } of elements.data) {
        if (!this.#over.has(instructionId)) this.#inbox(instructionId, transformId).put(part);
      }
    });
    this.broken = new Promise((resolve) => {
      stream.once("status", (end: StatusObject) => {
        this.#end.abort();
        for (const inputs of this.#inboxes.values()) for (const inbox of inputs.values()) inbox.end();
        if (end.code !== status.OK) resolve(end);
      });
    });
    // The status says the same.
    stream.on("error", () => undefined);
  }

  /** How many bundles it holds something of. */
  get bundles(): number {
    return this.#inboxes.size;
  }

  /** Hands a bundle's input to `consumer` from now on, beginning with what is there already. */
  registerConsumer(bundleId: string, transformId: string, consumer: IDataChannel): Promise<void> {
    const inbox = this.#inbox(bundleId, transformId);
    if (this.#end.signal.aborted && !inbox.isWhole) return Promise.reject(closed());
    inbox.open(consumer);
    return Promise.resolve();
  }

  /** An input has been read to its end. */
  unregisterConsumer(bundleId: string, transformId: string): void {
    this.#inboxes.get(bundleId)?.delete(transformId);
  }

  /** The bundle is over, well or badly. */
  forget(bundleId: string): void {
    this.#inboxes.delete(bundleId);
    this.#over.add(bundleId);
    for (const oldest of this.#over) {
      if (this.#over.size <= REMEMBERED) break;
      this.#over.delete(oldest);
    }
  }

  /** Where an output of a bundle goes. */
  getSendChannel(instructionId: string, transformId: string): SendChannel {
    return {
      sendData: (data) => this.#send({ instructionId, transformId, data, isLast: false }),
      sendTimers: () => Promise.reject(new Error("The SDK has no timers.")),
      close: () => this.#send({ instructionId, transformId, data: new Uint8Array(), isLast: true }),
      onError: (error) => {
        throw error;
      },
    };
  }

  close(): void {
    this.#stream.end();
  }

  async #send(element: Elements_Data): Promise<void> {
    const { signal } = this.#end;
    if (signal.aborted) throw closed();
    if (this.#stream.write({ data: [element], timers: [] })) return;
    // All that waits, waits for the same: a listener each would soon be more than Node thinks well of.
    this.#drained ??= once(this.#stream, "drain", { signal }).finally(() => (this.#drained = undefined));
    await this.#drained.catch(() => {
      throw closed();
    });
  }

  #inbox(bundleId: string, transformId: string): Inbox {
    const inputs = this.#inboxes.get(bundleId) ?? new Map<string, Inbox>();
    this.#inboxes.set(bundleId, inputs);
    const inbox = inputs.get(transformId) ?? new Inbox();
    inputs.set(transformId, inbox);
    return inbox;
  }
}

function closed(): Error {
  return new Error("The data channel has ended.");
}

/** Opens a worker's data channel to `endpoint`, such as `127.0.0.1:12345`. */
export function openDataChannel(endpoint: string, workerId: string): DataChannel {
  const client = new BeamFnDataClient(endpoint, ChannelCredentials.createInsecure(), {
    "grpc.max_receive_message_length": -1,
    "grpc.max_send_message_length": -1,
  });
  const metadata = new Metadata();
  metadata.add("worker_id", workerId);
  return new DataChannel(client.data(metadata));
}
