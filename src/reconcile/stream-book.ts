import { feedLabel } from "../plan/names.ts";
import type { SinkTrouble } from "../quotes/stream-summary.ts";

/** What a stream said, and for which feed, `namespace/name`. */
export interface StreamNews {
  readonly feed: string;
  readonly trouble: SinkTrouble;
}

/** What streams that are not ready said last of the sink, by their feeds. Of a stream that is ready it knows nothing. */
export class StreamBook {
  #news: ReadonlyMap<string, StreamNews> = new Map();
  /** Whether they all have been asked since this process began to lead. */
  askedOnce = false;

  /** What keeps a feed's stream from writing. */
  troubleOf({ metadata }: { readonly metadata: { readonly name: string; readonly namespace: string } }) {
    return this.#news.get(streamKey(metadata.namespace, feedLabel({ metadata })))?.trouble;
  }

  /** What was said last, by the key of the stream's Pod. */
  saidBy(key: string): StreamNews | undefined {
    return this.#news.get(key);
  }

  /**
   * Takes in what came of a round, in the place of the round before. Where a trouble is of the same kind its first words
   * stay, so that a condition does not change each minute.
   * @returns `namespace/name` of the feeds of which there is something else to say
   */
  turn(round: ReadonlyMap<string, StreamNews>): string[] {
    const before = this.#news;
    const now = new Map<string, StreamNews>();
    for (const [key, news] of round) {
      const said = before.get(key);
      now.set(key, said?.trouble.fault === news.trouble.fault ? said : news);
    }
    this.#news = now;
    return [...new Set([...before.keys(), ...now.keys()])].flatMap((key) => {
      const [then, next] = [before.get(key), now.get(key)];
      return then === next ? [] : ((next ?? then)?.feed ?? []);
    });
  }
}

/** What a feed's streams are known by, as by their Pods' labels. */
export function streamKey(namespace: string, label: string): string {
  return `${namespace}/${label}`;
}
