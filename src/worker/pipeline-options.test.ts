import { describe, expect, it } from "vitest";
import { functionModules, logLevel } from "./pipeline-options.ts";

describe("pipeline options", () => {
  const modules = ["apache-beam/pvalue", "stockfeed/pipeline-functions"];

  it.each([
    ["by their names", { registered_node_modules: modules, default_sdk_harness_log_level: "DEBUG" }],
    [
      "by Beam's long names",
      { "beam:option:registered_node_modules:v1": modules, "beam:option:default_sdk_harness_log_level:v1": "DEBUG" },
    ],
    [
      "one level deeper, as Dataflow has them",
      { display_data: [], options: { registered_node_modules: modules, default_sdk_harness_log_level: "DEBUG" } },
    ],
  ])("are found %s", (_, options) => {
    expect(functionModules(options)).toEqual(modules);
    expect(logLevel(options)).toBe("DEBUG");
  });

  it("may be left out: no modules, and the level INFO", () => {
    expect(functionModules({})).toEqual([]);
    expect(logLevel({ default_sdk_harness_log_level: "LOUD" })).toBe("INFO");
  });
});
