/**
 * The Beam graph of one resolution of a feed:
 *
 *   source → Parse ─ quotes → Windows → Combine (a symbol's slots) → Rows → sink
 *                  └ dead letters → sink
 *
 * - Windows hold for each slot the quote that wins it, by the rule of every engine, and nothing relies on a message's
 *   being delivered once.
 * - A row is written when the watermark passes its window's end, and again for every late quote within the allowed
 *   lateness, with all that the window then holds. What is later Beam drops, and says nothing: it has no output for that.
 * - Steps keep their names from version to version, since a job that is updated in place finds its state by them.
 */
import "./node-compat.ts";
// Before any of its parts, which load one another in a circle.
import "apache-beam";
import type { Coder } from "apache-beam/coders/coders";
import { GeneralObjectCoder } from "apache-beam/coders/js_coders";
import { BytesCoder, KVCoder } from "apache-beam/coders/required_coders";
import { StrUtf8Coder } from "apache-beam/coders/standard_coders";
import { asDockerEnvironment, TYPESCRIPT_DEFAULT_ENVIRONMENT_URN } from "apache-beam/internal/environments";
import { Pipeline } from "apache-beam/internal/pipeline";
import { serializeFn } from "apache-beam/internal/serialize";
import { SERIALIZED_JS_DOFN_INFO } from "apache-beam/internal/urns";
import * as proto from "apache-beam/proto/beam_runner_api";
import { type PCollection, type PValue, Root } from "apache-beam/pvalue";
import { combinePerKey, impulse } from "apache-beam/transforms/internal";
import { parDo, split, windowParam } from "apache-beam/transforms/pardo";
import { type PTransform, withName } from "apache-beam/transforms/transform";
import { assignTimestamps } from "apache-beam/transforms/window";
import type { DeadLetterMessage } from "../quotes/wire.ts";
import type { SlotQuotes } from "../windows/slot-quotes.ts";
import type { EngineName } from "../windows/window-row.ts";
import type { BeamPipeline, BoundedPipeline, FeedWindows, PipelineSettings } from "./beam-pipeline.ts";
import { readPubsub, writePubsub } from "./native-pubsub.ts";
import { type Parsed, pipelineFunctions as functions, type Settings, type SlotEntry } from "./pipeline-functions.ts";
import { slidingWindows } from "./sliding-windows.ts";

const texts = new StrUtf8Coder();
const bytes = new BytesCoder();
const objects = <T>() => new GeneralObjectCoder<T>();

/** What the graph comes to: rows as JSON, and what is no quote. */
interface Outputs {
  readonly rows: PCollection<string>;
  readonly deadLetters: PCollection<DeadLetterMessage>;
}

/** Outputs of the parser, by tag. */
interface Tagged extends Record<string, unknown> {
  quotes: SlotEntry;
  deadLetters: DeadLetterMessage;
}

/** The graph of a streaming job, from Pub/Sub to Pub/Sub. */
export function streamingGraph(pipeline: BeamPipeline): proto.Pipeline {
  const { subscription, windowsTopic, deadLetterTopic, workerImage } = pipeline;
  const graph = buildGraph((root) => {
    const messages = root.apply(withName("ReadQuotes", readPubsub(subscription)));
    const { rows, deadLetters } = windowRows(messages, functions.parseMessage, settingsOf(pipeline, "Dataflow"));
    apply(step("RowMessages", rows, bytes, functions.rowMessage), "WriteRows", writePubsub(windowsTopic));
    const letters = step("DeadLetterMessages", deadLetters, bytes, functions.deadLetterMessage);
    apply(letters, "WriteDeadLetters", writePubsub(deadLetterTopic));
  });
  const environments = graph.components?.environments ?? {};
  for (const [id, environment] of Object.entries(environments)) {
    if (environment.urn !== TYPESCRIPT_DEFAULT_ENVIRONMENT_URN) continue;
    environments[id] = asDockerEnvironment(environment, workerImage);
  }
  return graph;
}

/** The graph of a run that ends, from files to files. */
export function boundedGraph(pipeline: BoundedPipeline): proto.Pipeline {
  const { quotesFile, rowsDirectory, deadLettersDirectory } = pipeline;
  return buildGraph((root) => {
    const start = root.apply(withName("Start", impulse()));
    const lines = step("ReadQuotes", start, texts, functions.readLines, { path: quotesFile });
    const { rows, deadLetters } = windowRows(lines, functions.parseLine, settingsOf(pipeline, "Beam"));
    writeLines("WriteRows", rows, rowsDirectory);
    const letters = step("DeadLetters", deadLetters, texts, functions.letterJson);
    writeLines("WriteDeadLetters", letters, deadLettersDirectory);
  });
}

/** A graph as a runner takes it. */
export function pipelineBytes(graph: proto.Pipeline): Uint8Array {
  return proto.Pipeline.toBinary(graph);
}

function buildGraph(expand: (root: Root) => void): proto.Pipeline {
  const pipeline = new Pipeline();
  expand(new Root(pipeline));
  return pipeline.getProto();
}

function settingsOf({ feed, symbols, window }: FeedWindows, engine: EngineName): string {
  return JSON.stringify({ feed, symbols, window, engine } satisfies PipelineSettings);
}

function windowRows<T>(messages: PCollection<T>, parse: Process<T, Parsed, Settings>, settings: string): Outputs {
  const { window } = JSON.parse(settings) as PipelineSettings;
  const parsed = step("Parse", messages, objects<Parsed>(), parse, { settings });
  const { quotes, deadLetters } = apply(parsed, "SplitBad", split<Tagged>(["quotes", "deadLetters"]));
  const timed = apply(quotes, "SlotTimes", assignTimestamps<SlotEntry>(functions.timeOf));
  const windowed = apply(timed, "Windows", slidingWindows<SlotEntry>(window));
  const keyed = step("BySymbol", windowed, new KVCoder(texts, objects<SlotEntry>()), functions.bySymbol);
  const { createAccumulator, addInput, mergeAccumulators, extractOutput } = functions;
  const combine = { createAccumulator, addInput, mergeAccumulators, extractOutput };
  const slots = apply(keyed, "Combine", combinePerKey<string, SlotEntry, SlotQuotes, SlotQuotes>(combine));
  return { rows: step("Rows", slots, texts, functions.toRow, { settings, window: windowParam() }), deadLetters };
}

/** Writes lines into files of a directory. */
function writeLines(name: string, lines: PCollection<string>, directory: string): void {
  const { startLines: startBundle, addLine: process, writeLines: finishBundle } = functions;
  apply(lines, name, parDo({ startBundle, process, finishBundle }, { directory }));
}

type Process<In, Out, Context> = (element: In, context: Context) => Iterable<Out>;

/** A step that calls a registered function for every element, and how what it gives is encoded between workers. */
function step<In, Out, Context extends object>(
  name: string,
  input: PCollection<In>,
  coder: Coder<Out>,
  process: Process<In, Out, Context>,
  context?: Context,
): PCollection<Out> {
  return apply(input, name, (_: PCollection<In>, pipeline: Pipeline, transform: proto.PTransform) => {
    const doFn = { urn: SERIALIZED_JS_DOFN_INFO, payload: serializeFn({ doFn: { process }, context }) };
    const payload = proto.ParDoPayload.toBinary(proto.ParDoPayload.create({ doFn }));
    transform.spec = { urn: parDo.urn, payload };
    return pipeline.createPCollectionInternal(coder);
  });
}

/** Applies a transform under a name; the SDK's own types end at `any`. */
function apply<In, Out extends PValue<unknown>>(
  input: PCollection<In>,
  name: string,
  transform: PTransform<PCollection<In>, Out>,
): Out {
  return input.apply(withName(name, transform)) as Out;
}
