import { MessagingError } from "../../controller-ports.ts";
import { statusOf } from "./grpc-status.ts";

/** What was tried, for the message. */
export interface AttemptedCall {
  readonly project: string;
  /** As in "create the subscription x-windows". */
  readonly action: string;
  /** Whether Pub/Sub itself writes to BigQuery for it. */
  readonly toBigQuery?: boolean;
}

type Kind = MessagingError["kind"];

/** By gRPC status. https://grpc.github.io/grpc/core/md_doc_statuscodes.html */
const KINDS: Readonly<Record<number, Kind>> = {
  3: "Invalid",
  5: "NotFound",
  6: "Conflict",
  7: "Forbidden",
  8: "Quota",
  9: "Invalid",
  10: "Conflict",
  11: "Invalid",
  12: "Invalid",
  16: "Forbidden",
};

/** The error of a failed call, with who can mend it and how. */
export function messagingError(cause: unknown, call: AttemptedCall): MessagingError {
  const said = cause instanceof Error ? cause.message : String(cause);
  const code = statusOf(cause);
  const kind = code === undefined && /credentials/i.test(said) ? "Forbidden" : (KINDS[code ?? -1] ?? "Unavailable");
  const lead = `Pub/Sub of project ${call.project} did not ${call.action}: ${said.trim().replace(/\.$/, "")}.`;
  return new MessagingError(kind, [lead, mend(kind, said, call)].filter(Boolean).join(" "), { cause });
}

function mend(kind: Kind, said: string, { project, toBigQuery }: AttemptedCall): string {
  if (toBigQuery && isAgentsLack(kind, said)) {
    const agent = /service-\d+@gcp-sa-pubsub\.iam\.gserviceaccount\.com/.exec(said)?.[0];
    return `Pub/Sub's own service agent writes the rows: give ${
      agent ?? `service-NUMBER@gcp-sa-pubsub.iam.gserviceaccount.com, ` + `NUMBER being that of project ${project},`
    } roles/bigquery.dataEditor on the dataset.`;
  }
  switch (kind) {
    case "Forbidden":
      return (
        `Give the service account that the operator runs as roles/pubsub.editor: gcloud projects add-iam-policy-binding ` +
        `${project} --member=serviceAccount:EMAIL --role=roles/pubsub.editor. Without credentials at all, bind the ` +
        `operator's Kubernetes ServiceAccount to one, or set GOOGLE_APPLICATION_CREDENTIALS.`
      );
    case "NotFound":
      return toBigQuery
        ? "Create the table first."
        : `Check the project's name, and that the Pub/Sub API is on: gcloud services enable pubsub.googleapis.com --project ${project}.`;
    case "Quota":
      return `It passes with the minute; a project that holds 10,000 topics or subscriptions needs another beside it, or a higher quota.`;
    case "Invalid":
    case "Conflict":
    case "Unavailable":
      return "";
  }
}

/** Whether it is Pub/Sub's agent that lacks rights, and not who called. */
function isAgentsLack(kind: Kind, said: string): boolean {
  return (kind === "Forbidden" || kind === "Invalid") && /gcp-sa-pubsub|bigquery\.tables|service agent/i.test(said);
}
