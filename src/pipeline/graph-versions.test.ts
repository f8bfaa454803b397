import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { GRAPH_VERSIONS } from "../plan/graph-versions.ts";
import { beamYaml } from "./beam-yaml.ts";
import { pipelineProto } from "./pipeline-proto.ts";

const EXAMPLE = {
  feed: "markets/tech",
  symbols: ["AAPL", "MSFT"],
  window: { sizeMs: 60_000, periodMs: 1_000, offsetMs: 500, allowedLatenessMs: 45_000 },
  subscription: "projects/acme/subscriptions/tech-1m",
  windowsTopic: "projects/acme/topics/stockfeed-windows",
  deadLetterTopic: "projects/acme/topics/stockfeed-dead-letter",
  workerImage: "worker:1",
};

/** What each version of a graph comes to, the first being version 1. Add to it; a digest that was released stays. */
const DIGESTS = {
  TypeScript: ["d0752069ea8a65c8"],
  BeamYaml: ["b2f3e491f5b17253"],
};

describe.each([
  { template: "TypeScript" as const, build: () => pipelineProto(EXAMPLE) },
  { template: "BeamYaml" as const, build: () => Promise.resolve(beamYaml(EXAMPLE)) },
])("the graph of $template", ({ template, build }) => {
  it("does not change without its version, by which running jobs are told that they run another", async () => {
    const digest = createHash("sha256")
      .update(await build())
      .digest("hex")
      .slice(0, 16);
    const mend = `raise ${template} in src/plan/graph-versions.ts, and add ${digest} to the digests of this test`;
    expect(DIGESTS[template].at(-1), mend).toBe(digest);
    expect(DIGESTS[template], mend).toHaveLength(GRAPH_VERSIONS[template]);
  });
});
