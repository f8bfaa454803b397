import * as k8s from "cdk8s-plus-27/lib/imports/k8s.js";
import { Construct } from "constructs";
import type { StockFeed } from "../src/api/stockfeed.ts";
import { windowSpecs } from "../src/api/window-specs.ts";
import { workloadName } from "../src/plan/names.ts";
import { componentLabels, podTemplate, quantities, workloadMetadata, type WorkloadSettings } from "./feed-pod.ts";

/** Longer than a stream's drain, which writes the rows of open windows. */
const GRACE_SECONDS = 45;
/** The program with the clients of Pub/Sub and BigQuery, and the quotes that it may hold. */
const BASE_MEMORY_MI = 256;
/** What the engine keeps of one symbol in one slot: 16 bytes, and 16 for each window that runs over it. */
const CELL_BYTES = 16;
const MI = 1024 * 1024;

/**
 * The embedded engine: a StatefulSet of one, because two subscribers at once would get half the quotes each. It never
 * has two Pods at a time, not even while it is updated. Moving it costs a replay, which rewrites rows and loses none, so
 * nothing forbids a node's drain to evict it.
 */
export class FeedEngine extends Construct {
  constructor(scope: Construct, id: string, feed: StockFeed, settings: WorkloadSettings) {
    super(scope, id);
    const name = workloadName(feed, "windows");
    const labels = componentLabels(feed, "stream");
    const memory = memoryMi(feed);
    new k8s.KubeStatefulSet(this, "stateful-set", {
      metadata: workloadMetadata(feed, settings, { name, labels }),
      spec: {
        replicas: feed.spec.suspend ? 0 : 1,
        revisionHistoryLimit: 2,
        // No Service is made: nobody calls the engine. The field is there for servers that insist on it.
        serviceName: name,
        selector: { matchLabels: labels },
        // With OrderedReady a Pod that never becomes ready would keep its own repair from being rolled out.
        podManagementPolicy: "Parallel",
        updateStrategy: { type: "RollingUpdate" },
        template: podTemplate({
          feed,
          settings,
          component: "stream",
          command: "stream",
          env: [],
          resources: {
            requests: quantities({ cpu: "100m", memory: `${memory}Mi` }),
            limits: quantities({ memory: `${2 * memory}Mi` }),
          },
          serves: true,
          restartPolicy: "Always",
          graceSeconds: GRACE_SECONDS,
        }),
      },
    });
  }
}

/** Memory for the feed's windows in MiB, by the cells that they hold at most. */
function memoryMi({ spec }: StockFeed): number {
  const bytes = windowSpecs(spec).map(({ sizeMs, allowedLatenessMs, periodMs }) => {
    return ((sizeMs + allowedLatenessMs) / periodMs) * spec.symbols.length * CELL_BYTES;
  });
  const ring = Math.max(...bytes);
  return BASE_MEMORY_MI + Math.ceil((ring + bytes.reduce((sum, each) => sum + each, 0)) / MI);
}
