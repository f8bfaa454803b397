import type { StockFeed } from "../../api/stockfeed.ts";
import type { Job, JobPlace } from "../../job-ports.ts";
import { cloudLabels, resolutionOfJob } from "../../plan/names.ts";
import { ownedBy } from "../cloud-diff.ts";
import type { FeedStatus } from "../status.ts";
import { generationOf, isActive, isStarting, type JobRecord, WINDOW_LABEL } from "./job-record.ts";

/** What Dataflow has, as one feed sees it. */
export interface JobSurvey {
  /** The feed's own jobs, over or not. */
  readonly own: readonly Job[];
  /** Jobs that are being made and may be the feed's by their names: Dataflow does not tell their labels yet. */
  readonly unnamed: readonly Job[];
  /** Other jobs, of everybody else, that are not over. */
  readonly others: readonly Job[];
  /** How many jobs are not over, by place; counted up as jobs are launched. */
  readonly active: Map<string, number>;
}

/** What was remembered of jobs, as the status has it. */
export function recordsOf({ pipelines = [] }: Pick<FeedStatus, "pipelines">): JobRecord[] {
  return pipelines.filter((pipeline) => pipeline.engine === "Dataflow");
}

/** Where a feed's jobs may be: where they are to go, and where they were seen or sent. */
export function placesOf(wanted: readonly JobPlace[], records: readonly JobRecord[]): JobPlace[] {
  const places = new Map(wanted.map((place) => [placeKey(place), place]));
  for (const { projectId, region, launch } of records) {
    if (projectId !== undefined && region !== undefined)
      places.set(placeKey({ projectId, region }), { projectId, region });
    if (launch !== undefined) places.set(placeKey(launch), { projectId: launch.projectId, region: launch.region });
  }
  return [...places.values()];
}

/**
 * What of all that is listed concerns a feed.
 * @param listed of each place
 * @param records what of jobs that are over is still counted on; none where they are let go
 * @throws JobsError where a job may be the feed's by its name, and could not be read; one that is over and that nothing
 * is remembered of holds up nothing
 */
export function surveyOf(
  listed: ReadonlyMap<string, readonly Job[]>,
  clusterId: string,
  feed: Pick<StockFeed, "metadata">,
  records: readonly JobRecord[],
): JobSurvey {
  const labels = cloudLabels(clusterId, feed);
  const jobs = [...listed.values()].flat();
  const mayBeOwn = (job: Job) => resolutionOfJob(feed, job.name) !== undefined;
  const matters = (job: Job) => isActive(job) || records.some(({ jobId }) => jobId === job.id);
  const unread = jobs.find((job) => job.unread !== undefined && mayBeOwn(job) && matters(job))?.unread;
  if (unread !== undefined) throw unread;
  const isUnnamed = (job: Job) => isStarting(job) && mayBeOwn(job) && Object.keys(ownerLabels(job)).length === 0;
  const isOwn = (job: Job) => ownedBy(labels, { labels: ownerLabels(job) });
  const active = [...listed].map(([place, all]) => [place, all.filter(isActive).length] as const);
  return {
    own: jobs.filter(isOwn),
    unnamed: jobs.filter(isUnnamed),
    others: jobs.filter((job) => isActive(job) && !isOwn(job) && !isUnnamed(job)),
    active: new Map(active),
  };
}

/** The windows that there is something to say of: those of the spec, then others that are remembered or have jobs. */
export function windowsOf(wanted: readonly string[], { own }: JobSurvey, records: readonly JobRecord[]): string[] {
  const active = own.filter(isActive).map(({ labels }) => labels[WINDOW_LABEL] ?? "");
  return [...new Set([...wanted, ...records.map(({ window }) => window), ...active])].filter((window) => window !== "");
}

/** Which subscriptions jobs read or are about to: of each window, by generation. */
export function readersOf(
  wanted: readonly string[],
  survey: JobSurvey | undefined,
  records: readonly JobRecord[],
): { readonly window: string; readonly generation: number }[] {
  const readers = new Map<string, { readonly window: string; readonly generation: number }>();
  const add = (window: string, generation: number) => readers.set(`${window} ${generation}`, { window, generation });
  for (const window of wanted) {
    const record = records.find((each) => each.window === window);
    add(window, record?.launch?.generation ?? record?.generation ?? 0);
  }
  for (const job of survey?.own ?? []) if (isActive(job)) add(job.labels[WINDOW_LABEL] ?? "", generationOf(job));
  return [...readers.values()].filter(({ window }) => window !== "");
}

export function placeKey({ projectId, region }: JobPlace): string {
  return `${projectId} ${region}`;
}

/** The labels that tell an owner; those of the window and the spec differ from job to job. */
function ownerLabels({ labels }: Job): Record<string, string> {
  const owners = ["stockfeed-cluster", "stockfeed-namespace", "stockfeed-name"];
  return Object.fromEntries(Object.entries(labels).filter(([label]) => owners.includes(label)));
}
