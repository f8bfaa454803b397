import { EventEmitter } from "node:events";
import { type ClientDuplexStream, status } from "@grpc/grpc-js";
import { describe, expect, it } from "vitest";
import type { Elements } from "./beam-sdk.ts";
import { DataChannel } from "./data-channel.ts";

/** A stream whose runner reads only when `drain` is emitted. */
class StuckStream extends EventEmitter {
  readonly written: Elements[] = [];

  write(elements: Elements): boolean {
    this.written.push(elements);
    return false;
  }
}

function stuckChannel() {
  const stream = new StuckStream();
  const channel = new DataChannel(stream as unknown as ClientDuplexStream<Elements, Elements>);
  return { stream, output: channel.getSendChannel("b", "sink") };
}

describe("a sender", () => {
  it("waits until the runner reads, and others with it", async () => {
    const { stream, output } = stuckChannel();
    const sent = [output.sendData(Uint8Array.of(1)), output.sendData(Uint8Array.of(2)), output.close()];
    expect(stream.listenerCount("drain")).toBe(1);
    stream.emit("drain");
    await Promise.all(sent);
    expect(stream.written.flatMap(({ data }) => data.map(({ isLast }) => isLast))).toEqual([false, false, true]);
  });

  it.each([
    ["as the runner wishes", { code: status.OK }],
    ["badly", { code: status.UNAVAILABLE }],
  ])("that waits fails where the stream ends %s, and so does the end of the output after it", async (_how, end) => {
    const { stream, output } = stuckChannel();
    const sent = output.sendData(Uint8Array.of(1));
    const ending = output.close();
    stream.emit("status", end);
    await expect(sent).rejects.toThrow("The data channel has ended");
    await expect(ending).rejects.toThrow("The data channel has ended");
    await expect(output.close()).rejects.toThrow("The data channel has ended");
  });
});
