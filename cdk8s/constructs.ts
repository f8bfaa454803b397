/** What a cdk8s app takes from `stockfeed/cdk8s`: feeds, the operator's install, and the workloads that it makes of a feed. */
export { FeedEngine } from "./feed-engine.ts";
export { FeedNetworkPolicy, type FeedNetworkPolicyProps } from "./feed-network-policy.ts";
export type { WorkloadSettings } from "./feed-pod.ts";
export { FeedPoller } from "./feed-poller.ts";
export { StockFeedOperator } from "./operator.ts";
export type { OperatorSettings } from "./operator-settings.ts";
export { StockFeed, type StockFeedProps, type StockFeedSpecInput } from "./stock-feed.ts";
