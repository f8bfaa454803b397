import { type JobPlace, JobsError } from "../../job-ports.ts";
import { type ApiFault, apiFault } from "./api-fault.ts";

/** What was tried, for the message. */
export interface Attempt {
  readonly place: JobPlace;
  /** As in "launch the job x". */
  readonly action: string;
  readonly serviceAccountEmail?: string | undefined;
}

type Kind = JobsError["kind"];

const KINDS: Readonly<Record<number, Kind>> = {
  400: "Invalid",
  401: "Forbidden",
  403: "Forbidden",
  404: "NotFound",
  409: "AlreadyExists",
  412: "Invalid",
  413: "Invalid",
  429: "Unavailable",
};

/**
 * A limit of calls, which passes by itself, by Google's own words for it and by limits' names and texts.
 * https://github.com/googleapis/googleapis/blob/master/google/api/error_reason.proto
 */
const CALL_LIMITS: ReadonlySet<string> = new Set(["RATE_LIMIT_EXCEEDED", "rateLimitExceeded", "userRateLimitExceeded"]);
/** Said of credentials that name no project which calls count towards: no limit is behind it. https://cloud.google.com/docs/quotas/quota-project */
const QUOTA_PROJECT = /requires a quota project|quota project[^.]* not set/i;
const CALLS = /per ?(100 )?(second|minute|hour|day|user)|rate limit/i;
/** A limit of what a project may have at once: jobs, processors, addresses. */
const RESOURCE_LIMITS: ReadonlySet<string> = new Set(["RESOURCE_QUOTA_EXCEEDED", "quotaExceeded"]);

/**
 * The error of a failed call of Dataflow, with who can mend it and how.
 * @param isUnsent whether the call only came before a launch
 */
export function jobsError(error: unknown, attempt: Attempt, isUnsent = false): JobsError {
  const fault = apiFault(error);
  const kind = kindOf(fault);
  const { projectId, region } = attempt.place;
  const lead = `Dataflow of project ${projectId}, ${region}, did not ${attempt.action}: ${fault.said}.`;
  return new JobsError(kind, [lead, mend(kind, fault, attempt)].filter(Boolean).join(" "), { isUnsent });
}

/** The same of Cloud Storage, where the pipeline is staged. @param uri `gs://bucket/object` */
export function stagingError(error: unknown, uri: string, { place, action }: Attempt): JobsError {
  const fault = apiFault(error);
  const kind = kindOf(fault);
  const bucket = uri.split("/").slice(0, 3).join("/");
  const lead = `Cloud Storage did not take ${uri}, which is needed to ${action} in project ${place.projectId}: ${fault.said}.`;
  const mends: Partial<Record<Kind, string>> = {
    Forbidden:
      "Give the service account that the operator runs as roles/storage.objectUser on the bucket: gcloud storage buckets " +
      `add-iam-policy-binding ${bucket} --member=serviceAccount:EMAIL --role=roles/storage.objectUser.`,
    NotFound: `Make the bucket, in the region of the jobs: gcloud storage buckets create ${bucket} --location=${place.region}. Or mend spec.dataflow.tempLocation.`,
  };
  return new JobsError(kind, [lead, mends[kind]].filter(Boolean).join(" "), { isUnsent: true });
}

function kindOf({ status, reason, said, info }: ApiFault): Kind {
  if (status !== undefined && status < 500) {
    if (CALL_LIMITS.has(info ?? "")) return "Unavailable";
    if (RESOURCE_LIMITS.has(info ?? "")) return "Quota";
    if (/\bquotas?\b/i.test(said) && !QUOTA_PROJECT.test(said)) return CALLS.test(said) ? "Unavailable" : "Quota";
  }
  // What a job's state does not allow now it may allow soon.
  if (reason === "FAILED_PRECONDITION") return "Unavailable";
  if (status === undefined) return /credentials|authenticat|is not a file/i.test(said) ? "Forbidden" : "Unavailable";
  return KINDS[status] ?? "Unavailable";
}

function mend(kind: Kind, { said }: ApiFault, { place, serviceAccountEmail }: Attempt): string {
  const { projectId } = place;
  switch (kind) {
    case "Forbidden": {
      if (/has not been used|is disabled|SERVICE_DISABLED/i.test(said)) {
        return `Switch the API on: gcloud services enable dataflow.googleapis.com --project ${projectId}.`;
      }
      if (QUOTA_PROJECT.test(said)) {
        return (
          "The credentials are a user's, which name no project that the calls count towards: gcloud auth " +
          `application-default set-quota-project ${projectId}.`
        );
      }
      if (/actAs|service account/i.test(said)) {
        const workers = serviceAccountEmail ?? "the project's default one of Compute Engine";
        return (
          `The operator's service account needs roles/iam.serviceAccountUser on the workers' (${workers}), and the ` +
          "workers' needs roles/dataflow.worker."
        );
      }
      return (
        "Give the service account that the operator runs as roles/dataflow.developer: gcloud projects " +
        `add-iam-policy-binding ${projectId} --member=serviceAccount:EMAIL --role=roles/dataflow.developer. Without ` +
        "credentials at all, bind the operator's Kubernetes ServiceAccount to one, or set GOOGLE_APPLICATION_CREDENTIALS."
      );
    }
    case "NotFound":
      return `Check spec.dataflow.projectIds and region, and that the API is on: gcloud services enable dataflow.googleapis.com --project ${projectId}.`;
    case "Quota":
      return "Stop a job, have the quota raised, or name another project in spec.dataflow.projectIds.";
    case "AlreadyExists":
      return "The running job is adopted where its labels are this feed's; else stop it, or rename the feed.";
    case "Invalid":
    case "Unavailable":
      return "";
  }
}
