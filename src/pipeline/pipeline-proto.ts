/**
 * Pipelines as the bytes that a runner takes: `org.apache.beam.model.pipeline.v1.Pipeline`.
 *
 * The Beam SDK is loaded as the first one is made, which takes a second and some 60 MB; whoever makes none pays nothing.
 */
import type { BeamPipeline, BoundedPipeline } from "./beam-pipeline.ts";

/**
 * A streaming job's pipeline, with the two transforms that a runner replaces by its own Pub/Sub
 * (`beam:transform:pubsub_read:v1`, `beam:transform:pubsub_write:v1`). The same pipeline gives the same bytes.
 */
export async function pipelineProto(pipeline: BeamPipeline): Promise<Uint8Array> {
  const { pipelineBytes, streamingGraph } = await import("./graph.ts");
  return pipelineBytes(streamingGraph(pipeline));
}

/** The same graph from files to files, for a runner that gives the SDK's default environment its workers. */
export async function boundedProto(pipeline: BoundedPipeline): Promise<Uint8Array> {
  const { boundedGraph, pipelineBytes } = await import("./graph.ts");
  return pipelineBytes(boundedGraph(pipeline));
}
