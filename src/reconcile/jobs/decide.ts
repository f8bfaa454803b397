/**
 * What to do about the job of one window, from what is wanted, what Dataflow lists and what the status remembers. Pure.
 *
 * - A launch is decided in one turn, written into the status, and carried out in a later one: whoever comes next goes on
 *   with the same request. What the list shows to run is believed before anything is launched.
 * - A job is not ended before its successor runs, but under DrainThenStart, where its place is no longer one of the
 *   feed's, or where its successor is of another template, which no update leads to.
 * - A job that begins without its predecessor's state reads again from before that one's end, so that its rows are full
 *   where those of the drain are not. Two on one subscription would get half the quotes each: both end, and one begins.
 * - It acts once a turn. What it asks for may fail, be carried out twice, or be carried out though it failed.
 */
import type { Job, JobPlace } from "../../job-ports.ts";
import type { EpochMs } from "../../quotes/quote.ts";
import { type JobDecision, stopping, type Turn, waits } from "./decision.ts";
import { beingMade, ended, endJobs, overdue, takenOver, unseen } from "./ending.ts";
import { backedOff } from "./failures.ts";
import {
  generationOf,
  isActive,
  isServing,
  type JobRecord,
  type LaunchIntent,
  samePlace,
  SPEC_LABEL,
  takesOverFrom,
  TEMPLATE_LABEL,
  timeOf,
  timeText,
  without,
} from "./job-record.ts";
import { observed, rewound } from "./observed.ts";
import { chooseRoom, isPlaced, quotaMessage } from "./placement.ts";
import type { WantedJob } from "./wanted-job.ts";

const ROOM_MS = 60_000;

/**
 * @param jobs the feed's jobs of this window in every place, over or not
 * @param unnamed jobs that are being made and may be of this window too
 * @param before what was remembered, as it was written
 */
export function decide(
  wanted: WantedJob,
  jobs: readonly Job[],
  unnamed: readonly Job[],
  before: JobRecord | undefined,
  now: EpochMs,
): JobDecision {
  const newestFirst = [...jobs].sort((one, other) => other.createdAt - one.createdAt);
  const record = observed(wanted, newestFirst, before, now);
  const turn: Turn = { wanted, jobs: newestFirst, unnamed, record, now };
  switch (wanted.want) {
    case "run":
      return keep(turn);
    case "stay":
      return stay(turn);
    case "drain":
    case "cancel":
      return endJobs(turn, wanted.want);
  }
}

function keep(turn: Turn): JobDecision {
  const { wanted, jobs } = turn;
  const serving = jobs.filter(isServing);
  const fresh = serving.find((job) => job.labels[SPEC_LABEL] === wanted.hash && isPlaced(job, wanted.places));
  const [stale] = serving;
  if (stale === undefined) return ended(turn) ?? takenOver(turn) ?? start(turn);
  return separated(turn, serving) ?? (fresh ? takeOver(turn, fresh, serving) : update(turn, stale, serving));
}

/** Ends jobs that read one subscription and don't take over from each other; undefined where there are none. */
function separated(turn: Turn, serving: readonly Job[]): JobDecision | undefined {
  const isRivalOf = (job: Job) => (other: Job) =>
    other.id !== job.id &&
    generationOf(other) === generationOf(job) &&
    !takesOverFrom(other, job) &&
    !takesOverFrom(job, other);
  const rivals = serving.filter((job) => serving.some(isRivalOf(job)));
  if (rivals.length === 0) return undefined;
  const notYet = rivals.filter(({ state }) => state !== "Running");
  if (notYet.length > 0) return stopping(turn, notYet, "cancel");
  const from = Math.min(...rivals.map(({ createdAt }) => createdAt)) - turn.wanted.rewindMs;
  return stopping({ ...turn, record: rewound(turn.record, from) }, rivals, "drain");
}

/** The job that is wanted is there: once it runs, the others end. */
function takeOver(turn: Turn, fresh: Job, serving: readonly Job[]): JobDecision {
  const { record } = turn;
  const others = serving.filter(({ id }) => id !== fresh.id);
  if (fresh.state !== "Running") {
    const old = others.find(({ id }) => id === record.jobId) ?? others[0];
    if (old !== undefined) return updating(turn, fresh, old);
    const message = `Job ${fresh.name} is ${fresh.state.toLowerCase()}; Dataflow takes some minutes to start its workers.`;
    return waits({ ...turn, record: { ...named(record, fresh), state: fresh.state } }, "Starting", message);
  }
  const settled = named(without(record, "launch", "refused"), fresh);
  const there = { ...turn, record: { ...settled, state: "Running" } };
  const leftover = others.find((other) => !takesOverFrom(fresh, other));
  if (leftover !== undefined)
    return { ...stopping(there, [leftover], "drain"), record: there.record, verdict: { kind: "running" } };
  const late = overdue(there);
  if (late !== undefined) return { ...late, record: there.record, verdict: { kind: "running" } };
  return resized(there, fresh) ?? { record: there.record, verdict: { kind: "running" } };
}

/** A job serves, and none as it is wanted. */
function update(turn: Turn, stale: Job, serving: readonly Job[]): JobDecision {
  const { wanted, record } = turn;
  if (stale.state !== "Running") {
    const old = serving.find((other) => takesOverFrom(stale, other));
    return old === undefined ? stopping(turn, [stale], "cancel") : updating(turn, stale, old);
  }
  const here = { ...turn, record: { ...named(record, stale), state: "Running" } };
  if (record.refused !== undefined) return refused(here, stale, record.refused);
  // Of a place that is no longer the feed's nothing would be listed any more, once a job of another one is remembered.
  if (!isPlaced(stale, wanted.places)) return stopping(here, [stale], "drain");
  // What serves is not touched for what has failed before.
  const early = backedOff(here);
  if (early !== undefined) return early;
  if (wanted.updatePolicy === "Overlap") return beside(here);
  if (wanted.updatePolicy === "DrainThenStart" || isOfOtherTemplate(stale, wanted)) {
    return stopping(here, [stale], "drain");
  }
  return (
    noRoomToUpdate(here, stale) ?? launch(here, { place: stale, generation: generationOf(stale), replaces: stale.id })
  );
}

/** Whether no update can lead from a job to what is wanted: no step of one template's graph is a step of the other's. */
function isOfOtherTemplate({ labels }: Job, { template }: WantedJob): boolean {
  const label = labels[TEMPLATE_LABEL];
  return label !== undefined && label !== template.toLowerCase();
}

/** Starts a job beside the one that runs: on a subscription and under a name that no other has. */
function beside(turn: Turn): JobDecision {
  const { jobs } = turn;
  const generation = Math.max(...jobs.filter(isActive).map(generationOf)) + 1;
  const place = placeOf(turn);
  if (place === undefined) return noRoom(turn);
  return launch(turn, { place, generation, rewindTo: turn.now - turn.wanted.rewindMs });
}

/** Nothing serves, and nothing ends. */
function start(turn: Turn): JobDecision {
  const early = backedOff(turn);
  if (early !== undefined) return early;
  const place = placeOf(turn);
  if (place === undefined) return noRoom(turn);
  const { record, now, wanted } = turn;
  const rewindTo = timeOf(record.rewindTo) ?? now - wanted.rewindMs;
  const generation = record.launch?.generation ?? record.generation ?? 0;
  return launch({ ...turn, record: rewound(record, rewindTo) }, { place, generation, rewindTo });
}

function placeOf({ wanted, record }: Turn): JobPlace | undefined {
  const { projectId, region } = record;
  const known = projectId !== undefined && region !== undefined ? { projectId, region } : undefined;
  return chooseRoom(wanted.places, record.launch ?? known);
}

function noRoom({ wanted, record }: Turn): JobDecision {
  const verdict = {
    kind: "waiting",
    reason: "QuotaExceeded",
    message: quotaMessage(wanted),
    afterMs: ROOM_MS,
  } as const;
  return { record, verdict };
}

/** Dataflow refused an update where the job is, for as many jobs run there as may: what serves goes on. */
function noRoomToUpdate(turn: Turn, old: Job): JobDecision | undefined {
  const { places, window } = turn.wanted;
  const isRefused = places.some((place) => place.refusesUpdates && samePlace(place, old));
  if (!isRefused) return undefined;
  const message =
    `Dataflow refused to update a job in ${old.projectId} for its quota of jobs; job ${old.id} of ${window} goes on, and ` +
    "the update is tried again each minute. End some, or have the quota raised.";
  return { record: turn.record, verdict: { kind: "waiting", reason: "QuotaExceeded", message, afterMs: ROOM_MS } };
}

interface NextJob {
  readonly place: JobPlace;
  readonly generation: number;
  readonly replaces?: string;
  readonly rewindTo?: EpochMs;
}

/**
 * Carries out the launch that the status has; decides it where the status has another, or none. A job that is being made
 * may be of an earlier launch, which another one would make forgotten.
 */
function launch(turn: Turn, { place, generation, replaces, rewindTo }: NextJob): JobDecision {
  const { wanted, record, now } = turn;
  const made = beingMade(turn, "Launching");
  if (made !== undefined) return made;
  const { hash, window } = wanted;
  const known = record.launch;
  const isKnown =
    known?.specHash === hash &&
    known.generation === generation &&
    known.replaces === replaces &&
    samePlace(known, place);
  if (known !== undefined && isKnown) {
    const there = waits(turn, "Launching", `The job of ${window} is launched in ${place.projectId}, ${place.region}.`);
    return { ...there, action: { kind: "launch", intent: known } };
  }
  const intent: LaunchIntent = {
    requestId: `${hash}-${window}-${now.toString(36)}`,
    time: timeText(now),
    specHash: hash,
    projectId: place.projectId,
    region: place.region,
    generation,
    ...(replaces !== undefined && { replaces }),
    ...(rewindTo !== undefined && { rewindTo: timeText(rewindTo) }),
  };
  const message = `The job of ${window} is about to be launched in ${place.projectId}, ${place.region}.`;
  const verdict = { kind: "waiting", reason: "Launching", message, afterMs: 0 } as const;
  return { record: { ...record, launch: intent }, verdict };
}

function updating(turn: Turn, next: Job, old: Job): JobDecision {
  const message = `Job ${old.id} of ${turn.wanted.window} goes on until job ${next.id}, which takes over, runs.`;
  return waits({ ...turn, record: { ...named(turn.record, old), state: "Updating" } }, "Updating", message);
}

function refused(turn: Turn, old: Job, why: string): JobDecision {
  const { record, wanted } = turn;
  const message =
    `Dataflow refused to update job ${old.name}, and job ${old.id} goes on by the last spec that it took. ` +
    "Pollers go by this one: quotes of a symbol that the job does not know go to the dead letter. " +
    `Change the spec, or write updatePolicy: DrainThenStart. ${why}`;
  const verdict = { kind: "stalled", reason: "UpdateRejected", message, ...failedIn(turn) } as const;
  if (record.maxWorkers === wanted.maxWorkers) return { record, verdict };
  return { record: { ...record, maxWorkers: wanted.maxWorkers }, action: { kind: "resize", job: old }, verdict };
}

function failedIn({ jobs, record }: Turn): { readonly job?: Job } {
  const job = jobs.find(({ id }) => id === record.failures?.jobId);
  return job === undefined ? {} : { job };
}

/** Tells a job its bounds, where it was told others; undefined where it has them. */
function resized({ wanted, record }: Turn, job: Job): JobDecision | undefined {
  const { maxWorkers } = wanted;
  if (record.maxWorkers === maxWorkers) return undefined;
  return { record: { ...record, maxWorkers }, action: { kind: "resize", job }, verdict: { kind: "running" } };
}

/** Something else is about to take over: what serves goes on as it is. */
function stay(turn: Turn): JobDecision {
  const { jobs, record } = turn;
  const job = jobs.find(isActive);
  if (job === undefined) return unseen(turn) ?? { record: undefined, verdict: { kind: "off" } };
  return { record: { ...named(record, job), state: job.state }, verdict: { kind: "running" } };
}

/** The record of a feed whose window this job computes. */
function named(record: JobRecord, job: Job): JobRecord {
  const { id: jobId, projectId, region, labels } = job;
  const specHash = labels[SPEC_LABEL] ?? record.specHash;
  return { ...record, specHash, jobId, projectId, region, generation: generationOf(job) };
}
