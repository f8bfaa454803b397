/** What a cdk8s app takes from `stockfeed/cdk8s`: feeds, the operator's install, and the workloads that it makes of a feed. */
export { FeedEngine } from "./feed-engine.ts";
export type { WorkloadSettings } from "./feed-pod.ts";
export { FeedPoller } from "./feed-poller.ts";
export { type OperatorSettings, StockFeedOperator } from "./operator.ts";
export { StockFeed, type StockFeedProps, type StockFeedSpecInput } from "./stock-feed.ts";
