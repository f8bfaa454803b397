/**
 * What the programs of a feed call of Google's APIs, and the permissions that Google's pages name for each call; and what of
 * these a role holds. Tests of the running programs hold the calls to this list (`stockfeed poll`, `stockfeed stream`), and a
 * test of Terraform the roles.
 * https://cloud.google.com/pubsub/docs/access-control https://cloud.google.com/bigquery/docs/access-control
 */

/** Permissions by call: of gRPC its path, of REST its method and its path without names. */
type Needs = Readonly<Record<string, readonly string[]>>;

const PUBLISH = "pubsub.topics.publish";
const CONSUME = "pubsub.subscriptions.consume";
const QUERY = "bigquery.jobs.create";
const READ = "bigquery.tables.getData";

/** By what runs in a feed's Pods. */
export const NEEDS: Readonly<Record<"poller" | "stream", Needs>> = {
  poller: {
    "POST /v1/projects/*/topics/*:publish": [PUBLISH],
  },
  stream: {
    "/google.pubsub.v1.Publisher/Publish": [PUBLISH],
    "/google.pubsub.v1.Subscriber/Acknowledge": [CONSUME],
    "/google.pubsub.v1.Subscriber/ModifyAckDeadline": [CONSUME],
    // To a time. To a snapshot it would be pubsub.snapshots.seek as well.
    "/google.pubsub.v1.Subscriber/Seek": [CONSUME],
    "/google.pubsub.v1.Subscriber/StreamingPull": [CONSUME],
    "POST /bigquery/v2/projects/*/queries": [QUERY, READ],
    // Of a job of its own.
    "GET /bigquery/v2/projects/*/queries/*": [QUERY, READ],
    "POST /bigquery/v2/projects/*/datasets/*/tables/*/insertAll": ["bigquery.tables.get", "bigquery.tables.updateData"],
  },
};

/** What a role holds of the permissions above. */
export const HOLDS: Readonly<Record<string, readonly string[]>> = {
  "roles/pubsub.publisher": [PUBLISH],
  "roles/pubsub.subscriber": [CONSUME],
  "roles/bigquery.jobUser": [QUERY],
  "roles/bigquery.dataEditor": [READ, "bigquery.tables.get", "bigquery.tables.updateData"],
};

/** A call of REST without names. */
export function restCall(method = "", url = ""): string {
  const [path = ""] = url.split("?", 1);
  return `${method} ${path.replaceAll(/\/(projects|topics|datasets|tables|queries)\/[^/:]+/g, "/$1/*")}`;
}
