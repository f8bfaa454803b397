import type { SinkTrouble } from "../quotes/stream-summary.ts";
import { feedKey } from "./feed-key.ts";

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
  troubleOf(feed: Parameters<typeof feedKey>[0]): SinkTrouble | undefined {
    return this.#news.get(feedKey(feed))?.trouble;
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
