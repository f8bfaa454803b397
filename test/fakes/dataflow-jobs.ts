/**
 * Jobs as Dataflow keeps them, without its wire: states and the ways between them, each after a delay.
 *
 * - QUEUED → PENDING → RUNNING; RUNNING → DRAINING → DRAINED; anything that is not over → CANCELLING → CANCELLED.
 * - A job that replaces another is PENDING beside it; then the old one is UPDATED and the new one RUNNING, or the new one
 *   is FAILED and the old one goes on.
 * - A job that replaces another counts against the quota beside it. Google's pages don't say whether it does; they say that
 *   both are there for a while, and what refuses more is the harder case for who updates.
 * - A delay counts from the step before. A step that is due is taken when somebody looks; one with an infinite delay
 *   waits for `advance`.
 *
 * Caveat: what the service does with data, and for how long, is not here. https://cloud.google.com/dataflow/docs
 */
import type { RestJob, RestJobState, RestMessage } from "./dataflow-format.ts";

/** Milliseconds that each step takes; none by default, which is at the next look. */
export interface JobDelays {
  /** From QUEUED to PENDING, of a template's job. */
  queue?: number;
  /** From PENDING to RUNNING. */
  start?: number;
  /** From PENDING to RUNNING of a job that replaces another. */
  update?: number;
  drain?: number;
  cancel?: number;
}

/** An error as Google's APIs answer. */
export class RestError extends Error {
  readonly code: number;
  readonly status: string;

  constructor(code: number, status: string, message: string) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

/** How a job that is about to run ends instead. */
interface Outcome {
  readonly message: string;
}

interface Held {
  job: RestJob;
  readonly messages: RestMessage[];
  next?: { readonly state: RestJobState; readonly at: number; readonly fail?: Outcome };
}

const OVER: ReadonlySet<RestJobState> = new Set([
  "JOB_STATE_DONE",
  "JOB_STATE_FAILED",
  "JOB_STATE_CANCELLED",
  "JOB_STATE_UPDATED",
  "JOB_STATE_DRAINED",
]);

export class DataflowJobs {
  readonly delays: JobDelays = {};
  /** Jobs that a project may run at once. */
  jobQuota = 25;
  readonly #held = new Map<string, Held>();
  readonly #now: () => number;
  readonly #onChange: (job: RestJob) => void;
  readonly #failures: Outcome[] = [];
  readonly #rejections: Outcome[] = [];
  #made = 0;

  /** @param onChange hears of every state that a job comes into */
  constructor(now: () => number, onChange: (job: RestJob) => void) {
    this.#now = now;
    this.#onChange = onChange;
  }

  /** Everything, oldest first, after the steps that are due. */
  all(): RestJob[] {
    this.settle();
    return [...this.#held.values()].map(({ job }) => job);
  }

  /** @throws RestError 404 */
  get(id: string): RestJob {
    this.settle();
    return this.#find(id).job;
  }

  /** Oldest first. */
  messagesOf(id: string): readonly RestMessage[] {
    this.settle();
    return this.#find(id).messages;
  }

  /** The job of this name that is not over, and not being replaced by another. */
  active(projectId: string, location: string, name: string): RestJob | undefined {
    return this.all().find(
      (job) =>
        job.projectId === projectId && job.location === location && job.name === name && !OVER.has(job.currentState),
    );
  }

  /** The next job that starts FAILS instead of running. */
  failNextStart(message: string): void {
    this.#failures.push({ message });
  }

  /** The next job that replaces another FAILS, and the old one goes on. */
  rejectNextUpdate(message: string): void {
    this.#rejections.push({ message });
  }

  /** @param wanted what the client sent; @param first the state it comes up in */
  create(
    wanted: Readonly<Record<string, unknown>>,
    place: Pick<RestJob, "projectId" | "location">,
    first: RestJobState,
  ) {
    const { projectId, location } = place;
    const running = this.all().filter((job) => job.projectId === projectId && !OVER.has(job.currentState)).length;
    if (running >= this.jobQuota) {
      throw new RestError(
        429,
        "RESOURCE_EXHAUSTED",
        `The workflow could not be created. Causes: Dataflow quota error for jobs-per-project quota. Project ` +
          `${projectId} is running ${running} jobs.`,
      );
    }
    const now = this.#now();
    const time = new Date(now).toISOString();
    this.#made += 1;
    const stamp = time.slice(0, 19).replaceAll(/[T:]/g, "_");
    const job: RestJob = {
      type: "JOB_TYPE_STREAMING",
      name: "",
      ...wanted,
      id: `${stamp}-${String(1_000_000 + this.#made)}`,
      projectId,
      location,
      createTime: time,
      startTime: time,
      currentState: first,
      currentStateTime: time,
    };
    const held: Held = { job, messages: [] };
    this.#held.set(job.id, held);
    this.#onChange(job);
    if (first === "JOB_STATE_QUEUED") this.#plan(held, "JOB_STATE_PENDING", this.delays.queue);
    else this.#planStart(held);
    return job;
  }

  /** Drains or cancels. @throws RestError where the job's state does not allow it */
  request(id: string, wanted: RestJobState): RestJob {
    this.settle();
    const held = this.#find(id);
    const { currentState } = held.job;
    if (OVER.has(currentState)) throw refused(`Job ${id} has terminated in state ${currentState}.`);
    if (wanted === "JOB_STATE_DRAINED") {
      if (currentState === "JOB_STATE_DRAINING") return held.job;
      if (currentState !== "JOB_STATE_RUNNING") throw refused(`Job ${id} is not yet ready for draining.`);
      this.#move(held, "JOB_STATE_DRAINING");
      this.#plan(held, "JOB_STATE_DRAINED", this.delays.drain);
    } else if (wanted === "JOB_STATE_CANCELLED") {
      if (currentState === "JOB_STATE_CANCELLING") return held.job;
      this.#move(held, "JOB_STATE_CANCELLING");
      this.#plan(held, "JOB_STATE_CANCELLED", this.delays.cancel);
    } else {
      throw new RestError(400, "INVALID_ARGUMENT", `requestedState ${wanted} can't be asked for.`);
    }
    return held.job;
  }

  /** Changes a job's parameters in flight. */
  amend(id: string, params: Readonly<Record<string, number>>): RestJob {
    const held = this.#find(id);
    if (held.job.currentState !== "JOB_STATE_RUNNING") throw refused(`Job ${id} is not running.`);
    held.job = { ...held.job, runtimeUpdatableParams: { ...held.job.runtimeUpdatableParams, ...params } };
    return held.job;
  }

  /** Ends a running job as the service does when its work fails. */
  fail(id: string, message: string): void {
    this.settle();
    const held = this.#find(id);
    delete held.next;
    this.say(id, "JOB_MESSAGE_ERROR", message);
    this.#move(held, "JOB_STATE_FAILED");
  }

  /** Adds a message to a job's log. */
  say(id: string, messageImportance: string, messageText: string): void {
    const { messages } = this.#find(id);
    messages.push({
      id: `m${messages.length}`,
      time: new Date(this.#now()).toISOString(),
      messageText,
      messageImportance,
    });
  }

  /** Takes the step that a job waits for, whatever its delay. */
  advance(id: string): RestJob {
    this.settle();
    const held = this.#find(id);
    this.#step(held);
    return held.job;
  }

  /** Takes the steps that are due. */
  settle(): void {
    const now = this.#now();
    let moved = true;
    while (moved) {
      moved = false;
      for (const held of this.#held.values()) {
        if (held.next === undefined || held.next.at > now) continue;
        this.#step(held);
        moved = true;
      }
    }
  }

  #step(held: Held): void {
    const { next } = held;
    if (next === undefined) return;
    delete held.next;
    if (next.fail !== undefined) {
      this.say(held.job.id, "JOB_MESSAGE_ERROR", next.fail.message);
      this.#move(held, "JOB_STATE_FAILED");
    } else if (next.state === "JOB_STATE_PENDING") {
      this.#move(held, next.state);
      this.#planStart(held);
    } else {
      if (next.state === "JOB_STATE_RUNNING") this.#takeOver(held);
      this.#move(held, next.state);
    }
  }

  /** A job that replaces another runs only with what that one had; where it ended meanwhile, there is nothing to take. */
  #takeOver({ job }: Held): void {
    const old = job.replaceJobId === undefined ? undefined : this.#held.get(job.replaceJobId);
    if (old === undefined || OVER.has(old.job.currentState)) return;
    delete old.next;
    old.job = { ...old.job, replacedByJobId: job.id };
    this.#move(old, "JOB_STATE_UPDATED");
  }

  #planStart(held: Held): void {
    const replaces = held.job.replaceJobId !== undefined;
    const fail = replaces ? this.#rejections.shift() : this.#failures.shift();
    this.#plan(held, "JOB_STATE_RUNNING", replaces ? this.delays.update : this.delays.start, fail);
  }

  #plan(held: Held, state: RestJobState, delayMs = 0, fail?: Outcome): void {
    held.next = { state, at: this.#now() + delayMs, ...(fail && { fail }) };
  }

  #move(held: Held, currentState: RestJobState): void {
    held.job = { ...held.job, currentState, currentStateTime: new Date(this.#now()).toISOString() };
    this.#onChange(held.job);
  }

  #find(id: string): Held {
    const held = this.#held.get(id);
    if (held === undefined) throw new RestError(404, "NOT_FOUND", `Information about job ${id} could not be found.`);
    return held;
  }
}

function refused(message: string): RestError {
  return new RestError(400, "FAILED_PRECONDITION", `Workflow modification failed. Causes: ${message}`);
}
