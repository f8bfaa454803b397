import protobuf from "protobufjs";
import { describe, expect, it } from "vitest";
import { type Coder, type OperatorContext, type PTransform, RemoteGrpcPort, type WindowedValue } from "./beam-sdk.ts";
import { DataSink } from "./data-sink.ts";

/** A sink of elements that are 100 kB of their value each. */
function sinkInto(channel: object): DataSink {
  const encode: Coder<WindowedValue<unknown>>["encode"] = ({ value }, writer) => {
    writer.bytes(new Uint8Array(100_000).fill(Number(value)));
  };
  const context = {
    getDataChannel: () => ({ getSendChannel: () => channel }),
    getBundleId: () => "b1",
    pipelineContext: { getCoder: () => ({ encode }) },
  } as unknown as OperatorContext;
  const payload = RemoteGrpcPort.toBinary(RemoteGrpcPort.create({ coderId: "c" }));
  return new DataSink("sink", { spec: { urn: "", payload } } as PTransform, context);
}

describe("what leaves a bundle", () => {
  it("is sent once, in order, also where much comes at once and the runner reads later", async () => {
    const sent: number[] = [];
    let closed = false;
    let read: () => void = () => undefined;
    const reading = new Promise<void>((resolve) => (read = resolve));
    const channel = {
      sendData: async (data: Uint8Array) => {
        const reader = protobuf.Reader.create(data);
        while (reader.pos < reader.len) sent.push(reader.bytes()[0] ?? -1);
        await reading;
      },
      close: () => Promise.resolve((closed = true)),
    };
    const sink = sinkInto(channel);
    await sink.startBundle();
    const numbers = Array.from({ length: 35 }, (_, i) => i + 1);
    const waits = numbers.map((value) => sink.process({ value } as WindowedValue<unknown>));
    read();
    await Promise.all(waits.map(async (wait) => wait));
    await sink.finishBundle();
    expect(sent).toEqual(numbers);
    expect(closed).toBe(true);
  });

  it("fails the bundle where its end can't be sent", async () => {
    const sink = sinkInto({ close: () => Promise.reject(new Error("It has ended.")) });
    await sink.startBundle();
    await expect(sink.finishBundle()).rejects.toThrow("It has ended.");
  });
});
