/**
 * A job's pipeline with the two transforms that only Dataflow has, its own Pub/Sub (`beam:transform:pubsub_read:v1`,
 * `…_write:v1`), replaced by files of messages, so that it runs anywhere and ends. All else is as it was staged.
 *
 * Caveat: the messages' times are not those of the attribute that the reader names, and all come before any window closes;
 * a quote's windows are those of its slot all the same.
 */
import { join } from "node:path";
import "../../src/pipeline/node-compat.ts";
import "apache-beam";
import { serializeFn } from "apache-beam/internal/serialize";
import { SERIALIZED_JS_DOFN_INFO } from "apache-beam/internal/urns";
import {
  type Components,
  IsBounded_Enum,
  ParDoPayload,
  PCollection,
  Pipeline,
  PTransform,
  PubSubReadPayload,
  PubSubWritePayload,
} from "apache-beam/proto/beam_runner_api";

/** Messages in these files are `google.pubsub.v1.PubsubMessage`, in base64, one a line. */
export interface SwappedPipeline {
  readonly pipeline: Uint8Array;
  /** `projects/P/subscriptions/S` that it read, and the file that it reads instead. */
  readonly source: { readonly subscription: string; readonly file: string };
  /** Topics that it wrote to, and the files that it adds to instead; one is not there where nothing was written. */
  readonly sinks: readonly { readonly topic: string; readonly file: string }[];
}

const PARDO = "beam:transform:pardo:v1";
const TICK = "swapped-start";

/** @param directory for the files */
export function swapPubsub(bytes: Uint8Array, directory: string): SwappedPipeline {
  const pipeline = Pipeline.fromBinary(bytes);
  const { components } = pipeline;
  if (components === undefined) throw new Error("The pipeline is empty.");
  for (const collection of Object.values(components.pcollections)) collection.isBounded = IsBounded_Enum.BOUNDED;
  let source: SwappedPipeline["source"] | undefined;
  const sinks: SwappedPipeline["sinks"][number][] = [];
  for (const [id, transform] of Object.entries(components.transforms)) {
    const payload = transform.spec?.payload ?? new Uint8Array();
    if (transform.spec?.urn === "beam:transform:pubsub_read:v1") {
      source = { subscription: PubSubReadPayload.fromBinary(payload).subscription, file: join(directory, "source") };
      const [output = ""] = Object.values(transform.outputs);
      components.transforms[TICK] = startOf(components, output);
      pipeline.rootTransformIds.unshift(TICK);
      components.transforms[id] = parDo(components, transform, readMessages, source.file);
      components.transforms[id].inputs = { start: TICK };
    } else if (transform.spec?.urn === "beam:transform:pubsub_write:v1") {
      const sink = {
        topic: PubSubWritePayload.fromBinary(payload).topic,
        file: join(directory, `sink-${sinks.length}`),
      };
      sinks.push(sink);
      components.transforms[id] = parDo(components, transform, writeMessage, sink.file);
      // Without an output the SDK's worker takes it for a composite, and leaves it out.
      const [input = ""] = Object.values(transform.inputs);
      components.transforms[id].outputs = { nothing: collectionLike(components, input, `swapped-${id}`) };
    }
  }
  if (source === undefined) throw new Error("The pipeline does not read Pub/Sub.");
  return { pipeline: Pipeline.toBinary(pipeline), source, sinks };
}

type Process = (element: Uint8Array, context: { readonly file: string }) => Iterable<Uint8Array>;

/** These are sent by their text: nothing may be in them but globals. */
const readMessages: Process = function* (_, { file }) {
  const lines = process.getBuiltinModule("node:fs").readFileSync(file, "utf8").split("\n");
  for (const line of lines) if (line !== "") yield new Uint8Array(Buffer.from(line, "base64"));
};
const writeMessage: Process = (bytes, { file }) => {
  process.getBuiltinModule("node:fs").appendFileSync(file, `${Buffer.from(bytes).toString("base64")}\n`);
  return [];
};

function parDo(components: Components, { uniqueName, inputs, outputs }: PTransform, fn: Process, file: string) {
  const doFn = { urn: SERIALIZED_JS_DOFN_INFO, payload: serializeFn({ doFn: { process: fn }, context: { file } }) };
  const payload = ParDoPayload.toBinary(ParDoPayload.create({ doFn }));
  const [environmentId = ""] = Object.keys(components.environments);
  return PTransform.create({ uniqueName, spec: { urn: PARDO, payload }, inputs, outputs, environmentId });
}

/** One empty element, at which the messages are read. */
function startOf(components: Components, like: string): PTransform {
  const outputs = { out: collectionLike(components, like, TICK) };
  return PTransform.create({ uniqueName: TICK, spec: { urn: "beam:transform:impulse:v1" }, outputs });
}

/** Adds a collection of bytes, as `like` is one. @returns its ID */
function collectionLike(components: Components, like: string, id: string): string {
  components.pcollections[id] = PCollection.create({ ...components.pcollections[like], uniqueName: id });
  return id;
}
