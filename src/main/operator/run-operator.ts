import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { setFlagsFromString } from "node:v8";
import type { Logger } from "pino";
import { feedWorkloads } from "../../../cdk8s/feed-workloads.ts";
import { bigQueryInspector } from "../../adapters/bigquery/inspector.ts";
import { type ApiClient, createApiClient } from "../../adapters/kubernetes/api-client.ts";
import { Elector } from "../../adapters/kubernetes/elector.ts";
import { KubeCluster } from "../../adapters/kubernetes/kube-cluster.ts";
import { WorkQueue } from "../../adapters/kubernetes/work-queue.ts";
import { adminCalls } from "../../adapters/pubsub/admin-calls.ts";
import { askPodsAt } from "../../adapters/pods/ask-pod.ts";
import { pubsubMessaging } from "../../adapters/pubsub/messaging.ts";
import { systemClock } from "../../adapters/system/system-clock.ts";
import { scrape } from "../../adapters/telemetry/scrape.ts";
import { createControllerTelemetry, type OperatorTelemetry } from "../../adapters/telemetry/controller-telemetry.ts";
import { createLogger, feedLogger } from "../../adapters/telemetry/logger.ts";
import { createTelemetry } from "../../adapters/telemetry/telemetry.ts";
import { METRICS_PORT } from "../../plan/names.ts";
import type { Clock, Telemetry } from "../../ports.ts";
import { decodeSummary } from "../../quotes/poll-summary.ts";
import { decodeStreamSummary } from "../../quotes/stream-summary.ts";
import { jobCensus } from "../../reconcile/jobs/census.ts";
import { Controller, type ControllerLog } from "../../reconcile/controller.ts";
import { feedCensus } from "../../reconcile/feed-census.ts";
import { earlyListing } from "../../reconcile/early-listing.ts";
import type { ControllerPorts, ControllerSettings } from "../../reconcile/ports.ts";
import { Reconciler } from "../../reconcile/reconcile.ts";
import { RunningPollers } from "../../reconcile/running-pollers.ts";
import { RunningStreams } from "../../reconcile/running-streams.ts";
import type { CommandIo } from "../command-io.ts";
import { serveProbes } from "../serve-probes.ts";
import { version } from "../version.ts";
import { clusterIdOf } from "./cluster-id.ts";
import { operatorJobs } from "./dataflow.ts";
import { readKubeConfig } from "./kube-config.ts";
import { leadInTurns } from "./lead-in-turns.ts";
import type { OperatorOptions } from "./options.ts";

/**
 * The caches are most of the heap, and stay. Left to itself, V8 lets it grow to a multiple of what was needed last before
 * it looks again; with this, to a third more.
 */
const HEAP_GROWTH = "--heap-growing-percent=33";

/** The operator's parts, wired to each other. */
interface Operator {
  readonly cluster: KubeCluster;
  readonly elector: Elector | undefined;
  readonly queue: WorkQueue;
  readonly controller: Controller;
  readonly running: readonly (RunningPollers | RunningStreams)[];
  readonly close: () => Promise<void>;
}

/** What every part needs. */
interface Surroundings {
  readonly options: OperatorOptions;
  readonly env: CommandIo["env"];
  readonly clock: Clock;
  readonly log: Logger;
  readonly telemetry: Telemetry & OperatorTelemetry["telemetry"];
  readonly hooks: Omit<OperatorTelemetry, "telemetry">;
}

/**
 * Runs the operator until the signal: then what is under way is ended, events are written, and the lease is given back.
 * @throws CliError where it can't start; otherwise a defect alone
 */
export async function runOperator(options: OperatorOptions, io: CommandIo, signal: AbortSignal): Promise<void> {
  setFlagsFromString(HEAP_GROWTH);
  const log = createLogger({ pretty: io.stderr.isTTY === true });
  const { telemetry, registry } = createTelemetry();
  const { telemetry: own, ...hooks } = createControllerTelemetry(registry);
  const surroundings = { options, env: io.env, clock: systemClock(), log, telemetry: { ...telemetry, ...own }, hooks };
  hooks.setLeader(false);
  const read = () => readKubeConfig(options.kubeconfig, io.env);
  const { namespace = "default" } = await read();
  const client = createApiClient({
    config: async () => (await read()).access,
    userAgent: `stockfeed-operator/${version()}`,
    onRequest: hooks.onRequest,
  });
  let operator: Operator | undefined;
  const notReady = () => (operator?.cluster.synced() === true ? undefined : "the caches are not whole yet");
  const { port, host } = options.metrics;
  const metrics = { metrics: () => scrape(registry), contentType: registry.contentType };
  const probes = await serveProbes(port, { notReady, ...metrics }, host);
  log.info({ metricsPort: probes.port, version: version() }, "the operator starts");
  try {
    const clusterId = options.clusterId ?? (await clusterIdOf(client, surroundings, signal));
    operator = wire(surroundings, { client, clusterId, namespace: options.lease?.namespace ?? namespace });
    await run(operator, surroundings, signal);
  } catch (error) {
    if (!signal.aborted || error !== signal.reason) throw error;
  } finally {
    await operator?.close();
    client.close();
    probes.close();
    log.info({}, "the operator has stopped");
  }
}

function wire(
  { options, env, clock, log, telemetry, hooks }: Surroundings,
  {
    client,
    clusterId,
    namespace,
  }: { readonly client: ApiClient; readonly clusterId: string; readonly namespace: string },
): Operator {
  const onProblem = (error: Error) => {
    log.warn({ problem: error.message }, "a call of the API server failed and is tried again");
  };
  const shared = { client, clock, random: Math.random, onProblem };
  const instance = hostname();
  const { lease } = options;
  const elector =
    lease && new Elector({ ...shared, namespace, name: lease.name, identity: `${instance}_${randomUUID()}` });
  const { namespaces, selector } = options;
  const watched = { ...(namespaces && { namespaces }), ...(selector !== undefined && { selector }) };
  const cluster = new KubeCluster({ ...shared, ...watched, ...(elector && { leadership: elector }), instance });
  const messaging = pubsubMessaging({
    calls: () => adminCalls({ emulatorHost: env.PUBSUB_EMULATOR_HOST }),
    listIntervalMs: options.driftIntervalMs,
    fence: () => elector?.fence(),
  });
  const { driftIntervalMs } = options;
  const jobs = operatorJobs({ env, driftIntervalMs, fence: () => elector?.fence(), log });
  const sink = bigQueryInspector({ endpoint: env.BIGQUERY_EMULATOR_HOST });
  const ports: ControllerPorts = { cluster, messaging, jobs, sink, clock, telemetry, render: feedWorkloads };
  const settings = settingsOf(options, clusterId);
  const reconciler = new Reconciler(ports, settings, ({ metadata }) => {
    const pod = `${metadata.namespace ?? ""}/${metadata.name}`;
    log.warn({ pod }, "a poller ended without a summary that can be read; nothing of it is counted");
  });
  const queue = new WorkQueue(clock, hooks.queue);
  const controller = new Controller({ cluster, queue, reconciler, clock, telemetry, log: logOf(log) });
  // In a standby's caches there are the same feeds: they are counted once.
  hooks.measureFeeds(() => (controller.leads() ? feedCensus(cluster.list("StockFeed")) : []));
  hooks.measureJobs(() => (controller.leads() ? jobCensus(cluster.list("StockFeed")) : []));
  cluster.subscribe((event) => {
    controller.onChange(event);
  });
  cluster.subscribe(earlyListing(messaging, settings, () => elector?.isLeader() ?? true));
  const { pollers, streams } = reconciler.memory;
  const running = [
    new RunningPollers({ cluster, pollers, ask: askPodsAt(METRICS_PORT, decodeSummary), clock }),
    new RunningStreams({ cluster, streams, ask: askPodsAt(METRICS_PORT, decodeStreamSummary), clock }),
  ];
  return { cluster, elector, queue, controller, running, close: () => closeAll(messaging, jobs) };
}

async function closeAll(...parts: readonly { close(): Promise<void> }[]): Promise<void> {
  await Promise.all(parts.map((part) => part.close()));
}

function settingsOf(options: OperatorOptions, clusterId: string): ControllerSettings {
  const { driftIntervalMs, allowedProjects, defaults, image, imagePullPolicy, podEnv, dataflow } = options;
  return {
    clusterId,
    driftIntervalMs,
    ...(allowedProjects && { allowedProjects }),
    defaults,
    dataflow,
    workloads: { image, env: podEnv, ...(imagePullPolicy !== undefined && { imagePullPolicy }) },
  };
}

function logOf(log: Logger): ControllerLog {
  return {
    onFault: (feed, fault) => {
      feedLogger(log, feed).warn({ problem: fault.message }, "a reconcile did not come through and is tried again");
    },
    onDefect: (feed, error) => {
      feedLogger(log, feed).error(error, "a reconcile broke; this is a defect of the operator");
    },
  };
}

/** Keeps the caches up to date, and leads in turns. The caches outlive the last reconcile, which still reads them. */
async function run(
  operator: Operator,
  { options, clock, log, hooks }: Surroundings,
  signal: AbortSignal,
): Promise<void> {
  const { cluster, controller, queue, elector, running } = operator;
  const over = new AbortController();
  const caches = cluster.run(over.signal);
  const work = async (term: AbortSignal) => {
    hooks.setLeader(true);
    log.info({}, "leads");
    try {
      while (!cluster.synced()) await clock.sleepUntil(clock.now() + 50, term);
      log.info({ feeds: cluster.list("StockFeed").length }, "the caches are whole");
      controller.begin();
      const turns = queue.run(options.concurrency, (key) => controller.handle(key), term);
      const onNews = (feed: string) => {
        queue.add(feed, "high");
      };
      await Promise.all([turns, ...running.map((each) => each.run(onNews, term))]);
      await cluster.drainEvents();
    } catch (error) {
      if (!term.aborted || error !== term.reason) throw error;
    } finally {
      controller.end();
      hooks.setLeader(false);
    }
  };
  try {
    // The caches end by a defect alone, and nothing is reconciled without them.
    await Promise.race([leadInTurns(elector, work, signal), caches]);
  } finally {
    over.abort();
    await caches.catch(() => undefined);
  }
}
