/**
 * Topics and subscriptions as Google's API has them, from those of the port, and what differs between the two.
 *
 * Only what the port sets is compared and changed. Beyond the port's fields a subscription is held to what StockFeed
 * depends on: it never expires, for a feed may be suspended for months, and it has no retry and no dead-letter policy,
 * for an outage must not bury good quotes.
 */
import type { protos } from "@google-cloud/pubsub";
import type { Subscription, Topic } from "../../controller-ports.ts";

export type ApiTopic = protos.google.pubsub.v1.ITopic;
export type ApiSubscription = protos.google.pubsub.v1.ISubscription;

/** A change to an object: its whole wanted state, and which fields of it to take. Without paths there is none. */
export interface Change<T> {
  readonly wanted: T;
  /** Paths of the update mask. */
  readonly paths: readonly string[];
}

export function topicPath(project: string, name: string): string {
  return `projects/${project}/topics/${name}`;
}

export function subscriptionPath(project: string, name: string): string {
  return `projects/${project}/subscriptions/${name}`;
}

/** The last part of `projects/p/topics/t`. */
export function shortName(path: string | null | undefined): string {
  return path?.split("/").at(-1) ?? "";
}

export function wantedTopic(project: string, { name, labels, retentionMs }: Topic): ApiTopic {
  return {
    name: topicPath(project, name),
    labels: { ...labels },
    ...(retentionMs !== undefined && { messageRetentionDuration: duration(retentionMs) }),
  };
}

export function wantedSubscription(project: string, subscription: Subscription): ApiSubscription {
  const { name, topic, labels, ackDeadlineSeconds, retainAckedMessages, retentionMs, bigQueryTable } = subscription;
  return {
    name: subscriptionPath(project, name),
    topic: topicPath(project, topic),
    labels: { ...labels },
    ...(ackDeadlineSeconds !== undefined && { ackDeadlineSeconds }),
    ...(retainAckedMessages !== undefined && { retainAckedMessages }),
    ...(retentionMs !== undefined && { messageRetentionDuration: duration(retentionMs) }),
    // A policy without a time to live never expires; no policy at all would mean 31 days.
    expirationPolicy: {},
    ...(bigQueryTable !== undefined && {
      bigqueryConfig: { table: bigQueryTable, useTableSchema: true, dropUnknownFields: true },
    }),
  };
}

/** What has to change in an existing topic. */
export function topicChange(existing: ApiTopic, wanted: ApiTopic): Change<ApiTopic> {
  const paths = [
    differs(existing.labels, wanted.labels) && "labels",
    durationDiffers(existing.messageRetentionDuration, wanted.messageRetentionDuration) && "message_retention_duration",
  ];
  return { wanted, paths: paths.filter((path) => path !== false) };
}

/** What has to change in an existing subscription of the same topic. */
export function subscriptionChange(existing: ApiSubscription, wanted: ApiSubscription): Change<ApiSubscription> {
  const isSet = <T>(value: T | null | undefined): value is T => value !== undefined && value !== null;
  const paths = [
    differs(existing.labels, wanted.labels) && "labels",
    isSet(wanted.ackDeadlineSeconds) &&
      existing.ackDeadlineSeconds !== wanted.ackDeadlineSeconds &&
      "ack_deadline_seconds",
    isSet(wanted.retainAckedMessages) &&
      (existing.retainAckedMessages ?? false) !== wanted.retainAckedMessages &&
      "retain_acked_messages",
    durationDiffers(existing.messageRetentionDuration, wanted.messageRetentionDuration) && "message_retention_duration",
    (!isSet(existing.expirationPolicy) || isSet(existing.expirationPolicy.ttl)) && "expiration_policy",
    isSet(existing.retryPolicy) && "retry_policy",
    isSet(existing.deadLetterPolicy) && "dead_letter_policy",
    Boolean(existing.pushConfig?.pushEndpoint) && "push_config",
    tableOf(existing) !== tableOf(wanted) && "bigquery_config",
  ];
  return { wanted, paths: paths.filter((path) => path !== false) };
}

/** A topic as the port shows it. */
export function topicOf({ name, labels, messageRetentionDuration }: ApiTopic): Topic {
  const retentionMs = milliseconds(messageRetentionDuration);
  return { name: shortName(name), labels: { ...labels }, ...(retentionMs !== undefined && { retentionMs }) };
}

/** A subscription as the port shows it; the topic of one whose topic is gone is `_deleted-topic_`. */
export function subscriptionOf(subscription: ApiSubscription): Subscription {
  const { name, topic, labels, ackDeadlineSeconds, retainAckedMessages, messageRetentionDuration } = subscription;
  const retentionMs = milliseconds(messageRetentionDuration);
  const bigQueryTable = tableOf(subscription);
  return {
    name: shortName(name),
    topic: shortName(topic),
    labels: { ...labels },
    ...(ackDeadlineSeconds && { ackDeadlineSeconds }),
    retainAckedMessages: retainAckedMessages ?? false,
    ...(retentionMs !== undefined && { retentionMs }),
    ...(bigQueryTable !== undefined && { bigQueryTable }),
  };
}

/** `project.dataset.table`, which the API may also show as `project:dataset.table`. */
function tableOf({ bigqueryConfig }: ApiSubscription): string | undefined {
  const table = bigqueryConfig?.table?.replace(":", ".") ?? "";
  return table === "" ? undefined : table;
}

type ApiDuration = protos.google.protobuf.IDuration;

function duration(ms: number): ApiDuration {
  return { seconds: Math.floor(ms / 1000), nanos: (ms % 1000) * 1_000_000 };
}

function milliseconds(value: ApiDuration | null | undefined): number | undefined {
  return value ? Number(value.seconds ?? 0) * 1000 + (value.nanos ?? 0) / 1_000_000 : undefined;
}

/** Whether a duration that is wanted is another one; none that is wanted suits all. */
function durationDiffers(existing: ApiDuration | null | undefined, wanted: ApiDuration | null | undefined): boolean {
  return Boolean(wanted) && milliseconds(existing) !== milliseconds(wanted);
}

type Labels = Readonly<Record<string, string>> | null | undefined;

function differs(existing: Labels, wanted: Labels): boolean {
  const keys = new Set([...Object.keys(existing ?? {}), ...Object.keys(wanted ?? {})]);
  return [...keys].some((key) => existing?.[key] !== wanted?.[key]);
}
