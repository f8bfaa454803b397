import { resolutionLabel, windowSpecs } from "../../api/window-specs.ts";
import { ownWorkloads } from "../own-workloads.ts";
import type { ValidRun } from "../run.ts";
import type { ClusterFeed } from "../wanted-messaging.ts";
import { workloadState } from "../workload-health.ts";
import { WINDOW_LABEL } from "./job-record.ts";
import { readersOf } from "./survey.ts";

/**
 * Whether the embedded engine is to run. Of a feed that has moved to Dataflow it goes on until a job of each window
 * runs: both write the same rows, so nothing has to be cut over.
 */
export function hasEmbedded(run: ValidRun): boolean {
  const { engine, suspend } = run.feed.spec;
  if (engine === "Embedded") return true;
  const running = (run.survey?.own ?? []).filter(({ state }) => state === "Running");
  const isLeft = wantedWindows(run.feed).some((label) => !running.some((job) => job.labels[WINDOW_LABEL] === label));
  return !suspend && isLeft && hasEngine(run);
}

/** Whether the embedded engine is there, running or about to. */
export function hasEngine(run: ValidRun): boolean {
  return engines(run).length > 0;
}

/** Whether the embedded engine runs, so that the jobs of a feed that has moved to it may end. */
export function embeddedRuns(run: ValidRun): boolean {
  return engines(run).some((engine) => workloadState(engine) === "Running");
}

/** The feed as its workloads are made from it: while the embedded engine is to go on, one of that engine. */
export function renderedFeed(run: ValidRun): ClusterFeed {
  const { feed } = run;
  if (feed.spec.engine === "Embedded" || !hasEmbedded(run)) return feed;
  return { ...feed, spec: { ...feed.spec, engine: "Embedded" } };
}

/** Which jobs read quotes, or are about to. */
export function jobReaders(run: ValidRun) {
  const { feed, survey, records } = run;
  const wanted = feed.spec.engine === "Dataflow" ? wantedWindows(feed) : [];
  return readersOf(wanted, survey, records);
}

/** Windows of the spec, as resolutions are called. */
export function wantedWindows({ spec }: ClusterFeed): string[] {
  return windowSpecs(spec).map(resolutionLabel);
}

function engines(run: ValidRun) {
  return ownWorkloads(run, "stream").filter(({ metadata }) => metadata.deletionTimestamp === undefined);
}
