/**
 * From where a job that takes another's place has to read, by what that one really took in.
 *
 * When a job ended says how far it may have got, not how far it got: one that lagged leaves messages behind, and a rewind
 * to its end would acknowledge them unread. A job acknowledges what it has stored, so all that was published before the
 * oldest message that still waits in its subscription is in its windows. Those that were open then it wrote in part, or,
 * cancelled, not at all; they are made whole by reading from as far before that message as before a predecessor's end.
 *
 * Looked at once, as a launch is decided: nothing reads the subscription between that and the launch but a job that
 * computes beside it, which only gets further. Too far back costs nothing but reading again.
 */
import type { EpochMs } from "../../quotes/quote.ts";
import { jobSubscription } from "../../plan/names.ts";
import type { ValidRun } from "../run.ts";
import { generationOf, type JobRecord, timeOf, timeText, WINDOW_LABEL } from "./job-record.ts";
import { rewindMs, windowOf } from "./job-spec.ts";
import { RETENTION_MS, rewound } from "./observed.ts";
import type { JobSurvey } from "./survey.ts";

/**
 * The record, with a launch that begins to read no later than where its predecessors stopped.
 * @param record with a launch that was just decided
 * @throws MessagingError
 */
export async function behindBacklog(run: ValidRun, survey: JobSurvey, record: JobRecord): Promise<JobRecord> {
  const { launch, window } = record;
  const spec = windowOf(run.feed, window);
  const rewindTo = timeOf(launch?.rewindTo);
  if (launch === undefined || spec === undefined || rewindTo === undefined) return record;
  const upTo = await acknowledgedUpTo(run, survey, record);
  const from = Math.max(upTo - rewindMs(spec), run.now - RETENTION_MS);
  if (from >= rewindTo) return record;
  return { ...rewound(record, from), launch: { ...launch, rewindTo: timeText(from) } };
}

/** Up to when all was taken in by jobs that have read so far; Infinity where none is known. */
async function acknowledgedUpTo({ feed, ports }: ValidRun, survey: JobSurvey, record: JobRecord): Promise<EpochMs> {
  const { window, jobId, generation } = record;
  const jobs = survey.own.filter(({ labels }) => labels[WINDOW_LABEL] === window);
  const generations = new Set(jobs.map(generationOf));
  if (jobId !== undefined && generation !== undefined) generations.add(generation);
  const told = [...generations].map((each) =>
    ports.messaging.acknowledgedUpTo(feed.spec.pubsub.projectId, jobSubscription(feed, window, each)),
  );
  return Math.min(...(await Promise.all(told)).map((time) => time ?? Infinity), Infinity);
}
