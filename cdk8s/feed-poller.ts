import { JsonPatch } from "cdk8s";
import * as k8s from "cdk8s-plus-27/lib/imports/k8s.js";
import { Construct } from "constructs";
import type { StockFeed } from "../src/api/stockfeed.ts";
import { pollerNames, SHARD_LABEL } from "../src/plan/names.ts";
import { jobDeadlineSeconds, startingDeadlineSeconds } from "../src/plan/poll-job.ts";
import { pollSchedule } from "../src/plan/schedule.ts";
import { PROVIDER_LIMITS } from "../src/quotes/provider-limits.ts";
import {
  componentLabels,
  fieldEnv,
  podTemplate,
  quantities,
  workloadMetadata,
  type WorkloadSettings,
} from "./feed-pod.ts";

/** How `stockfeed poll` ends where a retry can't help: a manifest or a Secret is wrong. */
const CONFIGURATION_EXIT_CODE = 2;
/** A poller's stop waits for two seconds at most for a delivery that is under way. */
const GRACE_SECONDS = 10;
/** The program takes some 80 MB to start, and a batch of 5,000 symbols a few more. */
const RESOURCES = {
  requests: quantities({ cpu: "50m", memory: "96Mi" }),
  limits: quantities({ memory: "256Mi" }),
};

/** What polls a feed: a CronJob with a Job a minute, or a Deployment for each shard. */
export class FeedPoller extends Construct {
  constructor(scope: Construct, id: string, feed: StockFeed, settings: WorkloadSettings) {
    super(scope, id);
    const names = pollerNames(feed);
    if (feed.spec.polling.workload === "CronJob") cronJob(this, feed, settings, names[0] ?? "");
    else for (const [shard, name] of names.entries()) deployment(this, feed, settings, { name, shard });
  }
}

/**
 * Concurrent Jobs are allowed, since each starts before the one of the minute before has ended; each owns slots of its
 * own. Of a Pod that its node lost or that crashed the rest is polled by a second one, of a Job whose other shards go
 * on; a wrong configuration is not tried again within its Job, for the next minute's tries it anyway.
 */
function cronJob(scope: Construct, feed: StockFeed, settings: WorkloadSettings, name: string): void {
  const { polling, suspend } = feed.spec;
  const labels = componentLabels(feed, "poller");
  const { shards } = polling;
  new IndexedCronJob(scope, "cron-job", {
    metadata: workloadMetadata(feed, settings, { name, labels }),
    spec: {
      ...pollSchedule(polling),
      concurrencyPolicy: "Allow",
      startingDeadlineSeconds: startingDeadlineSeconds(polling),
      successfulJobsHistoryLimit: 1,
      failedJobsHistoryLimit: 3,
      suspend,
      jobTemplate: {
        metadata: { labels },
        spec: {
          completionMode: "Indexed",
          completions: shards,
          parallelism: shards,
          activeDeadlineSeconds: jobDeadlineSeconds(polling),
          podFailurePolicy: {
            rules: [
              {
                action: "FailIndex",
                onExitCodes: { containerName: "poll", operator: "In", values: [CONFIGURATION_EXIT_CODE] },
                onPodConditions: [],
              },
              { action: "Ignore", onPodConditions: [{ type: "DisruptionTarget", status: "True" }] },
            ],
          },
          template: pollerPod(feed, settings, { restartPolicy: "Never" }),
        },
      },
    },
  });
}

/** A CronJob with a field that is younger than the constructs' types: without it, one shard's crash would end them all. */
class IndexedCronJob extends k8s.KubeCronJob {
  override toJson(): unknown {
    return JsonPatch.apply(super.toJson(), JsonPatch.add("/spec/jobTemplate/spec/backoffLimitPerIndex", 1));
  }
}

/** While one Pod replaces another both poll, which costs calls but no slot: of two quotes of a slot one counts. */
function deployment(
  scope: Construct,
  feed: StockFeed,
  settings: WorkloadSettings,
  { name, shard }: { readonly name: string; readonly shard: number },
): void {
  const labels = { ...componentLabels(feed, "poller"), [SHARD_LABEL]: String(shard) };
  new k8s.KubeDeployment(scope, `deployment-${shard}`, {
    metadata: workloadMetadata(feed, settings, { name, labels }),
    spec: {
      replicas: feed.spec.suspend ? 0 : 1,
      revisionHistoryLimit: 2,
      selector: { matchLabels: labels },
      strategy: {
        type: "RollingUpdate",
        rollingUpdate: {
          maxSurge: k8s.IntOrString.fromNumber(1),
          maxUnavailable: k8s.IntOrString.fromNumber(0),
        },
      },
      template: pollerPod(feed, settings, { restartPolicy: "Always", shard }),
    },
  });
}

function pollerPod(
  feed: StockFeed,
  settings: WorkloadSettings,
  { restartPolicy, shard }: { readonly restartPolicy: "Always" | "Never"; readonly shard?: number },
): k8s.PodTemplateSpec {
  const place =
    shard === undefined
      ? [
          fieldEnv("STOCKFEED_JOB_NAME", "metadata.labels['batch.kubernetes.io/job-name']"),
          fieldEnv("STOCKFEED_JOB_RETRIES", "metadata.annotations['batch.kubernetes.io/job-index-failure-count']"),
        ]
      : [{ name: "JOB_COMPLETION_INDEX", value: String(shard) }];
  return podTemplate({
    feed,
    settings,
    component: "poller",
    command: "poll",
    env: [...place, ...keyEnv(feed)],
    resources: RESOURCES,
    serves: shard !== undefined,
    restartPolicy,
    graceSeconds: GRACE_SECONDS,
    ...(shard !== undefined && { labels: { [SHARD_LABEL]: String(shard) } }),
  });
}

/** The provider's keys. A Pod starts without them too, since the poller can name what is missing and Kubernetes waits. */
function keyEnv({ metadata, spec }: StockFeed): k8s.EnvVar[] {
  const { provider } = spec;
  const name = "credentialsSecretRef" in provider ? provider.credentialsSecretRef?.name : undefined;
  if (name === undefined) return [];
  const { environment, secretKeys } = PROVIDER_LIMITS[provider.type];
  const keys = environment.map((variable, index) => ({
    name: variable,
    valueFrom: { secretKeyRef: { name, key: secretKeys[index] ?? "", optional: true } },
  }));
  return [{ name: "STOCKFEED_SECRET", value: `${metadata.namespace}/${name}` }, ...keys];
}
