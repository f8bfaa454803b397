import { stringify } from "yaml";
import type { BoundedPipeline, FeedWindows, PipelineSettings, StreamingPipeline } from "./beam-pipeline.ts";
import {
  DETAIL_SCRIPT,
  LETTER_SCRIPT,
  NOW_SCRIPT,
  PAYLOAD_SCRIPT,
  parseScript,
  REASON_SCRIPT,
  rowScript,
} from "./yaml-functions.ts";

type Transform = Readonly<Record<string, unknown>>;

/**
 * A feed's streaming pipeline for one resolution as Beam YAML, for Google's hosted template: the rows of the TypeScript
 * graph, by Python. It has no templates of Jinja's in it.
 *
 * Caveat: Beam YAML knows neither triggers nor lateness. A window's row is written once, when the watermark passes its end,
 * and what comes later is dropped.
 * https://beam.apache.org/documentation/sdks/yaml/
 */
export function beamYaml(pipeline: StreamingPipeline): string {
  const { subscription, windowsTopic, deadLetterTopic } = pipeline;
  const read = {
    type: "ReadFromPubSub",
    name: "ReadQuotes",
    config: { subscription, format: "RAW", timestamp_attribute: "observed_at" },
  };
  const sinks = [
    { type: "WriteToPubSub", name: "WriteRows", input: "Rows", config: { topic: windowsTopic, format: "RAW" } },
    {
      type: "WriteToPubSub",
      name: "WriteDeadLetters",
      input: "DeadLetters",
      config: { topic: deadLetterTopic, format: "RAW", attributes: ["feed", "reason", "detail", "received_at"] },
    },
  ];
  const steps = windowSteps({ ...settingsOf(pipeline), engine: "Dataflow" });
  return document([read, ...steps, ...sinks], { streaming: true });
}

/** The same pipeline from files to files: `rows-*` and `letters-*` in the two directories. */
export function boundedYaml(pipeline: BoundedPipeline): string {
  const { quotesFile, rowsDirectory, deadLettersDirectory } = pipeline;
  const read = [
    { type: "ReadFromText", name: "ReadLines", config: { path: quotesFile } },
    map("ReadQuotes", "ReadLines", { payload: "line" }),
  ];
  const sinks = [
    { type: "WriteToText", name: "WriteRows", input: "Rows", config: { path: `${rowsDirectory}/rows` } },
    map("Letters", "DeadLetters", { json: callable(LETTER_SCRIPT) }),
    {
      type: "WriteToText",
      name: "WriteDeadLetters",
      input: "Letters",
      config: { path: `${deadLettersDirectory}/letters` },
    },
  ];
  return document([...read, ...windowSteps({ ...settingsOf(pipeline), engine: "Beam" }), ...sinks], {});
}

function settingsOf({ feed, symbols, window }: FeedWindows): FeedWindows {
  return { feed, symbols, window };
}

/** From `ReadQuotes`, with its field `payload`, to `Rows` and `DeadLetters`. */
function windowSteps(settings: PipelineSettings): Transform[] {
  const { sizeMs, periodMs, offsetMs } = settings.window;
  const bad = { error_handling: { output: "bad" } };
  return [
    map("Parse", "ReadQuotes", { entry: callable(parseScript(settings)) }, bad),
    {
      type: "AssignTimestamps",
      name: "SlotTimes",
      input: "Parse",
      config: {
        language: "python",
        timestamp: {
          callable: "lambda row: beam.utils.timestamp.Timestamp(micros=int(row.entry.split('|')[1]) * 1000)",
        },
      },
    },
    map("BySymbol", "SlotTimes", { symbol: callable("lambda row: row.entry.split('|')[0]"), entry: "entry" }),
    {
      type: "Combine",
      name: "Combine",
      input: "BySymbol",
      windowing: { type: "sliding", size: seconds(sizeMs), period: seconds(periodMs), offset: seconds(offsetMs) },
      config: { language: "python", group_by: ["symbol"], combine: { entries: { value: "entry", fn: "group" } } },
    },
    { type: "ExtractWindowingInfo", name: "Ends", input: "Combine", config: { fields: { window_end: "window_end" } } },
    map("Rows", "Ends", { json: callable(rowScript(settings)) }),
    map("DeadLetters", "Parse.bad", {
      data: callable(PAYLOAD_SCRIPT),
      feed: callable(`lambda row: ${JSON.stringify(settings.feed)}`),
      reason: callable(REASON_SCRIPT),
      detail: callable(DETAIL_SCRIPT),
      received_at: callable(NOW_SCRIPT),
    }),
  ];
}

/** A step that computes fields of its rows by Python, or takes them over by name. */
function map(name: string, input: string, fields: Transform, more: Transform = {}): Transform {
  return { type: "MapToFields", name, input, config: { language: "python", fields, ...more } };
}

function callable(script: string): Transform {
  return { callable: script, output_type: "string" };
}

/** A duration in Beam YAML's notation, fractions of a second included. */
function seconds(ms: number): string {
  return `${ms / 1000}s`;
}

function document(transforms: readonly Transform[], options: Transform): string {
  return stringify({ pipeline: { transforms }, options }, { lineWidth: 0, blockQuote: "literal" });
}
