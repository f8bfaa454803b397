import { ClusterError, MessagingError } from "../controller-ports.ts";
import { JobsError } from "../job-ports.ts";
import { type Outcome, stalled, waiting, type Waiting } from "./outcome.ts";

/** How long to leave alone what was forbidden; rights are given by people. */
const RIGHTS_MS = 60_000;

/**
 * What a call that failed means for its step. What passes is tried again; what was refused as wrong stalls; what was
 * forbidden is looked at each minute, since nothing tells when rights are given.
 * @throws the error itself, where it is neither of the cluster nor of Pub/Sub or Dataflow: a defect
 */
export function outcomeOf(error: unknown): Outcome {
  if (error instanceof ClusterError) return clusterOutcome(error);
  if (error instanceof MessagingError) return messagingOutcome(error);
  if (error instanceof JobsError) return jobsOutcome(error);
  throw error;
}

function clusterOutcome(error: ClusterError): Outcome {
  switch (error.kind) {
    case "Invalid":
      return stalled("ObjectRefused", `The API server refused an object: ${error.message}`);
    case "Forbidden":
      if (isTerminating(error)) return waiting("NamespaceTerminating", "The feed's namespace is being deleted.");
      return waiting("Forbidden", error.message, RIGHTS_MS);
    case "Conflict":
    case "NotFound":
    case "Throttled":
    case "Unavailable":
    case "NotLeader":
      return passing("ClusterUnavailable", error, error.retryAfterMs);
  }
}

/** The server's answer to a create in a namespace that is being deleted is a Forbidden of this wording. */
function isTerminating(error: ClusterError): boolean {
  return error.message.includes("being terminated");
}

function messagingOutcome(error: MessagingError): Outcome {
  switch (error.kind) {
    case "Invalid":
      return stalled("MessagingRefused", error.message);
    case "Forbidden":
      return waiting("MessagingForbidden", error.message, RIGHTS_MS);
    case "NotFound":
      return waiting("MessagingNotFound", error.message, RIGHTS_MS);
    case "Conflict":
    case "Quota":
    case "Unavailable":
      return passing("MessagingUnavailable", error);
  }
}

function jobsOutcome(error: JobsError): Outcome {
  switch (error.kind) {
    case "Invalid":
      return stalled("JobRefused", error.message);
    case "Forbidden":
      return waiting("DataflowForbidden", error.message, RIGHTS_MS);
    case "NotFound":
      return waiting("DataflowNotFound", error.message, RIGHTS_MS);
    case "Quota":
      return waiting("QuotaExceeded", error.message, RIGHTS_MS);
    case "AlreadyExists":
    case "Unavailable":
      return passing("DataflowUnavailable", error);
  }
}

function passing(reason: string, fault: Error, afterMs?: number): Waiting {
  return { ...waiting(reason, fault.message, afterMs), fault };
}
