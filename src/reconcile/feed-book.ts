import type { KubeObject } from "../api/kube-object.ts";
import { findings } from "../api/issue-wording.ts";
import { formatPath } from "../api/problem.ts";
import { API_VERSION, KIND, type StockFeed, stockFeedSchema } from "../api/stockfeed.ts";

/** A feed as its object has it, with every default filled in; or why it can't be one. */
export type ReadFeed =
  { readonly ok: true; readonly feed: StockFeed } | { readonly ok: false; readonly message: string };

/** Where the messages and rows of feeds go that don't say it themselves: a laptop's manifest then runs as it is. */
export type FeedDefaults = Pick<StockFeed["spec"], "pubsub" | "sink">;

/** Problems that a message names one by one. */
const NAMED = 3;

/**
 * Feeds read from their objects, each generation once: reading costs more than all else that a reconcile does where
 * there is nothing to do. Of the metadata a feed has its name alone, so labels and annotations change nothing here.
 */
export class FeedBook {
  readonly #entries = new Map<string, { readonly version: string; readonly read: ReadFeed }>();
  readonly #defaults: FeedDefaults;

  constructor(defaults: FeedDefaults = {}) {
    this.#defaults = defaults;
  }

  read(object: KubeObject): ReadFeed {
    const { uid = "", generation, resourceVersion = "" } = object.metadata;
    const version = generation === undefined ? resourceVersion : String(generation);
    const entry = this.#entries.get(uid);
    if (entry?.version === version) return entry.read;
    const read = readFeed(object, this.#defaults);
    this.#entries.set(uid, { version, read });
    return read;
  }

  /** Forgets a feed that is gone. */
  forget(uid: string): void {
    this.#entries.delete(uid);
  }
}

function readFeed(object: KubeObject, defaults: FeedDefaults): ReadFeed {
  const { name, namespace } = object.metadata;
  const manifest = { apiVersion: API_VERSION, kind: KIND, metadata: { name, namespace }, spec: object.spec };
  const parsed = stockFeedSchema.safeParse(manifest, { reportInput: true });
  if (!parsed.success) {
    const problems = parsed.error.issues.flatMap((issue) => findings(issue, manifest));
    const named = problems.slice(0, NAMED).map(({ path, value, rule, fix }) => {
      const found = value === undefined ? "" : ` is ${value} but`;
      return `${formatPath(path)}${found} ${rule}. ${fix}`;
    });
    const more = problems.length > NAMED ? [`And ${problems.length - NAMED} more.`] : [];
    return { ok: false, message: [...named, ...more].join(" ") };
  }
  const feed = parsed.data;
  const { pubsub = defaults.pubsub, sink = defaults.sink } = feed.spec;
  return { ok: true, feed: { ...feed, spec: { ...feed.spec, ...(pubsub && { pubsub }), ...(sink && { sink }) } } };
}
