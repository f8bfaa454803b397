/**
 * Dataflow's REST API over HTTP, as its public reference has it, faults included: `jobs.create`, `get`, `list`, `update`,
 * `messages.list`, `flexTemplates.launch`. What a test scripts is in `jobs` (states, delays, quota) and in `failNext` and
 * `hold` (calls).
 *
 * - Jobs of a list have the summary alone, as `get` has without a view: no labels, no environment. https://cloud.google.com/dataflow/docs/reference/rest/v1b3/projects.locations.jobs/list
 * - A second job of a running one's name is 409 ALREADY_EXISTS, or, with `onTaken: "existing"`, the running job itself,
 *   told by its other `clientRequestId`: the reference says one, people's reports the other. The same `clientRequestId`
 *   again is the same job.
 *
 * Caveat: errors' statuses are the documented ones or those that people report; their wording is ours.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import {
  type DataflowCall,
  type DataflowCallName,
  enumName,
  IMPORTANCES,
  type RestJob,
  withNames,
  withNumbers,
} from "./dataflow-format.ts";
import { DataflowJobs, RestError } from "./dataflow-jobs.ts";
import { createdJob, launchedJob, listPage, updatedJob, viewOf } from "./dataflow-methods.ts";
import { bodyOf, serveLocally, Watchers } from "./local-server.ts";

/** What happens to a call: an answer, or a cut connection; with `carriedOut` after it has done its work all the same. */
export type DataflowFault = { readonly carriedOut?: boolean } & (
  | {
      readonly status: number;
      readonly reason: string;
      readonly message: string;
      /** `google.rpc.Status.details`, and `errors` as older APIs have them beside it. */
      readonly details?: readonly object[];
      readonly errors?: readonly object[];
    }
  | { readonly cut: true }
);

export interface FakeDataflowOptions {
  /** The time that jobs and delays go by; the machine's by default. */
  readonly now?: () => number;
  /** What a second job of a running one's name is answered. */
  readonly onTaken?: "conflict" | "existing";
  /** Most jobs on a page of a list, whatever the client asks for. */
  readonly pageLimit?: number;
  /** How long a new job is missing from lists, in milliseconds. */
  readonly listLagMs?: number;
  /** Hears of every state that a job comes into. */
  readonly onState?: (job: RestJob) => void;
  /** Hears of every call that was carried out, before it is answered. */
  readonly onDone?: (call: DataflowCall) => void;
}

export interface FakeDataflow {
  /** `http://127.0.0.1:port`. */
  readonly url: string;
  readonly jobs: DataflowJobs;
  /** Every call, also those that fail. */
  readonly calls: readonly DataflowCall[];
  /** Calls since this was asked last, such as `create`, `list`. */
  newCalls(): DataflowCallName[];
  /** The next call of this name fails. */
  failNext(name: DataflowCallName, fault: DataflowFault): void;
  /** Calls of this name are carried out and not answered until the function that comes back is called. */
  hold(name: DataflowCallName): () => void;
  /** Resolves once a condition holds; looked at after each call. */
  until(holds: () => boolean): Promise<void>;
  close(): Promise<void>;
}

const PATH =
  /^\/v1b3\/projects\/(?<projectId>[^/]+)\/locations\/(?<location>[^/]+)\/(?:jobs(?:\/(?<jobId>[^/]+?))?(?<messages>\/messages)?|(?<launch>flexTemplates:launch))$/;

/** Starts one on a free port of 127.0.0.1. */
export async function startFakeDataflow(options: FakeDataflowOptions = {}): Promise<FakeDataflow> {
  const { now = Date.now, onState } = options;
  const jobs = new DataflowJobs(now, (job) => onState?.(job));
  const calls: DataflowCall[] = [];
  const faults = new Map<DataflowCallName, DataflowFault[]>();
  const gates = new Map<DataflowCallName, Promise<unknown>>();
  const watchers = new Watchers();
  let seen = 0;

  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const call = await parse(request);
    if (call === undefined) {
      answer(request, response, refusal(new RestError(404, "NOT_FOUND", `No method at ${request.url ?? ""}.`)));
      return;
    }
    calls.push(call);
    const fault = faults.get(call.name)?.shift();
    const carriedOut = fault === undefined || fault.carriedOut === true;
    const result = carriedOut ? attempt(call, jobs, options, now()) : undefined;
    if (result?.code === 200) options.onDone?.(call);
    watchers.look();
    await gates.get(call.name);
    if (fault === undefined) answer(request, response, result ?? { code: 500, body: {} });
    else if ("cut" in fault) request.socket.resetAndDestroy();
    else {
      const { status, reason, message, details, errors } = fault;
      answer(request, response, {
        code: status,
        body: { error: { code: status, message, status: reason, details, errors } },
      });
    }
  };
  const server = await serveLocally((request, response) => void handle(request, response));

  return {
    ...server,
    jobs,
    calls,
    newCalls: () => {
      const names = calls.slice(seen).map(({ name }) => name);
      seen = calls.length;
      return names;
    },
    failNext: (name, fault) => faults.set(name, [...(faults.get(name) ?? []), fault]),
    hold: (name) => {
      const gate = Promise.withResolvers<undefined>();
      gates.set(name, gate.promise);
      return () => {
        gates.delete(name);
        gate.resolve(undefined);
      };
    },
    until: (holds) => watchers.until(holds),
  };
}

async function parse(request: IncomingMessage): Promise<DataflowCall | undefined> {
  const url = new URL(request.url ?? "/", "http://fake");
  const { projectId, location, jobId, messages, launch } = PATH.exec(url.pathname)?.groups ?? {};
  if (projectId === undefined || location === undefined) return undefined;
  const name = (
    {
      POST: launch === undefined ? (jobId === undefined ? "create" : undefined) : "launchTemplate",
      GET: jobId === undefined ? "list" : messages === undefined ? "get" : "messages",
      PUT: jobId === undefined ? undefined : "update",
    } as Record<string, DataflowCallName | undefined>
  )[request.method ?? ""];
  if (name === undefined) return undefined;
  const text = (await bodyOf(request)).toString();
  return {
    name,
    projectId: decodeURIComponent(projectId),
    location,
    ...(jobId !== undefined && { jobId: decodeURIComponent(jobId) }),
    query: Object.fromEntries(url.searchParams),
    ...(text !== "" && { body: withNames(JSON.parse(text)) }),
  };
}

interface Answer {
  readonly code: number;
  readonly body: unknown;
}

function attempt(call: DataflowCall, jobs: DataflowJobs, options: FakeDataflowOptions, now: number): Answer {
  try {
    return { code: 200, body: carryOut(call, jobs, options, now) };
  } catch (error) {
    if (!(error instanceof RestError)) throw error;
    return refusal(error);
  }
}

function carryOut(call: DataflowCall, jobs: DataflowJobs, options: FakeDataflowOptions, now: number): unknown {
  const { jobId = "", query } = call;
  switch (call.name) {
    case "create":
      return createdJob(call, jobs, options.onTaken ?? "conflict");
    case "launchTemplate":
      return { job: launchedJob(call, jobs) };
    case "get":
      return viewOf(jobs.get(jobId), enumName("view", query.view ?? null));
    case "update":
      return updatedJob(call, jobs);
    case "list":
      return listPage(call, jobs, { limit: options.pageLimit ?? 1000, before: now - (options.listLagMs ?? 0) });
    case "messages": {
      const least = IMPORTANCES.indexOf(enumName("messageImportance", query.minimumImportance ?? null) ?? "");
      const all = jobs.messagesOf(jobId).filter((message) => IMPORTANCES.indexOf(message.messageImportance) >= least);
      const from = Number(query.pageToken ?? 0);
      const size = Number(query.pageSize ?? 100);
      return {
        jobMessages: all.slice(from, from + size),
        ...(from + size < all.length && { nextPageToken: String(from + size) }),
      };
    }
  }
}

/** https://cloud.google.com/apis/design/errors#http_mapping */
function refusal({ code, message, status }: RestError): Answer {
  return { code, body: { error: { code, message, status } } };
}

function answer(request: IncomingMessage, response: ServerResponse, { code, body }: Answer): void {
  const wantsNumbers = new URL(request.url ?? "/", "http://fake").searchParams
    .get("$alt")
    ?.includes("enum-encoding=int");
  const shown = wantsNumbers === true ? withNumbers(body) : body;
  response.writeHead(code, { "content-type": "application/json" }).end(JSON.stringify(shown));
}
