import { MessagingError } from "../../controller-ports.ts";
import { type JobLaunch, JobsError } from "../../job-ports.ts";
import { TurnOrder } from "../../lanes/turn-order.ts";
import { jobName, jobSubscription } from "../../plan/names.ts";
import { outcomeOf } from "../faults.ts";
import { stalled, waiting } from "../outcome.ts";
import { changeOf } from "../run-facts.ts";
import type { ValidRun } from "../run.ts";
import { behindBacklog } from "./backlog.ts";
import { type JobAction, type JobDecision, type JobVerdict, LOOK_AGAIN_MS } from "./decision.ts";
import { type JobRecord, type LaunchIntent, timeOf, without } from "./job-record.ts";
import { hasJobs, jobLaunch, windowOf } from "./job-spec.ts";
import { asRefused } from "./observed.ts";
import { type JobSurvey, placeKey } from "./survey.ts";
import { surroundingsOf } from "./wanted-of-run.ts";

/** How long a place counts as full after Dataflow said so. */
const FULL_MS = 60_000;
/** No job comes of a launch that Dataflow refused so. */
const REFUSALS: readonly JobsError["kind"][] = ["Quota", "Invalid", "Forbidden", "NotFound"];

const NO_MESSAGING = waiting("MessagingNotReady", "The topics and subscriptions come first; see MessagingReady.");

interface Decided {
  readonly window: string;
  /** As it was written. */
  readonly before: JobRecord | undefined;
  readonly decision: JobDecision;
}

/**
 * Makes the call that was decided. What it came to is in the verdict; a call that failed leaves the record as if it had
 * not been made.
 * @throws what speaks of the whole operator, such as that another leads
 */
export async function carryOut(run: ValidRun, survey: JobSurvey, decided: Decided): Promise<JobDecision> {
  const { decision, before, window } = decided;
  const { action, record } = decision;
  if (record === undefined) return decision;
  if (action === undefined)
    return record.launch?.requestId === before?.launch?.requestId
      ? decision
      : noteIntent(run, survey, { ...decision, record }, before);
  try {
    if (action.kind === "launch") {
      const launched = await launch(run, survey, window, { ...decision, record }, action.intent);
      run.memory.failedLaunches.get(run.object.metadata.uid ?? "")?.forget(window);
      return launched;
    }
    await change(run, action, record);
    return decision;
  } catch (error) {
    if (!(error instanceof JobsError || error instanceof MessagingError)) throw error;
    const asBefore = { ...without(record, "maxWorkers"), ...toldWorkers(before) };
    if (action.kind === "launch") {
      noteFailure(run, window);
      return launchFailed(run, error, action.intent, asBefore);
    }
    if (!(error instanceof JobsError && error.kind === "Invalid"))
      return { record: asBefore, verdict: verdictOf(error) };
    // It has changed its state since it was listed.
    return { record: asBefore, verdict: waiting("Updating", error.message, LOOK_AGAIN_MS) };
  }
}

async function change(run: ValidRun, action: Exclude<JobAction, { kind: "launch" }>, record: JobRecord): Promise<void> {
  const { jobs } = run.ports;
  if (action.kind === "resize") {
    await jobs.setWorkers(action.job, { min: 1, max: record.maxWorkers ?? 1 });
    run.changes.push({ kind: "updated", object: `job ${action.job.name}` });
    return;
  }
  for (const job of action.jobs) {
    await jobs.stop(job, job.state === "Running" ? action.how : "cancel");
    run.changes.push({ kind: "deleted", object: `job ${job.name}` });
  }
}

async function launch(
  run: ValidRun,
  survey: JobSurvey,
  window: string,
  decision: JobDecision & { readonly record: JobRecord },
  intent: LaunchIntent,
): Promise<JobDecision> {
  const { feed, ports } = run;
  const { record } = decision;
  const spec = windowOf(feed, window);
  const around = surroundingsOf(run);
  if (spec === undefined || around === undefined || !hasJobs(feed)) return decision;
  if (!run.messagingReady || !run.rowsReady) return { record, verdict: NO_MESSAGING };
  const wanted = jobLaunch(feed, spec, intent, around);
  const notYet = nameConflict(survey, wanted) ?? sentBefore(run, survey, wanted, intent);
  if (notYet !== undefined) return { record, verdict: notYet };
  const rewindTo = timeOf(intent.rewindTo);
  if (rewindTo !== undefined) {
    const subscription = jobSubscription(feed, window, intent.generation);
    await ports.messaging.seek(feed.spec.pubsub.projectId, subscription, rewindTo);
  }
  const takeBack = run.memory.updates.noteSent(intent, run.now);
  await ports.jobs.launch(wanted).catch((error: unknown) => {
    if (error instanceof JobsError && error.isUnsent) takeBack();
    throw error;
  });
  ports.telemetry.countJobLaunch(window, (record.failures?.count ?? 0) > 0 ? "failure" : "spec");
  if (intent.replaces === undefined) countUp(survey, intent);
  run.changes.push(
    changeOf(run, "PipelineReady", intent.replaces === undefined ? "created" : "updated", `job ${wanted.name}`),
  );
  return { ...decision, record: { ...record, maxWorkers: wanted.maxWorkers } };
}

/** Has the window's launch tried after those of the feed's other windows from now on. */
function noteFailure({ memory: { failedLaunches }, object: { metadata } }: ValidRun, window: string): void {
  const { uid = "" } = metadata;
  const failed = failedLaunches.get(uid) ?? new TurnOrder();
  failed.note(window);
  failedLaunches.set(uid, failed);
}

/**
 * A launch was just decided: sees from where its job has to read, and keeps room for it. A job that ran as it was wanted
 * was ended by somebody else.
 */
async function noteIntent(
  run: ValidRun,
  survey: JobSurvey,
  decision: JobDecision & { readonly record: JobRecord },
  before: JobRecord | undefined,
): Promise<JobDecision> {
  const { record, verdict } = decision;
  const undecided = before?.launch === undefined ? without(record, "launch") : { ...record, launch: before.launch };
  if (record.launch === undefined) return decision;
  if (record.launch.rewindTo !== undefined && !run.messagingReady) return { record: undecided, verdict: NO_MESSAGING };
  let noted: JobRecord;
  try {
    noted = await behindBacklog(run, survey, record);
  } catch (error) {
    if (!(error instanceof MessagingError)) throw error;
    return { record: undecided, verdict: verdictOf(error) };
  }
  const { launch, window, wantedHash } = record;
  run.memory.updates.noteDecided(launch, before?.launch, run.now);
  if (launch.replaces !== undefined) return { record: noted, verdict };
  countUp(survey, launch);
  const wasRight =
    before?.state === "Running" && before.wantedHash === wantedHash && before.generation === launch.generation;
  if (wasRight) run.changes.push({ kind: "corrected", object: `job ${jobName(run.feed, window, launch.generation)}` });
  return { record: noted, verdict };
}

function launchFailed(
  run: ValidRun,
  error: JobsError | MessagingError,
  intent: LaunchIntent,
  record: JobRecord,
): JobDecision {
  if (error.name === "JobsError") {
    if (!error.isUnsent && REFUSALS.includes(error.kind)) run.memory.updates.noteUnsent(intent, run.now);
    switch (error.kind) {
      case "AlreadyExists":
        return { record, verdict: waiting("Launching", error.message, LOOK_AGAIN_MS) };
      case "Quota":
        if (intent.replaces === undefined) {
          run.memory.fullPlaces.set(placeKey(intent), run.now + FULL_MS);
        } else {
          // No other project takes over from a job of this one: at the next turn the job is seen to go on.
          run.memory.fullForUpdates.set(placeKey(intent), run.now + FULL_MS);
        }
        // Another project may have room for a further job: it is asked for at the next turn.
        return { record, verdict: waiting("QuotaExceeded", error.message, LOOK_AGAIN_MS) };
      case "Invalid":
        if (intent.replaces === undefined) break;
        // What goes on meanwhile is said at the next turn.
        return { record: asRefused(record, error.message), verdict: waiting("Updating", error.message, 0) };
      case "Forbidden":
      case "NotFound":
      case "Unavailable":
        break;
    }
  }
  return { record, verdict: verdictOf(error) };
}

function verdictOf(error: Error): JobVerdict {
  const outcome = outcomeOf(error);
  return outcome.kind === "done" ? { kind: "running" } : outcome;
}

/** An update of the job that may be under way already, where this is not the same to Dataflow. */
function sentBefore(
  { memory, now }: ValidRun,
  { own }: JobSurvey,
  { pipeline }: JobLaunch,
  intent: LaunchIntent,
): JobVerdict | undefined {
  if (intent.replaces === undefined) return undefined;
  const sent = memory.updates.unlisted(intent, own, now);
  if (sent === undefined || (pipeline.template !== "BeamYaml" && sent.requestId === intent.requestId)) return undefined;
  const message = `The update of job ${intent.replaces} may have been sent; Dataflow's list is waited for to show the new job.`;
  return waiting("Updating", message, Math.min(sent.waitMs, LOOK_AGAIN_MS));
}

/** Somebody else's job of the name, which would only answer that it runs. */
function nameConflict({ others }: JobSurvey, { name, projectId, region }: JobLaunch): JobVerdict | undefined {
  const other = others.find((job) => job.name === name && placeKey(job) === placeKey({ projectId, region }));
  if (other === undefined) return undefined;
  const what = `Job ${name} (${other.id}) runs in ${projectId}, ${region}, and its labels name another owner`;
  return stalled("NameConflict", `${what}. Drain or cancel it.`, FULL_MS);
}

function countUp({ active }: JobSurvey, place: LaunchIntent): void {
  const key = placeKey(place);
  active.set(key, (active.get(key) ?? 0) + 1);
}

function toldWorkers(record: JobRecord | undefined): Pick<JobRecord, "maxWorkers"> {
  return record?.maxWorkers === undefined ? {} : { maxWorkers: record.maxWorkers };
}
