/** A value that each checked variable refuses, and what the refusal says beside the variable's name and the value. */
interface Refused {
  readonly variable: string;
  /** As HCL. */
  readonly value: string;
  /** The value as the refusal has it, where that is not the HCL without its quotes. */
  readonly shown?: string;
  readonly mend: string;
}

const project: Refused = { variable: "project", value: '"Acme"', mend: "gcloud projects list" };
const region: Refused = { variable: "region", value: '"europe-west2-a"', mend: "and no zone" };
const name: Refused = { variable: "name", value: '"stockfeed-of-everything"', mend: "3 to 19 small letters" };
const labels: Refused = {
  variable: "labels",
  value: '{ Team = "a" }',
  shown: '{"Team":"a"}',
  mend: "begin with a small letter",
};
const bucket: Refused = { variable: "bucket", value: '"My.Bucket"', mend: "3 to 63 small letters" };

const location: Refused = { variable: "location", value: '"eu"', mend: "EU or US in capitals" };
const dataset: Refused = { variable: "dataset", value: '"my-data"', mend: "no hyphen" };
const namespaces: Refused = { variable: "feed_namespaces", value: "[]", mend: "Take one at least" };
const channels: Refused = {
  variable: "notification_channels",
  value: '["me@example.com"]',
  shown: '["me@example.com"]',
  mend: "projects/PROJECT/notificationChannels/NUMBER",
};
const network: Refused = {
  variable: "network_id",
  value: '"stockfeed"',
  mend: "projects/PROJECT/global/networks/NAME",
};
const range = (variable: string): Refused => ({ variable, value: '"10.4.0.0/16"', mend: "secondary ranges" });
/** Of IAM, without a word for what they are. */
const members = (variable: string): Refused => ({
  variable,
  value: '{ a = "a@example.com" }',
  shown: '{"a":"a@example.com"}',
  mend: "user:, group:, serviceAccount: or domain:",
});
const account = (variable: string): Refused => ({
  variable,
  value: '"a@example.com"',
  mend: "serviceAccount: and its",
});

/** By directory of `terraform/`. */
export const REFUSED: Readonly<Record<string, readonly Refused[]>> = {
  bootstrap: [
    project,
    bucket,
    { variable: "location", value: '"eu"', mend: "EU, US or ASIA in capitals" },
    { variable: "kept_versions", value: "0", mend: "a whole number from 1" },
    labels,
  ],
  "environments/example": [
    project,
    region,
    name,
    labels,
    location,
    dataset,
    { variable: "cluster_mode", value: '"auto"', mend: "autopilot or standard" },
    namespaces,
    members("readers"),
    channels,
    { variable: "image_tag", value: '"a/b"', mend: "such as 0.2.0" },
  ],
  "modules/bigquery": [
    project,
    dataset,
    location,
    members("metadata_viewers"),
    members("editors"),
    members("readers"),
    { variable: "windows_retention_days", value: "7", mend: "days from 8 on" },
    { variable: "quotes_retention_days", value: "0", mend: "days from 1 on" },
    { variable: "dead_letters_retention_days", value: "0.5", mend: "days from 1 on" },
    labels,
  ],
  "modules/dataflow": [
    project,
    region,
    name,
    bucket,
    network,
    { variable: "subnetwork", value: '"regions/a/subnetworks/b"', mend: "Take the name alone" },
    account("operator_member"),
    account("workers_member"),
    { variable: "workers_email", value: '"serviceAccount:a@example.com"', mend: "without serviceAccount:" },
    labels,
  ],
  "modules/gke": [
    project,
    region,
    name,
    { variable: "mode", value: '"auto"', mend: "autopilot or standard" },
    network,
    { variable: "subnetwork_id", value: '"stockfeed"', mend: "regions/REGION/subnetworks/NAME" },
    range("pods_range_name"),
    range("services_range_name"),
    { variable: "machine_type", value: '"large"', mend: "such as e2-standard-2" },
    { variable: "release_channel", value: '"regular"', mend: "RAPID, REGULAR or STABLE" },
    { variable: "max_nodes", value: "0", mend: "a whole number from 1" },
    labels,
  ],
  "modules/identity": [
    project,
    name,
    { variable: "workload_pool", value: '"acme"', mend: "PROJECT.svc.id.goog" },
    { variable: "operator_namespace", value: '"My_System"', mend: "a name as Kubernetes has it" },
    { variable: "operator_service_account", value: '"-a"', mend: "a name as Kubernetes has it" },
    namespaces,
    { variable: "poller_service_account", value: '"a.b"', mend: "a name as Kubernetes has it" },
    { variable: "stream_service_account", value: '"poller"', mend: "Take another name" },
  ],
  "modules/monitoring": [
    project,
    name,
    channels,
    { variable: "runbook_url", value: '"our runbooks"', mend: "without blanks" },
    { variable: "watermark_age_seconds", value: "30", mend: "whole seconds from 60 on" },
    { variable: "unread_seconds", value: "90.5", mend: "whole seconds from 60 on" },
    { variable: "dead_letters", value: "-1", mend: "a whole number from 0 on" },
    labels,
  ],
  "modules/network": [
    project,
    region,
    name,
    { variable: "nodes_range", value: '"10.0.0.0/28"', mend: "a prefix of /26 or shorter" },
    { variable: "pods_range", value: '"10.4.0.0"', mend: "such as 10.4.0.0/16" },
    { variable: "services_range", value: '"fd00::/20"', mend: "IPv4" },
  ],
  "modules/registry": [
    project,
    region,
    name,
    members("readers"),
    { variable: "kept_images", value: "0", mend: "a whole number from 1" },
    labels,
  ],
};
