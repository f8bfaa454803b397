import type { KubeObject } from "../api/kube-object.ts";
import type { EpochMs } from "../quotes/quote.ts";
import { ClusterError, type FeedEvent } from "../controller-ports.ts";
import { changeEvents, transitionEvents } from "./announcements.ts";
import type { StepReport } from "./conditions.ts";
import { letGo } from "./deletion.ts";
import { outcomeOf } from "./faults.ts";
import { FeedBook } from "./feed-book.ts";
import { recordsOf } from "./jobs/survey.ts";
import { UpdateBook } from "./jobs/update-book.ts";
import { marketNow } from "./market.ts";
import type { Outcome } from "./outcome.ts";
import { OwnedIndex } from "./owned-index.ts";
import { PollerBook } from "./poller-book.ts";
import type { ControllerPorts, ControllerSettings } from "./ports.ts";
import type { FeedRun, Memory, Step, ValidRun } from "./run.ts";
import { type FeedStatus, type Findings, sameStatus, statusIn, statusOf } from "./status.ts";
import { StreamBook } from "./stream-book.ts";
import { haveCredentials } from "./steps/credentials.ts";
import { keepFinalizer } from "./steps/finalizer.ts";
import { watchPoller } from "./steps/health.ts";
import { ensureJobs, surveyJobs, watchPipelines } from "./steps/jobs.ts";
import { ensureArchive, ensureMessaging, ensureRows, pruneMessaging } from "./steps/messaging.ts";
import { keepToProjects } from "./steps/projects.ts";
import { keepToQuota } from "./steps/quota.ts";
import { checkSink } from "./steps/sink.ts";
import { validate } from "./steps/validate.ts";
import { ensureEngine, ensurePoller, pruneWorkloads } from "./steps/workloads.ts";
import { WorkloadBook } from "./workload-book.ts";

/** A reconcile of a feed that a cluster can run, in order. */
const STEPS: readonly Step[] = [
  keepToProjects,
  keepFinalizer,
  keepToQuota,
  haveCredentials,
  checkSink,
  surveyJobs,
  ensureMessaging,
  ensureArchive,
  ensureRows,
  ensureEngine,
  ensureJobs,
  ensurePoller,
  pruneWorkloads,
  pruneMessaging,
  watchPoller,
  watchPipelines,
];

/** When to reconcile a feed again, unless an event comes before. */
export interface Again {
  /** Undefined where the feed is gone. */
  readonly afterMs?: number;
  /** A call that failed: try again with a growing delay, and after `afterMs` at the earliest where that is given. */
  readonly fault?: Error;
}

/** What a reconcile came to, for metrics. */
export type ReconcileResult = "ready" | "waiting" | "stalled" | "deleted";

/** A status that was written over another one. */
interface Written {
  readonly at: EpochMs;
  readonly over: FeedStatus;
  readonly status: FeedStatus;
}

/** How long the cache may be behind what was written; then it is believed again. */
const CACHE_LAG_MS = 10_000;

/** Brings one feed at a time to what its spec wants; safe to run for several feeds at once, never twice for one. */
export class Reconciler {
  readonly memory: Memory;
  readonly #ports: ControllerPorts;
  readonly #settings: ControllerSettings;
  /** Statuses that were written and that the cache may not have yet, by UID. */
  readonly #written = new Map<string, Written>();

  constructor(ports: ControllerPorts, settings: ControllerSettings, onUnreadable?: (pod: KubeObject) => void) {
    this.#ports = ports;
    this.#settings = settings;
    this.memory = {
      feeds: new FeedBook(settings.defaults),
      pollers: new PollerBook({ telemetry: ports.telemetry, ...(onUnreadable && { onUnreadable }) }),
      streams: new StreamBook(),
      owned: new OwnedIndex(settings.driftIntervalMs),
      workloads: new WorkloadBook(ports.render, settings.workloads),
      fullPlaces: new Map(),
      fullForUpdates: new Map(),
      unsurveyed: new Map(),
      failedLaunches: new Map(),
      updates: new UpdateBook(),
    };
  }

  /**
   * Reconciles a feed as the cache has it.
   * @throws what no outcome stands for: a defect
   */
  async reconcile(namespace: string, name: string): Promise<Again> {
    const { cluster, clock, telemetry } = this.#ports;
    const object = cluster.get({ kind: "StockFeed", namespace, name });
    if (object === undefined) return {};
    const startedAt = clock.now();
    const run = this.#start(object, startedAt);
    const deleting = object.metadata.deletionTimestamp !== undefined;
    const reports = deleting ? [await reportOf(deletion, run)] : await this.#runSteps(run);
    this.#record(object, changeEvents(run.changes));
    telemetry.countDriftCorrections(run.changes.filter(({ kind }) => kind === "corrected").length);
    const gone = deleting && reports.every(({ outcome }) => outcome.kind === "done");
    const unsaid = gone ? undefined : await this.#say(run, reports);
    telemetry.observeReconcile(gone ? "deleted" : resultOf(reports), (clock.now() - startedAt) / 1_000);
    if (gone) return {};
    return unsaid === undefined ? this.#again(run, reports) : againAfter(unsaid, unsaid.retryAfterMs);
  }

  /** Forgets a feed that is gone from the cache. */
  forget({ metadata: { uid = "", name, namespace = "" } }: KubeObject): void {
    this.memory.feeds.forget(uid);
    this.memory.workloads.forget(uid);
    this.memory.unsurveyed.delete(uid);
    this.memory.failedLaunches.delete(uid);
    this.memory.pollers.forgetFeed({ metadata: { name, namespace } });
    this.#ports.telemetry.forgetFeed(`${namespace}/${name}`);
    this.#written.delete(uid);
  }

  #start(object: KubeObject, now: EpochMs): FeedRun {
    const previous = this.#statusOf(object, now);
    return {
      ports: this.#ports,
      settings: this.#settings,
      memory: this.memory,
      now,
      object,
      previous,
      hold: "nothing",
      messagingReady: false,
      feed: undefined,
      pipelines: undefined,
      survey: undefined,
      records: recordsOf(previous),
      verdicts: [],
      rowsReady: false,
      changes: [],
    };
  }

  /** The status that was written last, also where the cache still has the one before it. */
  #statusOf(object: KubeObject, now: EpochMs): FeedStatus {
    const { uid = "" } = object.metadata;
    const cached = statusIn(object);
    const written = this.#written.get(uid);
    if (written === undefined) return cached;
    if (now - written.at < CACHE_LAG_MS && sameStatus(cached, written.over)) return written.status;
    this.#written.delete(uid);
    return cached;
  }

  async #runSteps(run: FeedRun): Promise<StepReport[]> {
    const reports = [await reportOf(validate, run)];
    if (!isValid(run)) return reports;
    for (const step of STEPS) {
      const report = await reportOf(step, run);
      reports.push(report);
      if (report.outcome.kind === "done") continue;
      if (step.otherwise === "stop") break;
      if (step.otherwise === "hold-poller" && run.hold === "nothing") run.hold = "poller";
      if (step.otherwise === "hold-when-stalled" && report.outcome.kind === "stalled") run.hold = "everything";
    }
    return reports;
  }

  /** The only place that writes a status; it writes where the new one says something else. */
  async #say(run: FeedRun, reports: readonly StepReport[]): Promise<ClusterError | undefined> {
    const { object, previous, now } = run;
    const { generation, uid = "", name, namespace = "" } = object.metadata;
    const findings: Findings = {
      reports,
      ...(isValid(run) && { symbols: run.feed.spec.symbols.length }),
      ...(run.pipelines && { pipelines: run.pipelines }),
      ...(isValid(run) && !run.feed.spec.suspend && { marketState: this.#market(run).state }),
    };
    const status = statusOf(findings, { status: previous, generation, now });
    if (sameStatus(status, previous)) return undefined;
    try {
      await this.#ports.cluster.applyStatus({ kind: object.kind, namespace, name }, { ...status });
    } catch (error) {
      if (error instanceof ClusterError) return error.kind === "NotFound" ? undefined : error;
      throw error;
    }
    this.#written.set(uid, { at: now, over: statusIn(object), status });
    this.#record(object, transitionEvents(previous, status));
    return undefined;
  }

  #record(object: KubeObject, events: readonly FeedEvent[]): void {
    for (const event of events) this.#ports.cluster.recordEvent(object, event);
  }

  #again(run: FeedRun, reports: readonly StepReport[]): Again {
    const waits = reports.flatMap(({ outcome }) => (outcome.kind === "waiting" ? [outcome] : []));
    const fault = waits.find((wait) => wait.fault !== undefined);
    const market = isValid(run) ? this.#market(run).until - run.now : Infinity;
    const drift = this.#settings.driftIntervalMs * (0.9 + 0.2 * fraction(run.object.metadata.uid ?? ""));
    const looks = reports.map(({ outcome }) => (outcome.kind === "done" ? undefined : outcome.afterMs) ?? Infinity);
    const soonest = Math.min(drift, market, ...looks);
    if (fault?.fault === undefined) return { afterMs: soonest };
    return againAfter(fault.fault, fault.afterMs);
  }

  #market({ feed, previous, now }: ValidRun) {
    const { polling } = feed.spec;
    const { pollers } = this.memory;
    const { market } = pollers.newsOf(feed, polling.shards);
    // A new leader has yet to ask those that run without end, and what was said of them before need not change twice.
    const unasked = market === undefined && polling.workload === "Deployment" && !pollers.askedOnce;
    const said = unasked && previous.marketState === "Stale" ? { state: previous.marketState, slot: now } : undefined;
    return marketNow(polling, market ?? said, now);
  }
}

const deletion: Step<FeedRun> = { name: "let-go", otherwise: "stop", run: letGo };

async function reportOf<Run>(step: Step<Run>, run: Run): Promise<StepReport> {
  const { name, part } = step;
  return { step: name, ...(part !== undefined && { part }), outcome: await outcomeFrom(() => step.run(run)) };
}

async function outcomeFrom(work: () => Outcome | Promise<Outcome>): Promise<Outcome> {
  try {
    return await work();
  } catch (error) {
    return outcomeOf(error);
  }
}

function againAfter(fault: Error, afterMs: number | undefined): Again {
  return { fault, ...(afterMs !== undefined && { afterMs }) };
}

function isValid(run: FeedRun): run is ValidRun {
  return run.feed !== undefined;
}

function resultOf(reports: readonly StepReport[]): ReconcileResult {
  const kinds = reports.map(({ outcome }) => outcome.kind);
  return kinds.includes("stalled") ? "stalled" : kinds.includes("waiting") ? "waiting" : "ready";
}

/** A fraction that is a feed's own, so that feeds which begin together don't all come back together. */
function fraction(uid: string): number {
  let sum = 0;
  for (const char of uid) sum = (sum * 31 + char.charCodeAt(0)) % 1_000;
  return sum / 1_000;
}
