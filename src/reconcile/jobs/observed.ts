import type { Job } from "../../job-ports.ts";
import type { EpochMs } from "../../quotes/quote.ts";
import {
  isActive,
  isServing,
  type JobRecord,
  REPLACES_LABEL,
  REQUEST_LABEL,
  SPEC_LABEL,
  takesOverFrom,
  timeOf,
  timeText,
  without,
} from "./job-record.ts";
import type { WantedJob } from "./wanted-job.ts";

/** A job that has run for so long has caught up with what it had to read again, and what failed before it is forgotten. */
const HEALTHY_MS = 600_000;
/** Longer than a job may wait for its machines: Dataflow gives up one of which none works for an hour. */
const QUEUE_MS = 2 * 3_600_000;
/** As much as the status has of why an update was refused. */
const LONGEST_REASON = 500;
/** What topics and subscriptions keep. */
export const RETENTION_MS = 7 * 24 * 3_600_000;

/**
 * What was remembered, with what the list tells since: which job failed or was refused, from when quotes have to be read
 * again, which launch is over. Pure; told the same twice, it says the same.
 * @param jobs newest first
 */
export function observed(
  wanted: WantedJob,
  jobs: readonly Job[],
  before: JobRecord | undefined,
  now: EpochMs,
): JobRecord {
  const { window, hash: wantedHash, specGeneration } = wanted;
  const empty: JobRecord = { window, engine: "Dataflow", state: "Starting", specHash: "", wantedHash, specGeneration };
  const known = triedAnew(wanted, jobs, before ?? empty);
  return withRewind(
    wanted,
    jobs,
    withFailure(wanted, jobs, healed(wanted, jobs, withoutOverLaunch(jobs, known), now)),
    now,
  );
}

/** Another spec tries again at once: what failed before is not counted. */
function triedAnew(wanted: WantedJob, [newest]: readonly Job[], record: JobRecord): JobRecord {
  const { hash: wantedHash, specGeneration } = wanted;
  if (record.wantedHash === wantedHash && record.specGeneration === specGeneration) return record;
  const { failures, ...rest } = without(record, "refused");
  const jobId = newest?.state === "Failed" ? newest.id : failures?.jobId;
  const counted = jobId === undefined ? {} : { failures: { count: 0, jobId, time: failures?.time ?? "" } };
  return { ...rest, ...counted, wantedHash, specGeneration };
}

/** A launch whose job is over is done with; the next is another request. */
function withoutOverLaunch(jobs: readonly Job[], record: JobRecord): JobRecord {
  const launched = jobs.find((job) => job.labels[REQUEST_LABEL] === record.launch?.requestId);
  if (record.launch === undefined || launched === undefined || isActive(launched)) return record;
  return without(record, "launch");
}

function healed(wanted: WantedJob, jobs: readonly Job[], record: JobRecord, now: EpochMs): JobRecord {
  const current = jobs.find(({ id }) => id === record.jobId);
  if (current?.state !== "Running" || now - current.stateSince < HEALTHY_MS) return record;
  const isAsWanted = current.labels[SPEC_LABEL] === wanted.hash;
  return isAsWanted ? without(record, "rewindTo", "failures") : without(record, "rewindTo");
}

/** The newest job, where it failed and was not counted yet: an update that was refused, or a failure. */
function withFailure(wanted: WantedJob, jobs: readonly Job[], record: JobRecord): JobRecord {
  const [newest] = jobs;
  if (newest?.state !== "Failed" || newest.id === record.failures?.jobId) return record;
  const isOfSpec = newest.labels[SPEC_LABEL] === wanted.hash;
  const refused = jobs.some((job) => takesOverFrom(newest, job) && isServing(job));
  const count = (record.failures?.count ?? 0) + (isOfSpec && !refused ? 1 : 0);
  const failures = { count, jobId: newest.id, time: timeText(newest.stateSince) };
  if (!isOfSpec || !refused) return { ...record, failures };
  return { ...asRefused(record, `Job ${newest.id}, which was to take over, failed.`), failures };
}

/** An update was refused: the old job goes on, with the workers that it was told before. */
export function asRefused(record: JobRecord, why: string): JobRecord {
  return { ...without(record, "launch", "maxWorkers"), refused: why.slice(0, LONGEST_REASON) };
}

/** The end of the job that computed tells from when the next one has to read. */
function withRewind(wanted: WantedJob, jobs: readonly Job[], record: JobRecord, now: EpochMs): JobRecord {
  const { jobId } = record;
  if (jobId === undefined) {
    const from = record.rewindTo === undefined ? forgotten(wanted, jobs) : undefined;
    return from === undefined ? record : rewound(record, from - wanted.rewindMs);
  }
  const current = jobs.find(({ id }) => id === jobId);
  if (current === undefined) {
    return record.rewindTo === undefined ? rewound(record, now - RETENTION_MS) : record;
  }
  // What took over from it reads on.
  if (isServing(current) || current.state === "Updated") return record;
  if (current.state !== "Draining" && record.rewindTo !== undefined) return record;
  return rewound(record, readUntil(current, wanted) - wanted.rewindMs);
}

/** When a job stopped reading; of one that is over that was not seen, but a drain takes no longer than its timeout. */
function readUntil({ state, stateSince }: Job, { drainTimeoutMs }: WantedJob): EpochMs {
  return state === "Draining" ? stateSince : stateSince - drainTimeoutMs;
}

/**
 * From when quotes may be missing where nothing is remembered of the jobs that are listed: the resolution was taken out of
 * the spec, with its subscription, and put back, or a status was lost. A job may have ended that never ran, or had not
 * caught up, so it is the end of the last that surely had; where none had, the first one's beginning. Too far back costs
 * only reading again. Where the embedded engine has computed since, nothing is missing.
 */
function forgotten(wanted: WantedJob, jobs: readonly Job[]): EpochMs | undefined {
  if (wanted.hasEngine || jobs.some(isServing)) return undefined;
  const began = new Map<string, EpochMs>();
  let from: EpochMs | undefined;
  for (const job of jobs.toReversed()) {
    from ??= job.createdAt;
    const beganAt = began.get(job.labels[REPLACES_LABEL] ?? "") ?? job.createdAt;
    began.set(job.id, beganAt);
    if (hadCaughtUp(job, beganAt, from, wanted)) from = Math.max(from, readUntil(job, wanted));
  }
  return from;
}

/**
 * Whether a job had surely caught up by its end: it was drained, or updated, which none is that never ran, and it was there
 * for as long as it may wait for machines, and then for as long again as it was behind when it began. Caveat: this takes it
 * to read at least twice as fast as quotes come. One that doesn't is behind in its subscription, where that is still there.
 * @param beganAt when it was made, or the first of those whose reading it went on with
 * @param from from when quotes may have been missing then
 */
function hadCaughtUp({ state, stateSince }: Job, beganAt: EpochMs, from: EpochMs, wanted: WantedJob): boolean {
  const ran = state === "Draining" || state === "Drained" || state === "Updated";
  const behindMs = QUEUE_MS + beganAt - (from - wanted.rewindMs);
  return ran && stateSince - beganAt >= QUEUE_MS + behindMs + wanted.drainTimeoutMs;
}

/** With a rewind to this time, or to the earlier one that it has. */
export function rewound(record: JobRecord, to: EpochMs): JobRecord {
  return { ...record, rewindTo: timeText(Math.min(to, timeOf(record.rewindTo) ?? to)) };
}
