/**
 * Reads the jobs of a place. A list shows no labels, so a job of StockFeed's, told by its name, is asked for by itself: at
 * each list while it is being made, since a template's job has its labels only when the template has run, and once more
 * when it runs. https://cloud.google.com/dataflow/docs/reference/rest/v1b3/projects.locations.jobs/list
 *
 * A job that can't be read is shown without labels, with the reason; it is asked for again at the next list.
 *
 * Of other people's jobs those that are not over are shown, without labels: they count towards the project's quota.
 */
import { type Job, type JobPlace, JobsError } from "../../job-ports.ts";
import { inLanes } from "../../lanes/in-lanes.ts";
import { apiFault } from "./api-fault.ts";
import type { ApiJob, DataflowCalls } from "./dataflow-calls.ts";
import { isBeingMade, isOver, jobOf } from "./job-of.ts";
import { jobsError } from "./jobs-error.ts";
import { ASKED_AT_ONCE, type PlaceReader } from "./place-listing.ts";

/** How every job's name of StockFeed's begins. */
const OWN_PREFIX = "stockfeed-";
/** How long a job is shown after its end: a week, after which nobody retries it. */
const KEEP_OVER_MS = 7 * 86_400_000;

/** @param now the time, against which a job's end is long past or not */
export function placeReader(calls: () => Promise<DataflowCalls>, place: JobPlace, now: () => number): PlaceReader {
  /** Of jobs that were read when they were no longer being made; labels don't change after that. */
  const labelsOf = new Map<string, Job["labels"]>();

  const read = async (id: string): Promise<Job> => {
    const job = jobOf(place, await (await calls()).get(place, id));
    if (!isBeingMade(job)) labelsOf.set(id, job.labels);
    return job;
  };

  const complete = async (job: Job, hasTime: () => boolean): Promise<Job> => {
    const labels = labelsOf.get(job.id);
    if (labels !== undefined) return { ...job, labels };
    if (!hasTime()) return { ...job, unread: tookTooLong(job) };
    try {
      return { ...job, labels: (await read(job.id)).labels };
    } catch (error) {
      return { ...job, unread: jobsError(error, { place, action: `show the job ${job.name} (${job.id})` }) };
    }
  };

  return {
    list: async (hasTime) => {
      const listed = (await allPages(await calls(), place)).map((job) => jobOf(place, job));
      const shown = listed.filter((job) =>
        isOwn(job) ? !isOver(job) || job.stateSince > now() - KEEP_OVER_MS : !isOver(job),
      );
      const own = shown.filter(isOwn);
      const jobs = new Map(shown.filter((job) => !isOwn(job)).map((job) => [job.id, job]));
      const whole = await inLanes(own, ASKED_AT_ONCE, (job) => complete(job, hasTime));
      for (const job of whole) jobs.set(job.id, job);
      for (const id of labelsOf.keys()) if (!jobs.has(id)) labelsOf.delete(id);
      return jobs;
    },
    get: async (id) => {
      try {
        return await read(id);
      } catch (error) {
        if (apiFault(error).status === 404) return undefined;
        throw error;
      }
    },
  };
}

function tookTooLong({ projectId, region, name, id }: Job): JobsError {
  const why = "its answers before took too long. It is asked again at the next list";
  const what = `show the job ${name} (${id})`;
  return new JobsError("Unavailable", `Dataflow of project ${projectId}, ${region}, was not asked to ${what}: ${why}.`);
}

function isOwn({ name }: Pick<Job, "name">): boolean {
  return name.startsWith(OWN_PREFIX);
}

async function allPages(calls: DataflowCalls, place: JobPlace): Promise<ApiJob[]> {
  const all: ApiJob[] = [];
  let token: string | undefined;
  do {
    const { items, next } = await calls.list(place, token);
    for (const job of items) all.push(job);
    token = next;
  } while (token !== undefined);
  return all;
}
