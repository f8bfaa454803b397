/** What runs in the thread of `runDirect`: one bounded pipeline, on the Beam SDK's own runner in memory. */
import { workerData } from "node:worker_threads";
// Loads the SDK, and so comes first.
import { boundedGraph } from "./graph.ts";
import { directRunner } from "apache-beam/runners/direct_runner";
import type { BoundedPipeline } from "./beam-pipeline.ts";

await directRunner().runPipeline(boundedGraph(workerData as BoundedPipeline));
