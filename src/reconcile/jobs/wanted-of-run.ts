import { GRAPH_VERSIONS } from "../../plan/graph-versions.ts";
import { restartText } from "../run-facts.ts";
import type { ValidRun } from "../run.ts";
import { embeddedRuns, hasEngine } from "./engines.ts";
import { drainTimeoutMs, hasJobs, type JobSurroundings, jobHash, rewindMs, windowOf } from "./job-spec.ts";
import { type JobSurvey, placeKey } from "./survey.ts";
import type { Room, WantedJob } from "./wanted-job.ts";

/** What the feed wants of the job of one window, which may be one that it no longer has. */
export function wantedJob(run: ValidRun, survey: JobSurvey, window: string): WantedJob {
  const { feed, object } = run;
  const base = {
    window,
    want: wantOf(run, window),
    drainTimeoutMs: drainTimeoutMs(feed),
    hasEngine: hasEngine(run),
    specGeneration: object.metadata.generation ?? 0,
  };
  const spec = windowOf(feed, window);
  const around = surroundingsOf(run);
  if (spec === undefined || around === undefined || !hasJobs(feed)) {
    return {
      ...base,
      hash: "",
      template: "TypeScript",
      places: [],
      updatePolicy: "Replace",
      maxWorkers: 0,
      rewindMs: 0,
    };
  }
  const { template, updatePolicy, maxWorkers, projectIds, region } = feed.spec.dataflow;
  return {
    ...base,
    hash: jobHash(feed, spec, around),
    template,
    places: projectIds.map((projectId) => roomOf(run, survey, { projectId, region })),
    updatePolicy,
    maxWorkers,
    rewindMs: rewindMs(spec),
  };
}

/** What jobs are made from beside the feed; undefined where the operator is not set up for jobs. */
export function surroundingsOf(run: ValidRun): JobSurroundings | undefined {
  const { clusterId, dataflow: settings } = run.settings;
  return settings && { clusterId, settings, graphVersions: GRAPH_VERSIONS, restart: restartText(run) };
}

function wantOf(run: ValidRun, window: string): WantedJob["want"] {
  const { engine, suspend } = run.feed.spec;
  if (suspend || windowOf(run.feed, window) === undefined) return "drain";
  if (engine === "Dataflow") return "run";
  return embeddedRuns(run) ? "drain" : "stay";
}

function roomOf(
  { memory, settings, now }: ValidRun,
  survey: JobSurvey,
  place: Pick<Room, "projectId" | "region">,
): Room {
  const key = placeKey(place);
  const limit = settings.dataflow?.jobsPerProject ?? 0;
  const isFull = (memory.fullPlaces.get(key) ?? 0) > now;
  const refusesUpdates = (memory.fullForUpdates.get(key) ?? 0) > now;
  return { ...place, limit, active: isFull ? limit : (survey.active.get(key) ?? 0), refusesUpdates };
}
