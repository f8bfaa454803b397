import { createHash } from "node:crypto";
import type { KubeObject } from "../../api/kube-object.ts";
import { resolutionLabel, windowSpecs } from "../../api/window-specs.ts";
import { feedLabel } from "../../plan/names.ts";
import { COMPONENT_LABEL, FEED_LABEL } from "../kube-ownership.ts";
import { marketNow } from "../market.ts";
import { type Outcome, waiting } from "../outcome.ts";
import { ownWorkloads } from "../own-workloads.ts";
import { restartText } from "../run-facts.ts";
import type { Step, ValidRun } from "../run.ts";
import { troubleOfPod, workloadState } from "../workload-health.ts";

export const SUSPENDED: Outcome = {
  kind: "done",
  off: true,
  reason: "Suspended",
  message: "Suspended: nothing polls and nothing is computed; topics and data stay.",
};
const HELD = waiting("Held", "Suspended by the operator until what stalls is mended; see Ready.");

/** Whether quotes come, by what the pollers said when they ended, or by the Deployment's own state. */
export const watchPoller: Step = {
  name: "watch-poller",
  part: "PollingReady",
  otherwise: "go-on",
  run(run): Outcome {
    const { feed, hold, memory, now } = run;
    const { polling, suspend, provider } = feed.spec;
    if (suspend) return SUSPENDED;
    if (hold !== "nothing") return HELD;
    const { trouble, market } = memory.pollers.newsOf(feed, polling.shards);
    const closed = marketNow(polling, market, now).state === "Closed";
    if (polling.workload === "Deployment") {
      const running = ownWorkloads(run, "poller").filter((each) => workloadState(each) === "Running");
      if (running.length < polling.shards) return stateOfPods(run, "poller") ?? waiting("Starting", "A poller starts.");
    } else if (trouble !== undefined) return waiting(trouble.reason, trouble.message);
    if (closed)
      return { kind: "done", reason: "MarketClosed", message: "The market is closed: there is nothing to poll." };
    const symbols = feed.spec.symbols.length;
    const what = `${symbols} ${symbols === 1 ? "symbol" : "symbols"} of ${provider.type} every ${polling.interval}`;
    return { kind: "done", reason: "Polling", message: `Polls ${what}.` };
  },
};

/** Whether the embedded engine computes windows; it leaves what the status says of each. */
export function watchEngine(run: ValidRun): Outcome {
  const { feed, hold, memory, object } = run;
  const off = feed.spec.suspend || hold === "everything";
  const wanted = memory.workloads
    .objects(object, feed, hold, restartText(run))
    .find(({ kind }) => kind === "StatefulSet");
  const name = wanted?.metadata.name ?? "";
  const state = workloadState(run.ports.cluster.get({ kind: "StatefulSet", namespace: feed.metadata.namespace, name }));
  const specHash = memory.workloads.hashOf(object, () => hash(templateOf(wanted)));
  run.pipelines = windowSpecs(feed.spec).map((window) => ({
    window: resolutionLabel(window),
    engine: "Embedded",
    state: off ? "Suspended" : state,
    specHash,
  }));
  if (feed.spec.suspend) return SUSPENDED;
  if (off) return HELD;
  if (state === "Running") return { kind: "done", reason: "Running", message: `StatefulSet ${name} computes windows.` };
  if (state === "Updating") return waiting("Updating", `StatefulSet ${name} gets a new Pod.`);
  const look = `See: kubectl -n ${feed.metadata.namespace} logs ${name}-0`;
  return stateOfPods(run, "stream") ?? waiting("Starting", `StatefulSet ${name} has no ready Pod yet. ${look}`);
}

function stateOfPods({ feed, ports }: ValidRun, component: "poller" | "stream"): Outcome | undefined {
  const labels = { [FEED_LABEL]: feedLabel(feed), [COMPONENT_LABEL]: component };
  const pods = ports.cluster.list("Pod", { namespace: feed.metadata.namespace, labels });
  const trouble = pods.map(troubleOfPod).find((each) => each !== undefined);
  return trouble && waiting(trouble.reason, trouble.message);
}

function hash(value: unknown): string {
  return createHash("sha256")
    .update(JSON.stringify(value ?? null))
    .digest("hex")
    .slice(0, 12);
}

/** What Pods are made of; how many there are is not part of it. */
function templateOf(workload: KubeObject | undefined): unknown {
  return (workload?.spec as { readonly template?: unknown } | undefined)?.template;
}
