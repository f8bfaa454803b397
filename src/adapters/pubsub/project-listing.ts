/**
 * What one project has, listed once an interval for all who ask.
 *
 * - Callers that come while a listing is under way share it; one that failed is not kept, so the next caller lists again.
 * - What was written through this process shows at once: a write made while a listing is under way is made again on
 *   its result, which may have been read before.
 * - What others wrote shows with the next listing, an interval later at most.
 */
import type { ApiSubscription, ApiTopic } from "./wanted-objects.ts";

/** Objects by short name. */
export interface Listed {
  readonly topics: Map<string, ApiTopic>;
  readonly subscriptions: Map<string, ApiSubscription>;
}

type Write = (listed: Listed) => void;

export class ProjectListing {
  readonly #list: () => Promise<Listed>;
  readonly #intervalMs: number;
  readonly #now: () => number;
  #listed: Listed | undefined;
  #freshUntil = -Infinity;
  #underWay: { readonly result: Promise<Listed>; readonly writes: Write[] } | undefined;

  /** @param list reads the whole project; @param now milliseconds that only grow */
  constructor(list: () => Promise<Listed>, intervalMs: number, now: () => number) {
    this.#list = list;
    this.#intervalMs = intervalMs;
    this.#now = now;
  }

  /** What the project has; not to be changed but through `write`. Rejects with what the listing rejects with. */
  get(): Promise<Listed> {
    if (this.#listed !== undefined && this.#now() < this.#freshUntil) return Promise.resolve(this.#listed);
    this.#underWay ??= this.#begin();
    return this.#underWay.result;
  }

  /** Notes what was just written. */
  write(write: Write): void {
    if (this.#listed !== undefined) write(this.#listed);
    this.#underWay?.writes.push(write);
  }

  #begin() {
    const startedAt = this.#now();
    const writes: Write[] = [];
    const result = this.#list()
      .then((listed) => {
        for (const write of writes) write(listed);
        this.#listed = listed;
        this.#freshUntil = startedAt + this.#intervalMs;
        return listed;
      })
      .finally(() => {
        this.#underWay = undefined;
      });
    return { result, writes };
  }
}
