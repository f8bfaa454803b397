import { statusOf } from "./grpc-status.ts";

/** An error about a subscription that is read, with the mend; `cause` is what the client said. */
export function subscriptionTrouble(
  cause: unknown,
  { project, subscription }: { readonly project: string; readonly subscription: string },
): Error {
  const said = (cause instanceof Error ? cause.message : String(cause)).trim().replace(/\.$/, "");
  const lead = `The subscription ${subscription} of project ${project} can't be read: ${said}.`;
  return new Error([lead, mend(statusOf(cause), said, project)].filter(Boolean).join(" "), { cause });
}

function mend(status: number | undefined, said: string, project: string): string {
  if (status === 5)
    return "The operator makes it; see whether the feed's condition MessagingReady says why it is not there.";
  if (status === 7 || status === 16 || (status === undefined && /credentials/i.test(said)))
    return (
      `Give the service account that this runs as roles/pubsub.subscriber: gcloud projects ` +
      `add-iam-policy-binding ${project} --member=serviceAccount:EMAIL --role=roles/pubsub.subscriber.`
    );
  return "";
}
