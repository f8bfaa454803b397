/**
 * The first stage of a Dataflow job's graph as a runner that lifts combiners gives it to a worker, from messages of Pub/Sub
 * to a bundle's winners of each symbol and window; whole, or up to one of its steps, whose elements then go nowhere.
 */
import { ProcessBundleDescriptor, RemoteGrpcPort } from "apache-beam/proto/beam_fn_api";
import { Components, type PTransform } from "apache-beam/proto/beam_runner_api";
import { streamingGraph } from "../../src/pipeline/graph.ts";
import type { FeedWindows } from "../../src/pipeline/beam-pipeline.ts";
import { SINK, SOURCE } from "../../test/fakes/map-stage.ts";

/** What the stage does, in order, each with the graph's transforms that do it. */
export const STEPS = [
  { name: "receive", transforms: [] },
  { name: "parse", transforms: ["Parse", "SplitBad", "SlotTimes"] },
  { name: "assign windows", transforms: ["Windows"] },
  { name: "key by symbol", transforms: ["BySymbol"] },
  { name: "combine and send", transforms: ["Combine"] },
] as const;

/** @param endpoint of the runner's data service @param steps how many of `STEPS` it has */
export function firstStage(feed: FeedWindows, endpoint: string, steps: number): ProcessBundleDescriptor {
  const topics = { subscription: "none", windowsTopic: "none", deadLetterTopic: "none", workerImage: "none" };
  const { components = Components.create() } = streamingGraph({ ...feed, ...topics });
  const named = (name: string): [string, PTransform] => {
    const found = Object.entries(components.transforms).find(([, { uniqueName }]) => uniqueName === name);
    if (found === undefined) throw new Error(`The graph has no ${name}.`);
    return found;
  };
  const [, read] = named("ReadQuotes");
  const taken = STEPS.slice(0, steps).flatMap(({ transforms }) => transforms.map(named));
  const transforms = Object.fromEntries(taken);
  const combine = taken.find(([, { uniqueName }]) => uniqueName === "Combine");
  const port = (coderId: string) => RemoteGrpcPort.toBinary({ coderId, apiServiceDescriptor: { url: endpoint } });
  const end = { uniqueName: "", subtransforms: [], displayData: [], annotations: {}, environmentId: "" };
  transforms[SOURCE] = {
    ...end,
    spec: { urn: "beam:runner:source:v1", payload: port("message") },
    inputs: {},
    outputs: read.outputs,
  };
  const { coders, pcollections, windowingStrategies, environments } = components;
  const input = Object.values(combine?.[1].inputs ?? {})[0] ?? "";
  const keyed = pcollections[input];
  if (combine !== undefined && keyed !== undefined) {
    const [id, transform] = combine;
    const payload = transform.spec?.payload ?? new Uint8Array();
    transforms[id] = {
      ...transform,
      subtransforms: [],
      spec: { urn: "beam:transform:combine_per_key_precombine:v1", payload },
      outputs: { main: "combined" },
    };
    transforms[SINK] = {
      ...end,
      spec: { urn: "beam:runner:sink:v1", payload: port("winners") },
      inputs: { main: "combined" },
      outputs: {},
    };
    pcollections.combined = { ...keyed, uniqueName: "combined" };
    const { windowCoderId = "" } = windowingStrategies[keyed.windowingStrategyId] ?? {};
    coders.winners = windowed(keyed.coderId, windowCoderId);
  }
  const message = pcollections[Object.values(read.outputs)[0] ?? ""];
  const { windowCoderId = "" } = windowingStrategies[message?.windowingStrategyId ?? ""] ?? {};
  coders.message = windowed(message?.coderId ?? "", windowCoderId);
  return ProcessBundleDescriptor.create({
    id: "stage",
    transforms,
    pcollections,
    windowingStrategies,
    coders,
    environments,
  });
}

function windowed(value: string, window: string) {
  const spec = { urn: "beam:coder:windowed_value:v1", payload: new Uint8Array() };
  return { spec, componentCoderIds: [value, window] };
}
