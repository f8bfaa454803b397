import { type Job, type JobLaunch, type JobPlace, type Jobs, JobsError, type JobState } from "../../src/job-ports.ts";

const OVER: readonly JobState[] = ["Drained", "Cancelled", "Failed", "Updated", "Done"];
const READING: readonly JobState[] = ["Queued", "Pending", "Stopped", "Running"];
const NEXT: Partial<Record<JobState, JobState>> = {
  Queued: "Running",
  Pending: "Running",
  Draining: "Drained",
  Cancelling: "Cancelled",
};

/** Dataflow's jobs in memory; they change their state when a test says so, or all at once by `work`. */
export class MemoryJobs implements Jobs {
  /** Most jobs that a project may run. */
  limit = 25;
  /** How long a new job is missing from lists, in milliseconds. */
  listLagMs = 0;
  /** Messages of errors, by job. */
  readonly errors = new Map<string, readonly string[]>();
  /** When a job stopped reading its subscription. */
  readonly readUntil = new Map<string, number>();
  /** Writes that were made, such as `launch x`. */
  readonly writes: string[] = [];
  /** Called before each call; what it throws is the call's answer. */
  fault: ((call: string) => void) | undefined;
  /** Called after each write has been made; what it throws is all that the caller sees. */
  afterWrite: ((write: string) => void) | undefined;
  readonly #jobs = new Map<string, Job>();
  readonly #launches = new Map<string, JobLaunch>();
  readonly #now: () => number;

  /** @param now the time that states are stamped with */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Every job there is, oldest first. */
  all(): readonly Job[] {
    return [...this.#jobs.values()];
  }

  /** What was asked for at the launch of a job. */
  launchOf(id: string): JobLaunch {
    const found = this.#launches.get(id);
    if (found === undefined) throw new Error(`nobody launched ${id}`);
    return found;
  }

  /** Puts a job into a state, as Dataflow or somebody else does; one that takes over has then taken over. */
  become(id: string, state: JobState): void {
    const job = this.#find(id);
    if (!READING.includes(state) && !this.readUntil.has(id)) this.readUntil.set(id, this.#now());
    this.#jobs.set(id, { ...job, state, stateSince: this.#now() });
    const old = this.#jobs.get(this.#launches.get(id)?.replaceJobId ?? "");
    if (state !== "Running" || old === undefined || OVER.includes(old.state)) return;
    this.readUntil.set(old.id, this.#now());
    this.#jobs.set(old.id, { ...old, state: "Updated", stateSince: this.#now() });
  }

  /** Adds somebody else's job. */
  put(job: Job): void {
    this.#jobs.set(job.id, job);
  }

  /** Moves every job on: what is to start runs, what is to end is over. Whether that changed anything. */
  work(): boolean {
    const due = this.all().filter(({ state }) => NEXT[state] !== undefined);
    for (const { id, state } of due) this.become(id, NEXT[state] ?? state);
    return due.length > 0;
  }

  async list(place: JobPlace): Promise<readonly Job[]> {
    await this.#call(`list ${place.projectId}`);
    return this.#of(place).filter(({ createdAt }) => createdAt <= this.#now() - this.listLagMs);
  }

  async launch(wanted: JobLaunch): Promise<Job> {
    let id = "";
    await this.#write(`launch ${wanted.name}`, () => {
      id = this.#launch(wanted);
    });
    return this.#find(id);
  }

  stop({ id, name }: Job, how: "drain" | "cancel"): Promise<void> {
    return this.#write(`${how} ${name}`, () => {
      const { state } = this.#find(id);
      if (OVER.includes(state) || state === "Cancelling" || (how === "drain" && state === "Draining")) return;
      if (how === "drain" && state !== "Running") throw new JobsError("Invalid", `${name} does not run yet`);
      this.become(id, how === "drain" ? "Draining" : "Cancelling");
    });
  }

  setWorkers({ id, name }: Job, { max }: { readonly max: number }): Promise<void> {
    return this.#write(`resize ${name} to ${max}`, () => {
      if (this.#find(id).state !== "Running") throw new JobsError("Invalid", `${name} does not run`);
    });
  }

  async errorsOf({ id }: Job): Promise<readonly string[]> {
    await this.#call(`errors ${id}`);
    return this.errors.get(id) ?? [];
  }

  async #call(name: string): Promise<void> {
    await Promise.resolve();
    this.fault?.(name);
  }

  async #write(name: string, work: () => void): Promise<void> {
    await this.#call(name);
    work();
    this.writes.push(name);
    this.afterWrite?.(name);
  }

  #of({ projectId, region }: JobPlace): Job[] {
    return this.all().filter((job) => job.projectId === projectId && job.region === region);
  }

  #find(id: string): Job {
    const job = this.#jobs.get(id);
    if (job === undefined) throw new JobsError("NotFound", `no job ${id}`);
    return job;
  }

  #launch(wanted: JobLaunch): string {
    // Google's launch of a template takes no request ID.
    const knowsRequests = wanted.pipeline.template !== "BeamYaml";
    const repeated = [...this.#launches].find(([, { requestId }]) => requestId === wanted.requestId);
    if (knowsRequests && repeated !== undefined) return repeated[0];
    const { projectId, region, name, labels, replaceJobId } = wanted;
    if (replaceJobId === undefined) {
      const isTaken = this.#activeIn(wanted).some((job) => job.name === name);
      if (isTaken) throw new JobsError("AlreadyExists", `a job ${name} runs`);
    } else {
      // A template's launch finds the job by its name.
      const named = this.#of(wanted).find((job) => job.name === name && job.state === "Running");
      const old = knowsRequests ? this.#find(replaceJobId) : named;
      if (old?.state !== "Running" || old.name !== name) throw new JobsError("Invalid", `${name} can't be replaced`);
    }
    this.#admit(wanted);
    const [id, at] = [`job-${this.#jobs.size + 1}`, this.#now()];
    this.#jobs.set(id, {
      projectId,
      region,
      id,
      name,
      labels,
      state: "Pending",
      createdAt: at,
      stateSince: at,
    });
    this.#launches.set(id, wanted);
    return id;
  }

  /** One that replaces another counts beside it, as far as anybody knows: both are there for a while. */
  #admit(wanted: JobLaunch): void {
    const { length } = this.#activeIn(wanted);
    if (length >= this.limit) throw new JobsError("Quota", `project ${wanted.projectId} runs ${length} jobs`);
  }

  #activeIn(place: JobPlace): Job[] {
    return this.#of(place).filter(({ state }) => !OVER.includes(state));
  }
}
