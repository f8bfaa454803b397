/**
 * Dataflow's REST API through Google's client, which brings credentials, proxies and regions.
 *
 * A call is made once, and its answer waited for no longer than its limit: who calls comes back by itself. Caveat: a call
 * that was given up stays sent, and may be carried out all the same.
 */
import type { JobsV1Beta3Client as JobsClient, protos } from "@google-cloud/dataflow";
import type { JobPlace } from "../../job-ports.ts";
import { within } from "./in-time.ts";

export type ApiJob = protos.google.dataflow.v1beta3.IJob;
export type ApiMessage = protos.google.dataflow.v1beta3.IJobMessage;
export type ApiTemplateLaunch = protos.google.dataflow.v1beta3.ILaunchFlexTemplateParameter;

/** A page of a list. */
export interface Page<T> {
  readonly items: readonly T[];
  /** What asks for the next page; undefined after the last. */
  readonly next?: string;
}

/** The part of the API that StockFeed uses; each call is one request. */
export interface DataflowCalls {
  /** `jobs.create`. */
  create(place: JobPlace, job: ApiJob): Promise<ApiJob>;
  /** `flexTemplates.launch`. */
  launchTemplate(place: JobPlace, launch: ApiTemplateLaunch): Promise<ApiJob>;
  /** `jobs.get`, with labels and environment, which a list leaves out. */
  get(place: JobPlace, id: string): Promise<ApiJob>;
  /** `jobs.list`, of any state. */
  list(place: JobPlace, pageToken?: string): Promise<Page<ApiJob>>;
  /** `jobs.update`. @param paths the update mask; none where a state is asked for */
  update(place: JobPlace, id: string, job: ApiJob, paths?: readonly string[]): Promise<ApiJob>;
  /** `jobs.messages.list`: errors alone, oldest first. */
  errors(place: JobPlace, id: string, pageToken?: string): Promise<Page<ApiMessage>>;
  /** Closes the connections. */
  close(): Promise<void>;
}

export interface DataflowEndpoint {
  /** A server that stands in for Dataflow, `http://127.0.0.1:9000`; it is called without credentials. */
  readonly endpoint?: string | undefined;
}

type ClientOptions = NonNullable<ConstructorParameters<typeof JobsClient>[0]>;

const PAGE_SIZE = 1000;
const READ_TIMEOUT_MS = 20_000;
/** Dataflow looks a new job over before it answers. */
const LAUNCH_TIMEOUT_MS = 60_000;
/** No retries in the client. */
const ONE_ATTEMPT = { retry: null } as const;
/** The client would take page sizes for a mistake where it goes through the pages itself. */
const ONE_PAGE = { ...ONE_ATTEMPT, autoPaginate: false } as const;

/**
 * The calls by Google's client, for any project. Of the library only what is called is loaded.
 * @throws Error where there are no credentials; who calls makes the calls anew
 */
export async function googleCalls({ endpoint }: DataflowEndpoint): Promise<DataflowCalls> {
  const [{ JobsV1Beta3Client }, { MessagesV1Beta3Client }, { FlexTemplatesServiceClient }, options] = await Promise.all(
    [
      import("@google-cloud/dataflow/build/src/v1beta3/jobs_v1_beta3_client.js"),
      import("@google-cloud/dataflow/build/src/v1beta3/messages_v1_beta3_client.js"),
      import("@google-cloud/dataflow/build/src/v1beta3/flex_templates_service_client.js"),
      clientOptions(endpoint),
    ],
  );
  const jobs = new JobsV1Beta3Client(options);
  const messages = new MessagesV1Beta3Client(options);
  const templates = new FlexTemplatesServiceClient(options);
  // A client that finds no credentials amid a call leaves a rejection that nobody can handle, and stays without for good.
  await Promise.all([jobs.initialize(), messages.initialize(), templates.initialize()]);
  return {
    create: async (place, job) => {
      const [made] = await within(LAUNCH_TIMEOUT_MS, jobs.createJob({ ...at(place), job }, ONE_ATTEMPT));
      return made;
    },
    launchTemplate: async (place, launchParameter) => {
      const request = { ...at(place), launchParameter };
      const [{ job }] = await within(LAUNCH_TIMEOUT_MS, templates.launchFlexTemplate(request, ONE_ATTEMPT));
      return job ?? {};
    },
    get: async (place, jobId) => {
      const request = { ...at(place), jobId, view: "JOB_VIEW_DESCRIPTION" } as const;
      const [job] = await within(READ_TIMEOUT_MS, jobs.getJob(request, ONE_ATTEMPT));
      return job;
    },
    list: async (place, pageToken = "") => {
      const request = { ...at(place), filter: "ALL", pageSize: PAGE_SIZE, pageToken } as const;
      const [items, , response] = await within(READ_TIMEOUT_MS, jobs.listJobs(request, ONE_PAGE));
      return pageOf(items, response.nextPageToken);
    },
    update: async (place, jobId, job, paths) => {
      const request = { ...at(place), jobId, job, ...(paths && { updateMask: { paths: [...paths] } }) };
      const [updated] = await within(READ_TIMEOUT_MS, jobs.updateJob(request, ONE_ATTEMPT));
      return updated;
    },
    errors: async (place, jobId, pageToken = "") => {
      const least = { minimumImportance: "JOB_MESSAGE_ERROR", pageSize: PAGE_SIZE, pageToken } as const;
      const request = { ...at(place), jobId, ...least };
      const [items, , response] = await within(READ_TIMEOUT_MS, messages.listJobMessages(request, ONE_PAGE));
      return pageOf(items, response.nextPageToken);
    },
    close: async () => {
      await Promise.all([jobs.close(), messages.close(), templates.close()]);
    },
  };
}

/** REST, since gRPC would be a second transport beside the one that staging uses, with nothing gained. */
async function clientOptions(endpoint: string | undefined): Promise<ClientOptions> {
  if (endpoint === undefined || endpoint === "") return { fallback: "rest" };
  const { PassThroughClient } = await import("google-auth-library");
  const { protocol, hostname, port } = new URL(/^https?:\/\//.test(endpoint) ? endpoint : `http://${endpoint}`);
  return {
    fallback: "rest",
    apiEndpoint: hostname,
    port: Number(port) || (protocol === "https:" ? 443 : 80),
    protocol: protocol.slice(0, -1),
    // The client has a copy of the library of its own, whose class is another to the compiler alone.
    authClient: new PassThroughClient() as unknown as ClientOptions["authClient"],
  };
}

function at({ projectId, region }: JobPlace) {
  return { projectId, location: region };
}

function pageOf<T>(items: readonly T[], next: string | null | undefined): Page<T> {
  return next ? { items, next } : { items };
}
