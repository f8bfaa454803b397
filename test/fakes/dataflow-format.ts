/**
 * Dataflow's JSON as its public reference has it, and its enums, which a client may ask for as numbers.
 * https://cloud.google.com/dataflow/docs/reference/rest/v1b3/projects.locations.jobs
 */

/** States of a job, each at its number. */
const STATES = [
  "JOB_STATE_UNKNOWN",
  "JOB_STATE_STOPPED",
  "JOB_STATE_RUNNING",
  "JOB_STATE_DONE",
  "JOB_STATE_FAILED",
  "JOB_STATE_CANCELLED",
  "JOB_STATE_UPDATED",
  "JOB_STATE_DRAINING",
  "JOB_STATE_DRAINED",
  "JOB_STATE_PENDING",
  "JOB_STATE_CANCELLING",
  "JOB_STATE_QUEUED",
] as const;

export type RestJobState = (typeof STATES)[number];

/** By the field that holds it. Fields of the SDK's own options are nobody's enums, whatever their names. */
const ENUMS: Readonly<Record<string, readonly string[]>> = {
  currentState: STATES,
  requestedState: STATES,
  type: ["JOB_TYPE_UNKNOWN", "JOB_TYPE_BATCH", "JOB_TYPE_STREAMING"],
  algorithm: ["AUTOSCALING_ALGORITHM_UNKNOWN", "AUTOSCALING_ALGORITHM_NONE", "AUTOSCALING_ALGORITHM_BASIC"],
  ipConfiguration: ["WORKER_IP_UNSPECIFIED", "WORKER_IP_PUBLIC", "WORKER_IP_PRIVATE"],
  teardownPolicy: ["TEARDOWN_POLICY_UNKNOWN", "TEARDOWN_ALWAYS", "TEARDOWN_ON_SUCCESS", "TEARDOWN_NEVER"],
  defaultPackageSet: [
    "DEFAULT_PACKAGE_SET_UNKNOWN",
    "DEFAULT_PACKAGE_SET_NONE",
    "DEFAULT_PACKAGE_SET_JAVA",
    "DEFAULT_PACKAGE_SET_PYTHON",
  ],
  messageImportance: [
    "JOB_MESSAGE_IMPORTANCE_UNKNOWN",
    "JOB_MESSAGE_DEBUG",
    "JOB_MESSAGE_DETAILED",
    "JOB_MESSAGE_WARNING",
    "JOB_MESSAGE_ERROR",
    "JOB_MESSAGE_BASIC",
  ],
  filter: ["UNKNOWN", "ALL", "TERMINATED", "ACTIVE"],
  view: ["JOB_VIEW_UNKNOWN", "JOB_VIEW_SUMMARY", "JOB_VIEW_ALL", "JOB_VIEW_DESCRIPTION"],
};

const FREE_FORM: ReadonlySet<string> = new Set(["sdkPipelineOptions", "userAgent", "version", "labels", "parameters"]);

/** The SDK and the service's part of a job, as far as the fake looks at it. */
export interface RestEnvironment {
  readonly experiments?: readonly string[];
  readonly sdkPipelineOptions?: { readonly options?: Readonly<Record<string, unknown>> };
  readonly [field: string]: unknown;
}

/** A job. */
export interface RestJob {
  readonly id: string;
  readonly projectId: string;
  readonly location: string;
  readonly name: string;
  readonly type: string;
  readonly currentState: RestJobState;
  readonly currentStateTime: string;
  readonly createTime: string;
  readonly clientRequestId?: string;
  readonly replaceJobId?: string;
  readonly replacedByJobId?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly environment?: RestEnvironment;
  readonly runtimeUpdatableParams?: Readonly<Record<string, number>>;
  readonly [field: string]: unknown;
}

/** A message of a job's log. */
export interface RestMessage {
  readonly id: string;
  readonly time: string;
  readonly messageText: string;
  readonly messageImportance: string;
}

export type DataflowCallName = "create" | "get" | "list" | "update" | "messages" | "launchTemplate";

/** A call as it came in; enums by name. */
export interface DataflowCall {
  readonly name: DataflowCallName;
  readonly projectId: string;
  readonly location: string;
  readonly jobId?: string;
  readonly query: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** A value with every enum by name, whatever the client sent. */
export function withNames(value: unknown): unknown {
  return mapEnums(value, (names, given) => (typeof given === "number" ? (names[given] ?? given) : given));
}

/** A value with every enum as its number, as `$alt=json;enum-encoding=int` asks for it. */
export function withNumbers(value: unknown): unknown {
  return mapEnums(value, (names, given) => (typeof given === "string" ? Math.max(0, names.indexOf(given)) : given));
}

/** One value of an enum's field, from a query string, by name. */
export function enumName(field: string, given: string | null): string | undefined {
  if (given === null) return undefined;
  return /^\d+$/.test(given) ? ENUMS[field]?.[Number(given)] : given;
}

/** How much a message matters: by this order, not by the enum's numbers. */
export const IMPORTANCES = ["DEBUG", "DETAILED", "BASIC", "WARNING", "ERROR"].map((level) => `JOB_MESSAGE_${level}`);

function mapEnums(value: unknown, change: (names: readonly string[], given: unknown) => unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => mapEnums(item, change));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([field, inner]) => {
      if (FREE_FORM.has(field)) return [field, inner];
      const names = ENUMS[field];
      return [field, names === undefined ? mapEnums(inner, change) : change(names, inner)];
    }),
  );
}
