/**
 * The jobs of one project and region, listed once an interval for all who ask.
 *
 * - Callers that come while a listing is under way share it. One that failed is told for as long as it took to fail: in an
 *   outage half of the time nobody waits, and after a failure that came at once the next caller lists again.
 * - What was written through this process shows at once, also on a listing that was under way, and on later ones too
 *   until they have it: a new job is missing from Dataflow's lists for a while.
 * - A job that was launched here has the labels that it was launched with, also while Dataflow does not tell them yet.
 * - `forget` makes the next caller list anew, whatever is under way: a launch that failed may have gone through.
 */
import type { Job } from "../../job-ports.ts";
import { isBeingMade } from "./job-of.ts";

/** How long a job that was launched here is asked for by itself where a list lacks it. */
const LIST_LAG_MS = 120_000;
/** A failure that took as long held up those who waited for it. */
const SLOW_MS = 1_000;

/**
 * Reads every job of the place.
 * @param launched jobs that were launched here; those that no list shows yet are asked for by themselves
 */
export type PlaceReader = (launched: readonly Job[]) => Promise<Map<string, Job>>;

interface UnderWay {
  readonly result: Promise<Map<string, Job>>;
  readonly writes: Job[];
  isStale: boolean;
}

export class PlaceListing {
  readonly #reader: PlaceReader;
  readonly #intervalMs: number;
  readonly #now: () => number;
  readonly #launched = new Map<string, { readonly job: Job; readonly at: number }>();
  #jobs: Map<string, Job> | undefined;
  #freshUntil = -Infinity;
  #underWay: UnderWay | undefined;
  #failure: { readonly error: unknown; readonly until: number } | undefined;

  /** @param now milliseconds that only grow */
  constructor(reader: PlaceReader, intervalMs: number, now: () => number) {
    this.#reader = reader;
    this.#intervalMs = intervalMs;
    this.#now = now;
  }

  /** Every job by its ID; not to be changed but through `write`. Rejects with what the reader rejects with. */
  async get(): Promise<ReadonlyMap<string, Job>> {
    if (this.#jobs !== undefined && this.#now() < this.#freshUntil) return this.#jobs;
    if (this.#failure !== undefined && this.#now() < this.#failure.until) throw this.#failure.error;
    if (this.#underWay?.isStale === true) await this.#underWay.result.catch(() => undefined);
    this.#underWay ??= this.#begin();
    return this.#underWay.result;
  }

  /** Notes a job as it is after a write. */
  write(job: Job): void {
    this.#jobs?.set(job.id, job);
    this.#underWay?.writes.push(job);
  }

  /** Notes a job that was just launched. */
  add(job: Job): void {
    this.#launched.set(job.id, { job, at: this.#now() });
    this.write(job);
  }

  /** Lists anew for who asks next. */
  forget(): void {
    this.#freshUntil = -Infinity;
    this.#failure = undefined;
    if (this.#underWay !== undefined) this.#underWay.isStale = true;
  }

  #begin(): UnderWay {
    const startedAt = this.#now();
    const marks = { writes: [] as Job[], isStale: false };
    const result = this.#read()
      .then((jobs) => {
        for (const job of marks.writes) jobs.set(job.id, job);
        this.#jobs = jobs;
        this.#freshUntil = marks.isStale ? -Infinity : startedAt + this.#intervalMs;
        return jobs;
      })
      .catch((error: unknown) => {
        const now = this.#now();
        const isSlow = now - startedAt >= SLOW_MS;
        this.#failure = isSlow && !marks.isStale ? { error, until: now + (now - startedAt) } : undefined;
        throw error;
      })
      .finally(() => {
        this.#underWay = undefined;
      });
    return Object.assign(marks, { result });
  }

  async #read(): Promise<Map<string, Job>> {
    const isRecent = ({ at }: { readonly at: number }) => this.#now() - at <= LIST_LAG_MS;
    const jobs = await this.#reader([...this.#launched.values()].filter(isRecent).map(({ job }) => job));
    for (const [id, launched] of this.#launched) {
      const found = jobs.get(id);
      if (found === undefined || (!isBeingMade(found) && found.unread === undefined)) {
        if (!isRecent(launched)) this.#launched.delete(id);
      }
      if (found !== undefined) jobs.set(id, asLaunched(found, launched.job));
    }
    return jobs;
  }
}

/** With the labels that it was launched with, which are known also where it can't be read. */
function asLaunched(job: Job, { labels }: Job): Job {
  const known = { ...job, labels: { ...labels, ...job.labels } };
  Reflect.deleteProperty(known, "unread");
  return known;
}
