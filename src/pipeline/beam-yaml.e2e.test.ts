import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { withoutPart } from "../../test/missing-part.ts";
import { pythonBeam, pythonBeamMissing } from "../../test/python-beam/python-beam.ts";
import { beamYaml } from "./beam-yaml.ts";

/** Makes the graph of the YAML in a file as the hosted template does, and prints its steps as JSON; runs nothing. */
const EXPAND = `
import json, sys
import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.portability.api import beam_runner_api_pb2
from apache_beam.yaml import yaml_transform
p = beam.Pipeline(options=PipelineOptions(streaming=True, pickle_library='cloudpickle'))
yaml_transform.expand_pipeline(p, open(sys.argv[1]).read())
graph = p.to_runner_api().components
read = [t for t in graph.transforms.values() if t.spec.urn == 'beam:transform:pubsub_read:v1']
payload = beam_runner_api_pb2.PubSubReadPayload.FromString(read[0].spec.payload)
strategies = [w.window_fn.urn for w in graph.windowing_strategies.values()]
print(json.dumps(dict(subscription=payload.subscription, time=payload.timestamp_attribute, windows=strategies,
                      steps=[t.unique_name.split('/')[0] for t in graph.transforms.values()])))
`;

describe.skipIf(withoutPart(pythonBeamMissing()))("the streaming pipeline in Beam YAML", () => {
  it("is one that Python Beam takes", { timeout: 200_000 }, async () => {
    const directory = await mkdtemp(join(tmpdir(), "stockfeed-yaml-"));
    try {
      const file = join(directory, "pipeline.yaml");
      const subscription = "projects/acme-feeds/subscriptions/tech-1m";
      const window = { sizeMs: 60_000, periodMs: 1_000, offsetMs: 500, allowedLatenessMs: 60_000 };
      const topics = {
        windowsTopic: "projects/acme-feeds/topics/stockfeed-windows",
        deadLetterTopic: "projects/acme-feeds/topics/stockfeed-dead-letter",
      };
      await writeFile(file, beamYaml({ feed: "markets/tech", symbols: ["AAPL"], window, subscription, ...topics }));
      const { stdout } = await promisify(execFile)(pythonBeam() ?? "python3", ["-c", EXPAND, file]);
      const graph = JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as Record<string, unknown>;
      expect(graph).toMatchObject({ subscription, time: "observed_at" });
      expect(graph.windows).toContain("beam:window_fn:sliding_windows:v1");
      expect(graph.steps).toEqual(
        expect.arrayContaining(["Parse", "Combine", "Rows", "WriteRows", "WriteDeadLetters"]),
      );
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});
