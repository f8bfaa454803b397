import protobuf from "protobufjs";
import {
  type Coder,
  CoderContext,
  type IOperator,
  type OperatorContext,
  type PTransform,
  registerOperator,
  RemoteGrpcPort,
  type WindowedValue,
} from "./beam-sdk.ts";
import type { SendChannel } from "./data-channel.ts";

/** Bytes of encoded elements that are sent as one message. */
const FLUSH_BYTES = 1e6;

/**
 * Where a bundle's elements leave the worker, in place of the SDK's own operator. That one empties its buffer only once
 * the runner has read: a step that gives many elements in one go, as a combine does at the end of a bundle, has it send
 * the same elements again with each one that follows, and a large bundle never ends.
 */
export class DataSink implements IOperator {
  readonly transformId: string;
  readonly #context: OperatorContext;
  readonly #coder: Coder<WindowedValue<unknown>>;
  readonly #endpoint: string;
  #channel: SendChannel | undefined;
  #buffer = new protobuf.Writer();

  constructor(transformId: string, { spec }: PTransform, context: OperatorContext) {
    const { coderId, apiServiceDescriptor } = RemoteGrpcPort.fromBinary(spec?.payload ?? new Uint8Array());
    this.transformId = transformId;
    this.#context = context;
    this.#coder = context.pipelineContext.getCoder(coderId);
    this.#endpoint = apiServiceDescriptor?.url ?? "";
  }

  startBundle(): Promise<void> {
    const { getDataChannel, getBundleId } = this.#context;
    this.#channel = getDataChannel(this.#endpoint).getSendChannel(getBundleId(), this.transformId) as SendChannel;
    this.#buffer = new protobuf.Writer();
    return Promise.resolve();
  }

  process(element: WindowedValue<unknown>): Promise<void> | null {
    this.#coder.encode(element, this.#buffer, CoderContext.needsDelimiters);
    return this.#buffer.len > FLUSH_BYTES ? this.#flush() : null;
  }

  async finishBundle(): Promise<void> {
    await this.#flush();
    await this.#channel?.close();
  }

  async #flush(): Promise<void> {
    if (this.#buffer.len === 0) return;
    const bytes = this.#buffer.finish();
    this.#buffer = new protobuf.Writer();
    await this.#channel?.sendData(bytes);
  }
}

/** Has every bundle that comes from now on leave by a `DataSink`. */
export function useDataSink(): void {
  registerOperator("beam:runner:sink:v1", DataSink);
}
