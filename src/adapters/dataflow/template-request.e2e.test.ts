/** The job that Python Beam makes of the Beam YAML that is launched: Google's template runs the same program. */
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Pipeline, PubSubReadPayload, PubSubWritePayload } from "apache-beam/proto/beam_runner_api";
import { SlidingWindowsPayload } from "apache-beam/proto/standard_window_fns";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RestJob } from "../../../test/fakes/dataflow-format.ts";
import { startFakeDataflow } from "../../../test/fakes/dataflow-server.ts";
import { withoutPart } from "../../../test/missing-part.ts";
import { pythonBeam, pythonBeamMissing } from "../../../test/python-beam/python-beam.ts";
import { beamYaml } from "../../pipeline/beam-yaml.ts";

const SUBMIT = join(import.meta.dirname, "../../../test/python-beam/submit_to_dataflow.py");
const FEED = {
  feed: "markets/tech",
  symbols: ["AAPL", "MSFT"],
  window: { sizeMs: 60_000, periodMs: 10_000, offsetMs: 5_000, allowedLatenessMs: 0 },
  subscription: "projects/acme-feeds/subscriptions/tech-1m",
  windowsTopic: "projects/acme-feeds/topics/stockfeed-windows",
  deadLetterTopic: "projects/acme-feeds/topics/stockfeed-dead-letter",
};

describe.skipIf(withoutPart(pythonBeamMissing()))("the Beam YAML, submitted by Python Beam", () => {
  let directory = "";
  let job: RestJob | undefined;
  let pipeline: Pipeline;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "stockfeed-"));
    const file = join(directory, "given.yaml");
    await writeFile(file, beamYaml(FEED));
    const fake = await startFakeDataflow();
    try {
      const flags = [
        "--project=acme-feeds",
        "--region=europe-west2",
        "--job_name=stockfeed-tech-1m",
        "--temp_location=gs://acme/tmp",
        `--staging_location=${directory}`,
        `--dataflow_endpoint=${fake.url.replace("//", "//sandbox@")}`,
        "--no_auth",
        "--streaming",
        "--pickle_library=cloudpickle",
      ];
      await promisify(execFile)(pythonBeam() ?? "", [SUBMIT, file, ...flags]);
      [job] = fake.jobs.all();
    } finally {
      await fake.close();
    }
    pipeline = Pipeline.fromBinary(await readFile(join(directory, "pipeline.pb")));
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));

  const stepsOf = (urn: string) =>
    Object.values(pipeline.components?.transforms ?? {}).filter(({ spec }) => spec?.urn === urn);

  it("is a streaming job", () => {
    expect(job).toMatchObject({
      name: "stockfeed-tech-1m",
      type: "JOB_TYPE_STREAMING",
      environment: { version: { job_type: "FNAPI_STREAMING" } },
    });
  });

  it("reads the feed's subscription by Dataflow's own reader, with the slot as the time", () => {
    const reads = stepsOf("beam:transform:pubsub_read:v1").map(({ spec }) =>
      PubSubReadPayload.fromBinary(spec?.payload ?? new Uint8Array()),
    );
    expect(reads).toMatchObject([
      { subscription: FEED.subscription, timestampAttribute: "observed_at", idAttribute: "" },
    ]);
  });

  it("writes rows and dead letters by Dataflow's own writer", () => {
    const topics = stepsOf("beam:transform:pubsub_write:v1").map(
      ({ spec }) => PubSubWritePayload.fromBinary(spec?.payload ?? new Uint8Array()).topic,
    );
    expect(topics.sort()).toEqual([FEED.deadLetterTopic, FEED.windowsTopic]);
  });

  it("slides windows as the spec has them", () => {
    const windows = Object.values(pipeline.components?.windowingStrategies ?? {}).flatMap(({ windowFn }) =>
      windowFn?.urn === "beam:window_fn:sliding_windows:v1" ? [SlidingWindowsPayload.fromBinary(windowFn.payload)] : [],
    );
    expect(windows.length).toBeGreaterThan(0);
    for (const { size, period, offset } of windows) {
      expect([size?.seconds, period?.seconds, offset?.seconds].map(Number)).toEqual([60, 10, 5]);
    }
  });
});
