/**
 * Pub/Sub as a runner itself reads and writes it: the two transforms that Dataflow replaces by its own. Their elements are
 * bytes of `PubsubMessage`, both ways.
 * https://github.com/apache/beam/blob/master/model/pipeline/src/main/proto/org/apache/beam/model/pipeline/v1/beam_runner_api.proto
 */
import { BytesCoder } from "apache-beam/coders/required_coders";
import type { Pipeline } from "apache-beam/internal/pipeline";
import * as proto from "apache-beam/proto/beam_runner_api";
import type { PCollection, Root } from "apache-beam/pvalue";
import { createWindowingStrategyProto } from "apache-beam/transforms/window";
import { globalWindows } from "apache-beam/transforms/windowings";

/**
 * Reads a subscription, messages with their attributes; the slot in the attribute `observed_at` is the event time. There is
 * no ID attribute: delivered twice is no harm.
 */
export function readPubsub(subscription: string) {
  const payload = proto.PubSubReadPayload.create({
    subscription,
    timestampAttribute: "observed_at",
    withAttributes: true,
  });
  return (_: Root, pipeline: Pipeline, transform: proto.PTransform): PCollection<Uint8Array> => {
    transform.spec = { urn: "beam:transform:pubsub_read:v1", payload: proto.PubSubReadPayload.toBinary(payload) };
    transform.environmentId = "";
    const windowing = createWindowingStrategyProto(pipeline, globalWindows());
    return pipeline.createPCollectionInternal(new BytesCoder(), windowing, proto.IsBounded_Enum.UNBOUNDED);
  };
}

/** Writes messages to a topic. */
export function writePubsub(topic: string) {
  const payload = proto.PubSubWritePayload.create({ topic });
  return (_: PCollection<Uint8Array>, __: Pipeline, transform: proto.PTransform): void => {
    transform.spec = { urn: "beam:transform:pubsub_write:v1", payload: proto.PubSubWritePayload.toBinary(payload) };
    transform.environmentId = "";
  };
}
