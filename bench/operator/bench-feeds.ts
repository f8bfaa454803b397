import type { AnyObject } from "../../test/kube-client.ts";

export const PROJECT = "acme";
export const DATASET = "markets";
/** Half of them share its Secret: at two calls a minute each they keep to the provider's 200. */
const FEEDS_A_NAMESPACE = 100;
export const SECRET_NAME = "alpaca";

/** Names and paths of a feed that the benchmark applies. */
export interface BenchFeed {
  readonly name: string;
  readonly namespace: string;
  /** `namespace/name`. */
  readonly key: string;
  readonly collection: string;
  readonly manifest: object;
}

/** As kubectl applies them: half of them ask Alpaca with their namespace's Secret, half are simulated; ten symbols each. */
export function benchFeeds(count: number): BenchFeed[] {
  return Array.from({ length: count }, (_, index) => {
    const namespace = namespaceNamed(Math.floor(index / FEEDS_A_NAMESPACE));
    return benchFeed({ name: `feed-${index}`, namespace, simulated: index % 2 === 1 });
  });
}

/** Feeds beside the others, in a namespace of theirs, which share no Secret. */
export function lateFeeds(count: number, prefix: string): BenchFeed[] {
  return Array.from({ length: count }, (_, i) =>
    benchFeed({ name: `${prefix}-${i}`, namespace: LATE_NAMESPACE, simulated: true }),
  );
}

const LATE_NAMESPACE = "feeds-late";

/** Every namespace that so many feeds and the late ones are in. */
export function namespacesOf(count: number): string[] {
  const namespaces = Array.from({ length: Math.ceil(count / FEEDS_A_NAMESPACE) }, (_, i) => namespaceNamed(i));
  return [...namespaces, LATE_NAMESPACE];
}

function namespaceNamed(index: number): string {
  return `feeds-${index}`;
}

function benchFeed({ name, namespace, simulated }: { name: string; namespace: string; simulated: boolean }): BenchFeed {
  const provider = simulated
    ? { type: "Simulated", seed: 1 }
    : { type: "Alpaca", credentialsSecretRef: { name: SECRET_NAME } };
  return {
    name,
    namespace,
    key: `${namespace}/${name}`,
    collection: `/apis/stockfeed.dev/v1alpha1/namespaces/${namespace}/stockfeeds`,
    manifest: {
      apiVersion: "stockfeed.dev/v1alpha1",
      kind: "StockFeed",
      metadata: { name, namespace },
      spec: {
        symbols: ["AAPL", "MSFT", "GOOG", "AMZN", "NVDA", "META", "TSLA", "NFLX", "INTC", "IBM"],
        provider,
        polling: { interval: simulated ? "10s" : "30s", session: "Always" },
        resolutions: [{ window: "1m" }, { window: "5m" }, { window: "15m" }],
        pubsub: { projectId: PROJECT },
        sink: { bigQuery: { projectId: PROJECT, dataset: DATASET } },
      },
    },
  };
}

/** A feed as the server has it, as far as the benchmark reads it. */
export interface FeedObject extends AnyObject {
  readonly metadata: AnyObject["metadata"] & { readonly generation?: number };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly message?: string }[];
  };
}

/** Whether the feed is Ready as its spec is now. */
export function isReady({ metadata, status }: FeedObject): boolean {
  const ready = status?.conditions?.some(({ type, status: value }) => type === "Ready" && value === "True") ?? false;
  return ready && status?.observedGeneration === metadata.generation;
}
