import { describe, expect, it } from "vitest";
import { feedWith } from "../../../test/feed.ts";
import { dataflow } from "../../../test/jobs-world.ts";
import { windowSpecs } from "../../api/window-specs.ts";
import { type JobFeed, jobHash, type JobSurroundings } from "./job-spec.ts";

const SURROUNDINGS: JobSurroundings = {
  clusterId: "c1",
  settings: { workerImage: "worker:1", jobsPerProject: 25 },
  graphVersions: { TypeScript: 1, BeamYaml: 1 },
  restart: undefined,
};

function hashOf(template: "TypeScript" | "BeamYaml", around: Partial<JobSurroundings> = {}): string {
  const cloud = { pubsub: { projectId: "acme" }, sink: { bigQuery: { projectId: "acme", dataset: "markets" } } };
  const feed = feedWith({ spec: { ...cloud, engine: "Dataflow", dataflow: dataflow({ template }) } }) as JobFeed;
  return jobHash(feed, windowSpecs(feed.spec)[0]!, { ...SURROUNDINGS, ...around });
}

describe("the hash of a job's spec", () => {
  it("changes with the version of the graph that the job's template has, and of no other", () => {
    const [typeScript, yaml] = [
      { TypeScript: 2, BeamYaml: 1 },
      { TypeScript: 1, BeamYaml: 2 },
    ];
    expect(hashOf("TypeScript", { graphVersions: typeScript })).not.toBe(hashOf("TypeScript"));
    expect(hashOf("TypeScript", { graphVersions: yaml })).toBe(hashOf("TypeScript"));
    expect(hashOf("BeamYaml", { graphVersions: yaml })).not.toBe(hashOf("BeamYaml"));
    expect(hashOf("BeamYaml", { graphVersions: typeScript })).toBe(hashOf("BeamYaml"));
  });

  it("changes where workers lose their external addresses, and stays for jobs that keep them", () => {
    const told = (settings: object) => ({ settings: { ...SURROUNDINGS.settings, ...settings } });
    const before = { TypeScript: "d145a9c4273a", BeamYaml: "dfbc5229d19f" };
    for (const template of ["TypeScript", "BeamYaml"] as const) {
      expect(hashOf(template)).toBe(before[template]);
      expect(hashOf(template, told({ privateIps: false }))).toBe(before[template]);
      expect(hashOf(template, told({ privateIps: true }))).not.toBe(before[template]);
    }
  });
});
