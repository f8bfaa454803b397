import { jobSubscription } from "../../plan/names.ts";
import { JobsError, type JobPlace } from "../../job-ports.ts";
import type { EpochMs } from "../../quotes/quote.ts";
import { type Outcome, waiting } from "../outcome.ts";
import type { FeedRun } from "../run.ts";
import { durationMs } from "../../api/duration.ts";
import { LOOK_AGAIN_MS } from "./decision.ts";
import { endJobs } from "./ending.ts";
import { isServing, type JobRecord } from "./job-record.ts";
import { type JobSurvey, placeKey, placesOf, surveyOf } from "./survey.ts";

/** How long a job may take to be cancelled; a deletion is not held up for longer. */
const CANCEL_MS = 600_000;
const DEFAULT_DRAIN_MS = 600_000;
/** A record that stands for all. */
const ALL: JobRecord = { window: "all windows", engine: "Dataflow", state: "Draining", specHash: "" };

/** What of the spec counts, read as it is: a feed whose spec is refused has to go too. */
interface LooseSpec {
  readonly engine?: unknown;
  readonly dataflow?: { readonly projectIds?: unknown; readonly region?: unknown; readonly drainTimeout?: unknown };
}

/**
 * Ends the jobs of a deleted feed. Undefined where none is left, or where they were waited for long enough.
 * @param drained until when jobs have to take in what pollers published
 */
export async function letGoJobs(
  run: FeedRun,
  policy: "Drain" | "Cancel",
  drained: EpochMs,
): Promise<Outcome | undefined> {
  const { ports, now, records, changes, memory } = run;
  const survey = await surveyed(run);
  const own = [...survey.own].sort((one, other) => other.createdAt - one.createdAt);
  if (policy === "Drain" && now < drained && own.some(isServing)) {
    const message = "Pollers are stopped; the Dataflow jobs take in what was published.";
    return waiting("Draining", message, Math.min(LOOK_AGAIN_MS, drained - now));
  }
  const drainTimeoutMs = policy === "Drain" ? drainTimeoutOf(run) : 0;
  const wanted = { window: ALL.window, drainTimeoutMs };
  const { unnamed } = survey;
  const turn = { wanted, jobs: own, unnamed, record: ALL, now };
  const { action, verdict } = endJobs(turn, policy === "Drain" ? "drain" : "cancel");
  if (action?.kind === "stop") {
    for (const job of action.jobs) {
      await ports.jobs.stop(job, job.state === "Running" ? action.how : "cancel");
      changes.push({ kind: "deleted", object: `job ${job.name}` });
    }
  }
  // One that is being made was asked to end by nobody yet, and would go on for good; one that drains is cancelled in time.
  const isUnlisted = records.some(({ launch }) => launch && memory.updates.unlisted(launch, own, now) !== undefined);
  const isAllAsked = action === undefined && unnamed.length === 0 && !own.some(({ state }) => state === "Draining");
  const mayGo = isAllAsked && now >= drained + drainTimeoutMs + CANCEL_MS;
  if (mayGo || (verdict.kind !== "waiting" && !isUnlisted)) return undefined;
  const message = verdict.kind === "waiting" ? verdict.message : "A launch may still come to run.";
  return waiting("Draining", message, LOOK_AGAIN_MS);
}

/** Subscriptions that the feed's jobs read, by what is remembered of them. */
export function subscriptionsOfJobs({ object, records }: FeedRun): string[] {
  const { name, namespace = "" } = object.metadata;
  return records.flatMap(({ window, generation = 0, launch }) =>
    [...new Set([generation, launch?.generation ?? generation])].map((each) =>
      jobSubscription({ metadata: { name, namespace } }, window, each),
    ),
  );
}

/** The feed's jobs; none where it never got any, where a project is gone, or where the operator may not touch it. */
async function surveyed({ object, records, settings, ports }: FeedRun): Promise<JobSurvey> {
  const { name, namespace = "" } = object.metadata;
  const spec = (object.spec ?? {}) as LooseSpec;
  const isOfJobs = records.length > 0 || (spec.engine === "Dataflow" && settings.dataflow !== undefined);
  const places = placesOf(isOfJobs ? placesIn(spec) : [], records).filter(
    ({ projectId }) => settings.allowedProjects?.includes(projectId) !== false,
  );
  const listed = places.map(async (place) => {
    const jobs = await ports.jobs.list(place).catch((error: unknown) => {
      if (error instanceof JobsError && holdsNoJob(error, place, records)) return [];
      throw error;
    });
    return [placeKey(place), jobs] as const;
  });
  return surveyOf(new Map(await Promise.all(listed)), settings.clusterId, { metadata: { name, namespace } }, []);
}

/** A project that is gone has no job; nor has one that never let us launch any. */
function holdsNoJob({ kind }: JobsError, place: JobPlace, records: readonly JobRecord[]): boolean {
  const known = new Set(placesOf([], records).map(placeKey));
  return kind === "NotFound" || (kind === "Forbidden" && !known.has(placeKey(place)));
}

function placesIn({ dataflow = {} }: LooseSpec): JobPlace[] {
  const { projectIds, region } = dataflow;
  if (!Array.isArray(projectIds) || typeof region !== "string") return [];
  return projectIds.filter((id) => typeof id === "string").map((projectId) => ({ projectId, region }));
}

function drainTimeoutOf({ object }: FeedRun): number {
  const { drainTimeout } = ((object.spec ?? {}) as LooseSpec).dataflow ?? {};
  try {
    return typeof drainTimeout === "string" ? durationMs(drainTimeout) : DEFAULT_DRAIN_MS;
  } catch {
    return DEFAULT_DRAIN_MS;
  }
}
