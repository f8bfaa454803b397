import type { Job } from "../../job-ports.ts";
import type { EpochMs } from "../../quotes/quote.ts";
import {
  isActive,
  isServing,
  type JobRecord,
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
/** As much as the status has of why an update was refused. */
const LONGEST_REASON = 500;
/** What topics and subscriptions keep. */
const RETENTION_MS = 7 * 24 * 3_600_000;

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
  const current = jobId === undefined ? forgotten(wanted, jobs) : jobs.find(({ id }) => id === jobId);
  if (current === undefined) {
    return jobId === undefined || record.rewindTo !== undefined ? record : rewound(record, now - RETENTION_MS);
  }
  // What took over from one that is remembered reads on; of one that is not, it may be what has not caught up.
  if (isServing(current) || (current.state === "Updated" && jobId !== undefined)) return record;
  const from = current.stateSince - wanted.rewindMs;
  if (current.state === "Draining") return rewound(record, from);
  // When it stopped reading was not seen; a drain takes no longer than its timeout.
  return record.rewindTo === undefined ? rewound(record, from - wanted.drainTimeoutMs) : record;
}

/**
 * The job from whose end quotes may be missing where nothing is remembered of it: its resolution was taken out of the spec
 * and put back, or a status was lost. A job may have ended that never ran, or had not caught up, so it is the first to end
 * since one had surely caught up: too far back costs only reading again. Where the embedded engine has computed since,
 * nothing is missing.
 */
function forgotten({ hasEngine }: WantedJob, jobs: readonly Job[]): Job | undefined {
  if (hasEngine || jobs.some(isServing)) return undefined;
  const last = jobs.findIndex(hadCaughtUp);
  const doubtful = last < 0 ? jobs : jobs.slice(0, last + 1);
  return doubtful.toSorted((one, other) => one.stateSince - other.stateSince)[0];
}

/** Whether a job had caught up by its end: none that never ran is drained, or updated. */
function hadCaughtUp({ state, createdAt, stateSince }: Job): boolean {
  const ran = state === "Draining" || state === "Drained" || state === "Updated";
  return ran && stateSince - createdAt >= HEALTHY_MS;
}

/** With a rewind to this time, or to the earlier one that it has. */
export function rewound(record: JobRecord, to: EpochMs): JobRecord {
  return { ...record, rewindTo: timeText(Math.min(to, timeOf(record.rewindTo) ?? to)) };
}
