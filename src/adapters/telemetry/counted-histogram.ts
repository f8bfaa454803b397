import { Histogram } from "prom-client";
import { REQUEST_BUCKETS, type RequestDurations } from "../../quotes/request-durations.ts";
import type { MetricDefinition } from "./metrics.ts";

/**
 * A histogram of durations by feed that others have counted: it adds up their counts, where the library's own wants each
 * duration by itself. A feed has series from when it begins, or is counted first, until it is forgotten.
 */
export class CountedHistogram extends Histogram<"feed"> {
  readonly #definition: MetricDefinition;
  readonly #feeds = new Map<string, { readonly counts: number[]; seconds: number }>();

  constructor(definition: MetricDefinition) {
    const { name, help, labels } = definition;
    super({ name, help, labelNames: [...labels] as "feed"[], buckets: [...REQUEST_BUCKETS], registers: [] });
    this.#definition = definition;
  }

  /** Has a feed from zero on, so that its first count is seen to rise. */
  begin(feed: string): void {
    this.#of(feed);
  }

  add(feed: string, { within, seconds }: RequestDurations): void {
    const sums = this.#of(feed);
    for (const [index, bound] of BOUNDS.entries())
      sums.counts[index] = (sums.counts[index] ?? 0) + (within[bound] ?? 0);
    sums.seconds += seconds;
  }

  forget(feed: string): void {
    this.#feeds.delete(feed);
  }

  /** What registries ask, and the library's own `get` too, though its types do not tell. */
  getForPromString(): Promise<object> {
    const { name, help, type } = this.#definition;
    const values = [...this.#feeds].flatMap(([feed, { counts, seconds }]) => {
      const sharedLabels = { feed };
      let count = 0;
      const buckets = counts.map((each, index) => {
        count += each;
        return { labels: { le: LABELS[index] }, sharedLabels, value: count, metricName: `${name}_bucket` };
      });
      return [
        ...buckets,
        { labels: {}, sharedLabels, value: seconds, metricName: `${name}_sum` },
        { labels: {}, sharedLabels, value: count, metricName: `${name}_count` },
      ];
    });
    return Promise.resolve({ name, help, type, values, aggregator: "sum" });
  }

  #of(feed: string): { readonly counts: number[]; seconds: number } {
    const sums = this.#feeds.get(feed) ?? { counts: BOUNDS.map(() => 0), seconds: 0 };
    this.#feeds.set(feed, sums);
    return sums;
  }
}

const BOUNDS = [...REQUEST_BUCKETS, Infinity].map(String);
const LABELS = [...REQUEST_BUCKETS, "+Inf"];
