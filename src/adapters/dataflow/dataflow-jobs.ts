/**
 * Dataflow's jobs for the controller, in any number of projects and regions.
 *
 * - Reading costs one paged list a place and interval, whatever the number of feeds, and a call or two in a job's life.
 * - No call is retried in here, and each ends within its limit: the controller comes back by itself, with a backoff. Of a
 *   place that does not answer a reconcile hears within the limit of one list and one more call.
 * - Who leads no more writes nothing: each call that writes asks the fence first, staging too.
 * - A launch is the same launch for the same request ID; a template's, which has none, is refused where a job of the name
 *   runs, or, of an update, where its job has been replaced. What is staged lies under a name made of its content.
 * - Google's clients and Cloud Storage's are loaded by the first call, so an operator without jobs does not pay for them.
 *
 * Caveat: a launch that failed may have gone through. The list is read anew after it, and shows the job if it runs.
 */
import { ClusterError } from "../../controller-ports.ts";
import { type Job, type JobLaunch, type JobPipeline, type JobPlace, type Jobs, JobsError } from "../../job-ports.ts";
import { apiFault } from "./api-fault.ts";
import type { ApiJob, DataflowCalls } from "./dataflow-calls.ts";
import { fencedCalls, fencedStaging } from "./fenced-calls.ts";
import { isOver, jobOf } from "./job-of.ts";
import { jobRequest } from "./job-request.ts";
import { type Attempt, jobsError, stagingError } from "./jobs-error.ts";
import { PlaceListing } from "./place-listing.ts";
import { placeReader } from "./place-reader.ts";
import { environmentsOf } from "./portable-environments.ts";
import { type Staging, stagedUri } from "./staging.ts";
import { templateRequest } from "./template-request.ts";

export interface DataflowJobsOptions {
  /** Made when they are needed first, and again where that failed. */
  readonly calls: () => Promise<DataflowCalls>;
  readonly staging: () => Promise<Staging>;
  /** The graph, as a serialised `org.apache.beam.model.pipeline.v1.Pipeline`. */
  readonly buildPipeline: (pipeline: JobPipeline, workerImage: string) => Promise<Uint8Array>;
  /** The same as Beam YAML. */
  readonly buildYaml: (pipeline: JobPipeline) => string;
  /** Asked before each call that writes; throws a ClusterError (NotLeader) where another leads. */
  readonly fence?: () => void;
  /** Hears of a place whose jobs can't be listed, once as that begins and once as it is over, with how long it took. */
  readonly onListing?: (place: JobPlace, trouble: JobsError | { readonly overAfterMs: number }) => void;
  /** How long a listing serves; a minute by default. */
  readonly listIntervalMs?: number;
  /** Milliseconds that only grow; those of the process by default. */
  readonly now?: () => number;
  /** The time of day; the machine's by default. */
  readonly clock?: () => number;
}

const LIST_INTERVAL_MS = 60_000;
/** Messages are listed oldest first; a job that says more than so many pages of errors has said it all. */
const MOST_PAGES = 20;
const MOST_ERRORS = 10;
/** Of how many jobs that are over errors are kept. */
const MOST_KEPT = 500;

/** Dataflow's jobs as a port. */
export function dataflowJobs(options: DataflowJobsOptions): Jobs & { close(): Promise<void> } {
  return new DataflowJobs(options);
}

class DataflowJobs implements Jobs {
  readonly #options: DataflowJobsOptions;
  readonly #calls: () => Promise<DataflowCalls>;
  readonly #staging: () => Promise<Staging>;
  readonly #places = new Map<string, PlaceListing>();
  /** Since when a listing fails, by it. */
  readonly #failing = new Map<PlaceListing, number>();
  /** Of jobs that are over, oldest first. */
  readonly #errors = new Map<string, { readonly errors: readonly string[]; readonly until: number }>();
  readonly #uptime: () => number;
  readonly #listIntervalMs: number;
  #opened: Promise<DataflowCalls> | undefined;

  constructor(options: DataflowJobsOptions) {
    const { fence = () => undefined, now = () => performance.now(), listIntervalMs = LIST_INTERVAL_MS } = options;
    this.#uptime = now;
    this.#listIntervalMs = listIntervalMs;
    this.#options = options;
    this.#calls = once(async () => {
      this.#opened = options.calls();
      return fencedCalls(await this.#opened, fence);
    });
    this.#staging = once(async () => fencedStaging(await options.staging(), fence));
  }

  async list(place: JobPlace): Promise<readonly Job[]> {
    const attempt = { place, action: "list its jobs" };
    const listing = this.#listing(place);
    try {
      const jobs = await this.#try(attempt, () => listing.get());
      this.#tellListed(place, listing);
      return [...jobs.values()];
    } catch (error) {
      if (error instanceof JobsError) this.#tellFailed(place, listing, error);
      throw error;
    }
  }

  async launch(launch: JobLaunch): Promise<Job> {
    const place = placeOf(launch);
    const { name, serviceAccountEmail } = launch;
    const attempt = { place, action: `launch the job ${name}`, serviceAccountEmail };
    const wanted = await this.#prepare(launch, attempt);
    const listing = this.#listing(place);
    try {
      const made = await this.#try(attempt, async () => wanted(await this.#calls()));
      assertOwn(made, launch, attempt);
      const job = { ...jobOf(place, made), name, labels: launch.labels };
      listing.add(job);
      return job;
    } catch (error) {
      listing.forget();
      throw error;
    }
  }

  async stop(job: Job, how: "drain" | "cancel"): Promise<void> {
    if (isOver(job)) return;
    const place = placeOf(job);
    const attempt = { place, action: `${how} the job ${job.name} (${job.id})` };
    const requestedState = how === "drain" ? "JOB_STATE_DRAINED" : "JOB_STATE_CANCELLED";
    await this.#try(attempt, async () => {
      const calls = await this.#calls();
      try {
        await calls.update(place, job.id, { requestedState });
        const state = how === "drain" ? "Draining" : "Cancelling";
        this.#listing(place).write({ ...job, state, stateSince: this.#now() });
      } catch (error) {
        // Refused perhaps since it has ended by itself, or is gone from Dataflow's memory.
        if ((apiFault(error).status ?? 500) >= 500) throw error;
        const now = await this.#find(calls, job);
        if (now === undefined || !isOver(now)) {
          if (apiFault(error).status === 404) return;
          throw error;
        }
        this.#listing(place).write({ ...job, state: now.state, stateSince: now.stateSince });
      }
    });
  }

  async setWorkers(job: Job, { min, max }: { readonly min: number; readonly max: number }): Promise<void> {
    const place = placeOf(job);
    const attempt = { place, action: `give the job ${job.name} (${job.id}) ${min} to ${max} workers` };
    const runtimeUpdatableParams = { minNumWorkers: min, maxNumWorkers: max };
    const paths = ["runtime_updatable_params.min_num_workers", "runtime_updatable_params.max_num_workers"];
    await this.#try(attempt, async () =>
      (await this.#calls()).update(place, job.id, { runtimeUpdatableParams }, paths),
    );
  }

  async errorsOf(job: Job): Promise<readonly string[]> {
    const known = this.#errors.get(job.id);
    if (known !== undefined && this.#uptime() < known.until) return known.errors;
    const errors = await this.#readErrors(job);
    if (!isOver(job)) return errors;
    // A job that is over says no more; but its last words may come behind its state.
    this.#errors.set(job.id, { errors, until: errors.length > 0 ? Infinity : this.#uptime() + this.#listIntervalMs });
    for (const oldest of this.#errors.keys()) {
      if (this.#errors.size <= MOST_KEPT) break;
      this.#errors.delete(oldest);
    }
    return errors;
  }

  #readErrors(job: Job): Promise<readonly string[]> {
    const place = placeOf(job);
    return this.#try({ place, action: `show the messages of the job ${job.name} (${job.id})` }, async () => {
      const calls = await this.#calls();
      const newest: string[] = [];
      let token: string | undefined;
      for (let page = 0; page < MOST_PAGES; page++) {
        const { items, next } = await calls.errors(place, job.id, token);
        newest.push(...items.map(({ messageText }) => messageText ?? ""));
        newest.splice(0, Math.max(0, newest.length - MOST_ERRORS));
        if (next === undefined) break;
        token = next;
      }
      return newest.reverse();
    });
  }

  /** Closes the connections. */
  async close(): Promise<void> {
    await (await this.#opened?.catch(() => undefined))?.close();
  }

  /** Stages what the job is made from; what then creates it. */
  async #prepare(launch: JobLaunch, attempt: Attempt): Promise<(calls: DataflowCalls) => Promise<ApiJob>> {
    const { pipeline, workerImage, tempLocation } = launch;
    const place = attempt.place;
    if (pipeline.template === "BeamYaml") {
      const yaml = Buffer.from(this.#options.buildYaml(pipeline));
      const request = templateRequest(launch, await this.#stage(tempLocation, "pipeline.yaml", yaml, attempt));
      return async (calls) => {
        await assertNotReplaced(calls, launch, attempt);
        return calls.launchTemplate(place, request);
      };
    }
    const proto = await this.#options.buildPipeline(pipeline, workerImage);
    const environments = environmentsOf(proto);
    const pipelineUrl = await this.#stage(tempLocation, "pipeline.pb", proto, attempt);
    const request = jobRequest(launch, { pipelineUrl, environments });
    return (calls) => calls.create(place, request);
  }

  async #stage(tempLocation: string, name: string, content: Uint8Array, attempt: Attempt): Promise<string> {
    const uri = stagedUri(tempLocation, name, content);
    try {
      await (await this.#staging()).put(uri, content);
    } catch (error) {
      throw error instanceof ClusterError ? error : stagingError(error, uri, attempt);
    }
    return uri;
  }

  async #find(calls: DataflowCalls, job: Job): Promise<Job | undefined> {
    try {
      return jobOf(placeOf(job), await calls.get(placeOf(job), job.id));
    } catch (error) {
      if (apiFault(error).status === 404) return undefined;
      throw error;
    }
  }

  async #try<T>(attempt: Attempt, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw error instanceof JobsError || error instanceof ClusterError ? error : jobsError(error, attempt);
    }
  }

  #tellFailed(place: JobPlace, listing: PlaceListing, error: JobsError): void {
    if (this.#failing.has(listing)) return;
    this.#failing.set(listing, this.#uptime());
    this.#options.onListing?.(place, error);
  }

  #tellListed(place: JobPlace, listing: PlaceListing): void {
    const since = this.#failing.get(listing);
    if (since === undefined) return;
    this.#failing.delete(listing);
    this.#options.onListing?.(place, { overAfterMs: this.#uptime() - since });
  }

  #listing(place: JobPlace): PlaceListing {
    const key = `${place.projectId} ${place.region}`;
    const known = this.#places.get(key);
    if (known !== undefined) return known;
    const reader = placeReader(this.#calls, placeOf(place), { uptime: this.#uptime, now: () => this.#now() });
    const listing = new PlaceListing(reader, this.#listIntervalMs, this.#uptime);
    this.#places.set(key, listing);
    return listing;
  }

  #now(): number {
    return (this.#options.clock ?? Date.now)();
  }
}

/** A value that is made by the first who asks, and made anew where that failed. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make().catch((error: unknown) => {
      made = undefined;
      throw error;
    });
    return made;
  };
}

/** @throws JobsError where Dataflow answered with a job that runs already, by another request */
function assertOwn(made: ApiJob, { name, requestId }: JobLaunch, { place }: Attempt): void {
  const { clientRequestId } = made;
  if (!clientRequestId || clientRequestId === requestId) return;
  throw new JobsError(
    "AlreadyExists",
    `The job ${name} runs in project ${place.projectId}, ${place.region}, already, as ${made.id ?? ""}, by another launch.`,
  );
}

/**
 * A template's launch finds the job to update by its name, which its successor has too.
 * @throws JobsError where another has taken over from the job
 */
async function assertNotReplaced(calls: DataflowCalls, launch: JobLaunch, attempt: Attempt): Promise<void> {
  const { name, replaceJobId } = launch;
  const { place } = attempt;
  if (replaceJobId === undefined) return;
  const old = await calls.get(place, replaceJobId).catch((error: unknown) => {
    throw jobsError(error, attempt, true);
  });
  if (jobOf(place, old).state !== "Updated") return;
  throw new JobsError(
    "AlreadyExists",
    `Another job ${name} of project ${place.projectId}, ${place.region}, has taken over from ${replaceJobId} already.`,
  );
}

function placeOf({ projectId, region }: JobPlace): JobPlace {
  return { projectId, region };
}
