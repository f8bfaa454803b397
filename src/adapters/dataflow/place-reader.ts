/**
 * Reads the jobs of a place. A list shows no labels, so a job of StockFeed's, told by its name, is asked for by itself: at
 * each list while it is being made, since a template's job has its labels only when the template has run, and once more
 * when it runs. https://cloud.google.com/dataflow/docs/reference/rest/v1b3/projects.locations.jobs/list
 *
 * - Jobs are asked for eight at a time, and none any more twenty seconds after the first, so that slow answers hold nobody
 *   up for minutes. Who was asked longest ago comes first, so that eight that never answer keep no other from its turn.
 * - A job that can't be read is shown without labels, with the reason; it is asked for again at the next list.
 * - Of other people's jobs those that are not over are shown, without labels: they count towards the project's quota.
 */
import { type Job, type JobPlace, JobsError } from "../../job-ports.ts";
import { inLanes } from "../../lanes/in-lanes.ts";
import { TurnOrder } from "../../lanes/turn-order.ts";
import { apiFault } from "./api-fault.ts";
import type { ApiJob, DataflowCalls } from "./dataflow-calls.ts";
import { isBeingMade, isOver, jobOf } from "./job-of.ts";
import { jobsError } from "./jobs-error.ts";
import type { PlaceReader } from "./place-listing.ts";

/** How every job's name of StockFeed's begins. */
const OWN_PREFIX = "stockfeed-";
/** How long a job is shown after its end: a week, after which nobody retries it. */
const KEEP_OVER_MS = 7 * 86_400_000;
/** Not after the listing began: where its pages take as long, no job's labels would ever be known. */
const ASKING_MS = 20_000;
const ASKED_AT_ONCE = 8;

interface ReaderClocks {
  /** Milliseconds that only grow. */
  readonly uptime: () => number;
  /** The time, against which a job's end is long past or not. */
  readonly now: () => number;
}

export function placeReader(
  calls: () => Promise<DataflowCalls>,
  place: JobPlace,
  { uptime, now }: ReaderClocks,
): PlaceReader {
  /** Of jobs that were read when they were no longer being made; labels don't change after that. */
  const labelsOf = new Map<string, Job["labels"]>();
  const order = new TurnOrder();

  const read = async (id: string): Promise<Job> => {
    order.note(id);
    const job = jobOf(place, await (await calls()).get(place, id));
    if (!isBeingMade(job)) labelsOf.set(id, job.labels);
    return job;
  };

  const complete = async (job: Job, hasTime: boolean): Promise<Job> => {
    if (!hasTime) return { ...job, unread: tookTooLong(job) };
    try {
      return { ...job, labels: (await read(job.id)).labels };
    } catch (error) {
      return { ...job, unread: jobsError(error, { place, action: `show the job ${job.name} (${job.id})` }) };
    }
  };

  /** One that no list shows yet; undefined where there is none. Where it can't be read it is as it was launched. */
  const find = async (launched: Job, hasTime: boolean): Promise<Job | undefined> => {
    if (!hasTime) return launched;
    try {
      return await read(launched.id);
    } catch (error) {
      return apiFault(error).status === 404 ? undefined : launched;
    }
  };

  return async (launched) => {
    const listed = (await allPages(await calls(), place)).map((job) => jobOf(place, job));
    const shown = listed.filter((job) =>
      isOwn(job) ? !isOver(job) || job.stateSince > now() - KEEP_OVER_MS : !isOver(job),
    );
    const jobs = new Map(shown.map((job) => [job.id, job]));
    const unknown = shown.filter((job) => isOwn(job) && !labelsOf.has(job.id));
    for (const [id, labels] of labelsOf) {
      const job = jobs.get(id);
      if (job === undefined) labelsOf.delete(id);
      else jobs.set(id, { ...job, labels });
    }
    const missing = launched.filter(({ id }) => !jobs.has(id));
    let firstAsked: number | undefined;
    await inLanes(
      order.of([...unknown, ...missing], ({ id }) => id),
      ASKED_AT_ONCE,
      async (job) => {
        firstAsked ??= uptime();
        const hasTime = uptime() - firstAsked < ASKING_MS;
        const whole = await (jobs.has(job.id) ? complete : find)(job, hasTime);
        if (whole !== undefined) jobs.set(job.id, whole);
      },
    );
    order.keep(jobs);
    return jobs;
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
