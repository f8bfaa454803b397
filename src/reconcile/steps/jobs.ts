import type { KubeObject } from "../../api/kube-object.ts";
import { JobsError } from "../../job-ports.ts";
import { carryOut } from "../jobs/carry-out.ts";
import { decide } from "../jobs/decide.ts";
import type { JobDecision, JobVerdict } from "../jobs/decision.ts";
import { wantedWindows } from "../jobs/engines.ts";
import { type JobRecord, timeText, WINDOW_LABEL } from "../jobs/job-record.ts";
import { type JobSurvey, placeKey, placesOf, surveyOf, windowsOf } from "../jobs/survey.ts";
import { tell } from "../jobs/tell.ts";
import { wantedJob } from "../jobs/wanted-of-run.ts";
import { resolutionOfJob } from "../../plan/names.ts";
import { done, type Outcome, waiting } from "../outcome.ts";
import type { Memory, Step, ValidRun } from "../run.ts";
import type { PipelineState } from "../status.ts";
import { SUSPENDED, watchEngine } from "./health.ts";

const LEFT = waiting("Held", "Jobs are left as they are until what stalls is mended; see Ready.");

/**
 * An outage of Dataflow's API is none of the jobs; one that lasts longer is said, since nobody knows how they are. It is
 * the first try after that which says so, and tries grow rarer until then.
 */
const SILENT_MS = 600_000;
const LOOK_MS = 60_000;

/** Looks at the feed's Dataflow jobs, in every place where there may be some; before anything that depends on them. */
export const surveyJobs: Step = {
  name: "survey-jobs",
  part: "PipelineReady",
  otherwise: "go-on",
  async run(run): Promise<Outcome> {
    const { memory, object, now } = run;
    const { uid = "" } = object.metadata;
    try {
      run.survey = await surveyed(run);
    } catch (error) {
      if (!(error instanceof JobsError && error.kind === "Unavailable")) throw error;
      const since = memory.unsurveyed.get(uid) ?? now;
      memory.unsurveyed.set(uid, since);
      if (now - since < SILENT_MS) throw error;
      const message = `How the feed's Dataflow jobs are is not known since ${timeText(since)}. ${error.message}`;
      return waiting("DataflowUnavailable", message, LOOK_MS);
    }
    memory.unsurveyed.delete(uid);
    return done;
  },
};

async function surveyed({ feed, records, settings, ports }: ValidRun): Promise<JobSurvey> {
  const { engine, dataflow } = feed.spec;
  const { projectIds = [], region = "" } = engine === "Dataflow" || records.length > 0 ? (dataflow ?? {}) : {};
  const wanted = projectIds.map((projectId) => ({ projectId, region }));
  const places = placesOf(wanted, records);
  const listed = await Promise.all(
    places.map(async (place) => [placeKey(place), await ports.jobs.list(place)] as const),
  );
  return surveyOf(new Map(listed), settings.clusterId, feed, records);
}

/**
 * Does what is to be done about each window's job: one call a window and turn. Those whose launch failed come last, so that
 * launches which take their whole time to fail hold up no other window's.
 */
export const ensureJobs: Step = {
  name: "ensure-jobs",
  part: "PipelineReady",
  otherwise: "go-on",
  async run(run): Promise<Outcome> {
    const { survey, feed, hold, now, memory, object } = run;
    if (survey === undefined || hold === "everything") return done;
    const windows = windowsOf(wantedByJobs(run), survey, run.records);
    const verdicts = new Map<string, JobVerdict>();
    for (const window of inTurn(memory, object, windows)) {
      const jobs = survey.own.filter(({ labels }) => labels[WINDOW_LABEL] === window);
      const unnamed = survey.unnamed.filter(({ name }) => resolutionOfJob(feed, name) === window);
      const before = run.records.find((record) => record.window === window);
      const decision = decide(wantedJob(run, survey, window), jobs, unnamed, before, now);
      const made = await carryOut(run, survey, { window, before, decision });
      run.records = [...run.records.filter((record) => record.window !== window), ...keptRecord(feed, window, made)];
      verdicts.set(window, made.verdict);
    }
    run.records = windows.flatMap((window) => run.records.filter((record) => record.window === window));
    run.verdicts = windows.flatMap((window) => verdicts.get(window) ?? []);
    return done;
  },
};

/** Says of each window what computes it, and of the whole whether all are computed. */
export const watchPipelines: Step = {
  name: "watch-pipelines",
  part: "PipelineReady",
  otherwise: "go-on",
  async run(run): Promise<Outcome> {
    const { feed, hold, verdicts } = run;
    const embedded = feed.spec.engine === "Embedded" ? watchEngine(run) : undefined;
    run.pipelines = pipelinesOf(run);
    if (embedded !== undefined) {
      const areLeft = embedded.kind === "done" && verdicts.some(({ kind }) => kind === "waiting" || kind === "stalled");
      return areLeft ? tell(run) : embedded;
    }
    if (hold === "everything") return LEFT;
    const areOff = verdicts.every(({ kind }) => kind === "off");
    return feed.spec.suspend && areOff ? SUSPENDED : tell(run);
  },
};

function inTurn({ failedLaunches }: Memory, { metadata: { uid = "" } }: KubeObject, windows: readonly string[]) {
  return failedLaunches.get(uid)?.of(windows, (window) => window) ?? windows;
}

function wantedByJobs({ feed }: ValidRun): string[] {
  return feed.spec.engine === "Dataflow" ? wantedWindows(feed) : [];
}

/** What is over is remembered while the feed may want it again: from when quotes have to be read then. */
function keptRecord(feed: ValidRun["feed"], window: string, { record, verdict }: JobDecision): JobRecord[] {
  if (record === undefined) return [];
  const isWanted = feed.spec.engine === "Dataflow" && wantedWindows(feed).includes(window);
  return verdict.kind === "off" && !isWanted ? [] : [record];
}

/** The job's entry where there is a job, the engine's elsewhere; windows of the spec first, in its order. */
function pipelinesOf({ feed, pipelines = [], records }: ValidRun): PipelineState[] {
  const known = new Set(records.map(({ window }) => window));
  const all = [...pipelines.filter(({ window }) => !known.has(window)), ...records];
  const order = wantedWindows(feed);
  const rank = ({ window }: PipelineState) => (order.includes(window) ? order.indexOf(window) : order.length);
  return all.sort((one, other) => rank(one) - rank(other));
}
