import type { EngineName } from "../windows/window-row.ts";
import type { WindowSpec } from "../windows/window-spec.ts";

/** What the windows of one resolution of a feed are made from. */
export interface FeedWindows {
  /** `namespace/name`. */
  readonly feed: string;
  readonly symbols: readonly string[];
  readonly window: WindowSpec;
}

/** A feed's streaming pipeline for one resolution, from Pub/Sub to Pub/Sub. */
export interface StreamingPipeline extends FeedWindows {
  /** `projects/P/subscriptions/S`, of the feed's quotes. */
  readonly subscription: string;
  /** `projects/P/topics/T`, which takes the rows. */
  readonly windowsTopic: string;
  /** `projects/P/topics/T`, which takes what is no quote of the feed. */
  readonly deadLetterTopic: string;
}

/** The same, and whose workers it runs on. */
export interface BeamPipeline extends StreamingPipeline {
  /** Container image of the workers. */
  readonly workerImage: string;
}

/** A pipeline that ends: files in, files out. */
export interface BoundedPipeline extends FeedWindows {
  /** A file of quote messages, one JSON a line. */
  readonly quotesFile: string;
  /** A directory that files of rows are put into, NDJSON as BigQuery takes it, in no order. */
  readonly rowsDirectory: string;
  /** A directory that files of dead letters are put into, NDJSON: `{data, attributes}`. */
  readonly deadLettersDirectory: string;
}

/** What the functions of a pipeline need to know, on whatever machine they run. */
export interface PipelineSettings extends FeedWindows {
  readonly engine: EngineName;
}
