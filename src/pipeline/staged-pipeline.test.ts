/** The graph as it is staged for Dataflow, read back from its bytes: steps, what they take and give, and how it is coded. */
import { expect, it } from "vitest";
import { pipelineProto } from "./pipeline-proto.ts";

const bytes = await pipelineProto({
  feed: "markets/tech",
  symbols: ["AAPL"],
  window: { sizeMs: 60_000, periodMs: 10_000, offsetMs: 5_000, allowedLatenessMs: 60_000 },
  subscription: "projects/acme/subscriptions/tech-1m",
  windowsTopic: "projects/acme/topics/stockfeed-windows",
  deadLetterTopic: "projects/acme/topics/stockfeed-dead-letter",
  workerImage: "europe-docker.pkg.dev/acme/stockfeed/worker:1",
});
// Behind the SDK's own loading, which the first pipeline begins.
const { Pipeline } = await import("apache-beam/proto/beam_runner_api");
const pipeline = Pipeline.fromBinary(bytes);
const { transforms, pcollections, coders, windowingStrategies, environments } = pipeline.components!;

/** Such as `kv(string_utf8, genericobjectjs)`. */
function coderOf(id: string): string {
  const { spec, componentCoderIds } = coders[id]!;
  const name = spec!.urn.replace(/^beam:coder:(.*):v1$/, "$1");
  return componentCoderIds.length === 0 ? name : `${name}(${componentCoderIds.map(coderOf).join(", ")})`;
}

const namesOf = new Map(
  Object.values(transforms).flatMap(({ uniqueName, outputs, subtransforms }) =>
    subtransforms.length > 0
      ? []
      : Object.entries(outputs).map(([tag, id]) => [id, tag === "main" ? uniqueName : `${uniqueName}.${tag}`] as const),
  ),
);

it("is staged with these steps, in this order", () => {
  const steps = Object.values(transforms).map(({ uniqueName, spec, inputs, environmentId }) => {
    const from = Object.values(inputs).map((id) => namesOf.get(id));
    const where = environmentId === "" ? "the runner" : environmentId;
    return `${uniqueName} | ${spec!.urn.replace(/^beam:transform:(.*):v1$/, "$1")} | ${from.join()} | ${where}`;
  });
  expect(steps).toMatchInlineSnapshot(`
    [
      "ReadQuotes | pubsub_read |  | the runner",
      "Parse | pardo | ReadQuotes | jsEnvironment",
      "SplitBad | pardo | Parse | jsEnvironment",
      "SlotTimes | pardo | SplitBad.quotes | jsEnvironment",
      "Windows | pardo | SlotTimes | jsEnvironment",
      "BySymbol | pardo | Windows | jsEnvironment",
      "Combine | combine_per_key | BySymbol | jsEnvironment",
      "Combine/groupByKey | group_by_key | BySymbol | the runner",
      "Combine/map(applyCombine) | pardo | Combine/groupByKey | jsEnvironment",
      "Rows | pardo | Combine/map(applyCombine) | jsEnvironment",
      "RowMessages | pardo | Rows | jsEnvironment",
      "WriteRows | pubsub_write | RowMessages | the runner",
      "DeadLetterMessages | pardo | SplitBad.deadLetters | jsEnvironment",
      "WriteDeadLetters | pubsub_write | DeadLetterMessages | the runner",
    ]
  `);
  const all = Object.entries(transforms).filter(([, { uniqueName }]) => !uniqueName.includes("/"));
  expect(pipeline.rootTransformIds).toEqual(all.map(([id]) => id));
});

it("codes and windows what goes between them like this, all of it without an end", () => {
  const between = Object.entries(pcollections).map(([id, { coderId, windowingStrategyId, isBounded }]) => {
    const windows = windowingStrategies[windowingStrategyId]!.windowFn!.urn.replace(/^beam:window_fn:(.*):v1$/, "$1");
    expect(isBounded).toBe(1);
    return `${namesOf.get(id) ?? id} | ${coderOf(coderId)} | ${windows}`;
  });
  expect(between).toMatchInlineSnapshot(`
    [
      "ReadQuotes | bytes | global_windows",
      "Parse | genericobjectjs | global_windows",
      "SplitBad.quotes | genericobjectjs | global_windows",
      "SplitBad.deadLetters | genericobjectjs | global_windows",
      "SlotTimes | genericobjectjs | global_windows",
      "Windows | genericobjectjs | sliding_windows",
      "BySymbol | kv(string_utf8, genericobjectjs) | sliding_windows",
      "Combine/groupByKey | kv(string_utf8, iterable(genericobjectjs)) | sliding_windows",
      "Combine/map(applyCombine) | genericobjectjs | sliding_windows",
      "Rows | string_utf8 | sliding_windows",
      "RowMessages | bytes | sliding_windows",
      "DeadLetterMessages | bytes | global_windows",
    ]
  `);
});

it("names one environment, in which a worker has siblings", () => {
  expect(Object.entries(environments).map(([id, { urn, capabilities }]) => [id, urn, ...capabilities])).toEqual([
    ["jsEnvironment", "beam:env:docker:v1", "beam:coder:interval_window:v1", "beam:protocol:sibling_workers:v1"],
  ]);
});
