import type { BoundedPipeline } from "../../src/pipeline/beam-pipeline.ts";
import { boundedProto } from "../../src/pipeline/pipeline-proto.ts";
import type { Event } from "./suite.ts";

/**
 * A bounded pipeline whose quotes don't come from its file but from a script, event by event, watermarks and all: Beam's
 * TestStream takes the place of what reads the file.
 */
export async function scriptedProto(pipeline: BoundedPipeline, events: readonly Event[]): Promise<Uint8Array> {
  const bytes = await boundedProto(pipeline);
  const proto = await import("apache-beam/proto/beam_runner_api");
  const graph = proto.Pipeline.fromBinary(bytes);
  const { transforms = {}, pcollections = {} } = graph.components ?? {};
  for (const [id, { uniqueName, inputs, outputs }] of Object.entries(transforms)) {
    const transform = transforms[id];
    const output = Object.values(outputs)[0] ?? "";
    if (uniqueName === "Start") {
      // The impulse that made the reader read.
      transforms[id] = proto.PTransform.create();
      Reflect.deleteProperty(transforms, id);
      Reflect.deleteProperty(pcollections, output);
      graph.rootTransformIds = graph.rootTransformIds.filter((root) => root !== id);
    } else if (uniqueName === "ReadQuotes" && transform !== undefined) {
      const coderId = pcollections[output]?.coderId ?? "";
      const payload = proto.TestStreamPayload.create({ coderId, events: events.map(testStreamEvent) });
      for (const name of Object.keys(inputs)) Reflect.deleteProperty(inputs, name);
      transform.spec = { urn: "beam:transform:teststream:v1", payload: proto.TestStreamPayload.toBinary(payload) };
      transform.environmentId = "";
    }
  }
  return proto.Pipeline.toBinary(graph);
}

function testStreamEvent(event: Event) {
  if ("watermark" in event) {
    const watermarkEvent = { newWatermark: BigInt(event.watermark), tag: "" };
    return { event: { oneofKind: "watermarkEvent" as const, watermarkEvent } };
  }
  const { data, is } = event.message;
  // What is no quote has no time of its own, and any will do: it goes to no window.
  const timestamp = BigInt(typeof is === "string" ? 0 : is.observedAt);
  const elements = [{ encodedElement: new TextEncoder().encode(data), timestamp }];
  return { event: { oneofKind: "elementEvent" as const, elementEvent: { elements, tag: "" } } };
}
