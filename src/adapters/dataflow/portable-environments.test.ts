import { DockerPayload, Environment, Pipeline } from "apache-beam/proto/beam_runner_api";
import { expect, it } from "vitest";
import { environmentsOf } from "./portable-environments.ts";

/** As Beam's own library writes it, with what else stands in one. */
function pipeline(environments: Record<string, Environment>): Uint8Array {
  const nothing = { transforms: {}, pcollections: {}, windowingStrategies: {}, coders: {} };
  const coder = {
    spec: { urn: "beam:coder:bytes:v1", payload: new Uint8Array([255, 0]) },
    componentCoderIds: ["x".repeat(300)],
  };
  return Pipeline.toBinary(
    Pipeline.create({
      components: { ...nothing, coders: { bytes: coder }, environments },
      rootTransformIds: ["a"],
      requirements: ["b"],
    }),
  );
}

it("reads environments as Beam's own library writes them", () => {
  const containerImage = "europe-docker.pkg.dev/acme/r/worker:1";
  const docker = Environment.create({
    urn: "beam:env:docker:v1",
    payload: DockerPayload.toBinary({ containerImage }),
    capabilities: ["beam:protocol:sibling_workers:v1", "beam:coder:interval_window:v1"],
    resourceHints: { "beam:resources:min_ram_bytes:v1": new Uint8Array([1]) },
  });
  const other = Environment.create({ urn: "beam:env:process:v1", payload: new Uint8Array([10, 1, 65]) });
  expect(environmentsOf(pipeline({ jsEnvironment: docker, other }))).toEqual([
    { id: "jsEnvironment", containerImage, capabilities: docker.capabilities },
    { id: "other", capabilities: [] },
  ]);
  expect(environmentsOf(pipeline({}))).toEqual([]);
});

it("refuses what is no pipeline", () => {
  expect(() => environmentsOf(pipeline({}).slice(0, 100))).toThrow(RangeError);
  expect(() => environmentsOf(new Uint8Array([11]))).toThrow(/wire type 3/);
});
