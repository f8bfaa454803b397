/** The fake Dataflow's methods, each from a call to what it answers; what they refuse is a RestError. */
import { type DataflowCall, enumName, type RestEnvironment, type RestJob } from "./dataflow-format.ts";
import { type DataflowJobs, RestError } from "./dataflow-jobs.ts";

/** https://cloud.google.com/dataflow/docs/reference/rest/v1b3/projects.locations.jobs#Job.FIELDS.name */
const NAME = /^[a-z]([-a-z0-9]{0,1022}[a-z0-9])?$/;

type Wanted = Readonly<Record<string, unknown>> & { readonly name?: string; readonly environment?: RestEnvironment };

/** `jobs.create`. */
export function createdJob(call: DataflowCall, jobs: DataflowJobs, onTaken: "conflict" | "existing"): RestJob {
  const wanted = (call.body ?? {}) as Wanted & Partial<Pick<RestJob, "clientRequestId" | "replaceJobId">>;
  const { name = "", clientRequestId, replaceJobId } = wanted;
  if (!NAME.test(name)) throw invalid(`The job's name ${JSON.stringify(name)} is not valid.`);
  const again = jobs.all().find((job) => clientRequestId !== undefined && job.clientRequestId === clientRequestId);
  if (again?.name === name && again.projectId === call.projectId) return again;
  if (replaceJobId !== undefined && replaceJobId !== "") {
    const old = jobs.get(replaceJobId);
    if (old.name !== name) throw invalid(`The job ${replaceJobId} has another name than ${name}.`);
    if (old.currentState !== "JOB_STATE_RUNNING") {
      throw new RestError(400, "FAILED_PRECONDITION", `The job ${replaceJobId} can't be updated: ${old.currentState}.`);
    }
    return jobs.create(wanted, call, "JOB_STATE_PENDING");
  }
  const taken = jobs.active(call.projectId, call.location, name);
  if (taken === undefined) return jobs.create(wanted, call, "JOB_STATE_PENDING");
  if (onTaken === "existing") return taken;
  throw alreadyActive(name);
}

/** `flexTemplates.launch`, whose job is made by a machine of its own that comes up first. */
export function launchedJob(call: DataflowCall, jobs: DataflowJobs): RestJob {
  const { launchParameter: launch } = (call.body ?? {}) as {
    readonly launchParameter?: {
      readonly jobName?: string;
      readonly containerSpecGcsPath?: string;
      readonly parameters?: Readonly<Record<string, string>>;
      readonly environment?: {
        readonly additionalUserLabels?: Readonly<Record<string, string>>;
        readonly enableStreamingEngine?: boolean;
      };
      readonly update?: boolean;
    };
  };
  const { jobName: name = "", containerSpecGcsPath = "", parameters, environment, update } = launch ?? {};
  if (!NAME.test(name)) throw invalid(`The job's name ${JSON.stringify(name)} is not valid.`);
  if (!containerSpecGcsPath.startsWith("gs://")) throw invalid("A template's container spec is in Cloud Storage.");
  const running = jobs.active(call.projectId, call.location, name);
  const made = {
    name,
    labels: environment?.additionalUserLabels ?? {},
    environment: { experiments: environment?.enableStreamingEngine === true ? ["enable_streaming_engine"] : [] },
    launchParameter: { parameters },
  };
  if (update !== true) {
    if (running !== undefined) throw alreadyActive(name);
    return jobs.create(made, call, "JOB_STATE_QUEUED");
  }
  if (running?.currentState !== "JOB_STATE_RUNNING") throw invalid(`No job ${name} runs that could be updated.`);
  return jobs.create({ ...made, replaceJobId: running.id }, call, "JOB_STATE_QUEUED");
}

/** `jobs.update`: a state, or fields by a mask, and never both. */
export function updatedJob(call: DataflowCall, jobs: DataflowJobs): RestJob {
  const { jobId = "", query } = call;
  const { requestedState, runtimeUpdatableParams } = (call.body ?? {}) as Partial<RestJob> & {
    readonly requestedState?: RestJob["currentState"];
  };
  const paths = (query.updateMask ?? "").split(",").filter((path) => path !== "");
  const wantsState = requestedState !== undefined && requestedState !== "JOB_STATE_UNKNOWN";
  if (wantsState && paths.length > 0) throw invalid("A state and a mask can't be updated at once.");
  if (wantsState) return jobs.request(jobId, requestedState);
  const job = jobs.get(jobId);
  if (paths.length === 0) return job;
  if (job.environment?.experiments?.includes("enable_streaming_engine") !== true) {
    throw invalid(`The job ${jobId} does not use Streaming Engine, and can't be changed in flight.`);
  }
  const taken = paths.map((path): [string, number] => {
    const [parent, field = ""] = path.split(".").map(camelCase);
    const value = parent === "runtimeUpdatableParams" ? runtimeUpdatableParams?.[field] : undefined;
    if (value === undefined) throw invalid(`The mask names ${path}, which can't be changed or is not given.`);
    return [field, value];
  });
  const params = { ...job.runtimeUpdatableParams, ...Object.fromEntries(taken) };
  if ((params.minNumWorkers ?? 1) > (params.maxNumWorkers ?? Infinity))
    throw invalid("More workers at least than at most.");
  return jobs.amend(jobId, params);
}

/** `jobs.list`: a page of summaries, those that run before those that are over. */
export function listPage(
  { projectId, location, query }: DataflowCall,
  jobs: DataflowJobs,
  { limit, before }: { readonly limit: number; readonly before: number },
): unknown {
  const filter = enumName("filter", query.filter ?? null) ?? "UNKNOWN";
  const ofPlace = jobs.all().filter((job) => job.projectId === projectId && job.location === location);
  const named = query.name === undefined ? ofPlace : ofPlace.filter(({ name }) => name === query.name);
  const visible = named.filter(({ createTime }) => Date.parse(createTime) <= before);
  const active = visible.filter(({ currentState }) => !isOver(currentState));
  const over = visible.filter(({ currentState }) => isOver(currentState));
  const shown = filter === "ACTIVE" ? active : filter === "TERMINATED" ? over : [...active, ...over];
  const from = Number(query.pageToken ?? 0);
  const size = Math.min(limit, Number(query.pageSize ?? limit) || limit);
  return {
    jobs: shown.slice(from, from + size).map(summaryOf),
    ...(from + size < shown.length && { nextPageToken: String(from + size) }),
  };
}

/** A job as `jobs.get` shows it: its summary unless more is asked for, and no more while a template is yet to run. */
export function viewOf(job: RestJob, view = "JOB_VIEW_SUMMARY"): unknown {
  const isWhole = view === "JOB_VIEW_ALL" || view === "JOB_VIEW_DESCRIPTION";
  return isWhole && job.currentState !== "JOB_STATE_QUEUED" ? job : summaryOf(job);
}

function summaryOf(job: RestJob): unknown {
  const { id, projectId, location, name, type, currentState, currentStateTime, createTime, startTime } = job;
  const jobMetadata = { sdkVersion: { version: "2.49.0", sdkSupportStatus: 2 } };
  return { id, projectId, location, name, type, currentState, currentStateTime, createTime, startTime, jobMetadata };
}

function isOver(state: RestJob["currentState"]): boolean {
  return /_(DONE|FAILED|CANCELLED|UPDATED|DRAINED|STOPPED)$/.test(state);
}

function camelCase(path: string): string {
  return path.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function invalid(message: string): RestError {
  return new RestError(400, "INVALID_ARGUMENT", message);
}

function alreadyActive(name: string): RestError {
  return new RestError(
    409,
    "ALREADY_EXISTS",
    `The workflow could not be created. Causes: There is already an active job named ${name}.`,
  );
}
