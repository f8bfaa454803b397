/** A stage as a runner describes it to a worker: elements of bytes from the runner, through one function, and back to it. */
import "../../src/pipeline/node-compat.ts";
import "apache-beam";
import { Pipeline } from "apache-beam/internal/pipeline";
import { ProcessBundleDescriptor, RemoteGrpcPort } from "apache-beam/proto/beam_fn_api";
import { Components } from "apache-beam/proto/beam_runner_api";
import { Root } from "apache-beam/pvalue";
import { create } from "apache-beam/transforms/create";

/** The stage's transforms at which elements come in and go out. */
export const SOURCE = "source";
export const SINK = "sink";
const STAGE = "stage";

/**
 * @param endpoint of the runner's data service
 * @param fn registered for serialization
 */
export function mapStage(endpoint: string, fn: (bytes: Uint8Array) => Uint8Array): ProcessBundleDescriptor {
  const pipeline = new Pipeline();
  const input = new Root(pipeline).apply(create<Uint8Array>([]));
  const output = input.map(fn);
  const [inputId, outputId] = [input.getId(), output.getId()];
  const components = Components.clone(pipeline.getProto().components ?? Components.create());
  const mapping = Object.entries(components.transforms).find(
    ([, { inputs, spec }]) => Object.values(inputs).includes(inputId) && spec?.urn === "beam:transform:pardo:v1",
  );
  if (mapping === undefined) throw new Error("The SDK made no ParDo of the function.");
  const spec = (urn: string, payload: Uint8Array = new Uint8Array()) => ({ urn, payload });
  const port = RemoteGrpcPort.toBinary({ coderId: "windowed", apiServiceDescriptor: { url: endpoint } });
  const transform = { subtransforms: [], displayData: [], annotations: {}, environmentId: "" };
  return ProcessBundleDescriptor.create({
    id: STAGE,
    transforms: {
      [SOURCE]: {
        ...transform,
        uniqueName: SOURCE,
        spec: spec("beam:runner:source:v1", port),
        inputs: {},
        outputs: { out: inputId },
      },
      map: mapping[1],
      [SINK]: {
        ...transform,
        uniqueName: SINK,
        spec: spec("beam:runner:sink:v1", port),
        inputs: { in: outputId },
        outputs: {},
      },
    },
    pcollections: components.pcollections,
    windowingStrategies: components.windowingStrategies,
    coders: {
      ...components.coders,
      bytes: { spec: spec("beam:coder:bytes:v1"), componentCoderIds: [] },
      global: { spec: spec("beam:coder:global_window:v1"), componentCoderIds: [] },
      windowed: { spec: spec("beam:coder:windowed_value:v1"), componentCoderIds: ["bytes", "global"] },
    },
    environments: components.environments,
  });
}
