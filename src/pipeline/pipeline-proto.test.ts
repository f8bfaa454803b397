import { describe, expect, it } from "vitest";
import { pipelineProto } from "./pipeline-proto.ts";
// Behind the SDK's own loading, which the first import begins.
const proto = await pipelineProto(example()).then(async () => import("apache-beam/proto/beam_runner_api"));
const { SlidingWindowsPayload } = await import("apache-beam/proto/standard_window_fns");

function example() {
  return {
    feed: "markets/tech",
    symbols: ["AAPL", "MSFT"],
    window: { sizeMs: 60_000, periodMs: 1_000, offsetMs: 500, allowedLatenessMs: 45_000 },
    subscription: "projects/acme/subscriptions/tech-1m",
    windowsTopic: "projects/acme/topics/stockfeed-windows",
    deadLetterTopic: "projects/acme/topics/stockfeed-dead-letter",
    workerImage: "europe-docker.pkg.dev/acme/stockfeed/worker:1",
  };
}

async function components() {
  const { components, requirements } = proto.Pipeline.fromBinary(await pipelineProto(example()));
  expect(requirements).toEqual([]);
  return components!;
}

async function payload(step: string) {
  const { transforms } = await components();
  const transform = Object.values(transforms).find(({ uniqueName }) => uniqueName === step)!;
  return { ...transform.spec!, environmentId: transform.environmentId };
}

describe("a job's pipeline", () => {
  it("reads the subscription by the runner's own reader, with the slot as the time and no ID", async () => {
    const { urn, payload: bytes, environmentId } = await payload("ReadQuotes");
    expect({ urn, environmentId }).toEqual({ urn: "beam:transform:pubsub_read:v1", environmentId: "" });
    expect(proto.PubSubReadPayload.fromBinary(bytes)).toEqual({
      topic: "",
      subscription: "projects/acme/subscriptions/tech-1m",
      timestampAttribute: "observed_at",
      idAttribute: "",
      withAttributes: true,
      topicRuntimeOverridden: "",
      subscriptionRuntimeOverridden: "",
    });
  });

  it("writes rows and dead letters by the runner's own writer, as bytes", async () => {
    const { transforms, pcollections, coders } = await components();
    const writes = Object.values(transforms).filter(({ spec }) => spec?.urn === "beam:transform:pubsub_write:v1");
    const topics = writes.map(({ spec }) => proto.PubSubWritePayload.fromBinary(spec!.payload).topic);
    expect(topics).toEqual([example().windowsTopic, example().deadLetterTopic]);
    for (const { inputs } of writes) {
      const [input] = Object.values(inputs);
      expect(coders[pcollections[input!]!.coderId]!.spec!.urn).toBe("beam:coder:bytes:v1");
    }
  });

  it("slides its windows by fractions of a second, late quotes included, all they hold in each pane", async () => {
    const { windowingStrategies } = await components();
    const sliding = Object.values(windowingStrategies).filter(({ windowFn }) => windowFn?.urn.includes("sliding"));
    expect(sliding).toHaveLength(1);
    expect(sliding[0]).toMatchObject({
      allowedLateness: 45_000n,
      accumulationMode: proto.AccumulationMode_Enum.ACCUMULATING,
      closingBehavior: proto.ClosingBehavior_Enum.EMIT_IF_NONEMPTY,
      mergeStatus: proto.MergeStatus_Enum.NON_MERGING,
      outputTime: proto.OutputTime_Enum.END_OF_WINDOW,
      assignsToOneWindow: false,
      trigger: { trigger: { oneofKind: "default" } },
    });
    expect(SlidingWindowsPayload.fromBinary(sliding[0]!.windowFn!.payload)).toEqual({
      size: { seconds: 60n, nanos: 0 },
      period: { seconds: 1n, nanos: 0 },
      offset: { seconds: 0n, nanos: 500_000_000 },
    });
  });

  it("runs in the workers' image alone, and carries no code but names", async () => {
    const { environments, transforms } = await components();
    const images = Object.values(environments).map(({ urn, payload }) => [
      urn,
      proto.DockerPayload.fromBinary(payload),
    ]);
    expect(images).toEqual([["beam:env:docker:v1", { containerImage: example().workerImage }]]);
    // The SDK's stand-in for runners that know no combining is the one step that is sent as source.
    const sources = Object.values(transforms).filter(({ spec }) =>
      new TextDecoder().decode(spec?.payload).includes('"source"'),
    );
    expect(sources.map(({ uniqueName }) => uniqueName)).toEqual(["Combine/map(applyCombine)"]);
  });

  it("is the same bytes each time, also of 5,000 symbols, in no time", async () => {
    const symbols = Array.from({ length: 5_000 }, (_, i) => `S${i}`);
    const started = performance.now();
    const bytes = await pipelineProto({ ...example(), symbols });
    expect(performance.now() - started).toBeLessThan(5_000);
    expect(Buffer.from(await pipelineProto({ ...example(), symbols })).equals(Buffer.from(bytes))).toBe(true);
  });
});
