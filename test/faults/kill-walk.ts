/**
 * A feed of its own namespace and project with an operator of its own, which is killed after one call after another.
 *
 * Calls are those of the API server, of Pub/Sub and of BigQuery, each right after the server has done it and before the
 * operator hears of it: after each write of each change, and once after each kind of read, such as a list of Pods, a watch,
 * a look at a table. What changes nothing outside leaves, however often, what the write before it left.
 */
import { expect } from "vitest";
import { until } from "../operator-world.ts";
import { CallProxy } from "./call-proxy.ts";
import { KilledOperator } from "./killed-operator.ts";
import type { FaultWorld } from "./operator-world.ts";

/** Something that happens to a feed. */
export interface Change {
  readonly make: () => Promise<unknown>;
  /** Whether the operator has done what the change asks for. */
  readonly isDone: () => Promise<boolean>;
  /** Whether what there is then is exactly what is wanted; throws where it is not. @param after what was called */
  readonly check: (after: string) => Promise<void>;
}

export class KillWalk {
  readonly namespace: string;
  /** Reads that an operator was killed after, in any walk that shares them. */
  readonly #reads: Set<string>;
  readonly killed: KilledOperator;
  readonly #proxies: readonly [kubernetes: CallProxy, bigQuery: CallProxy];

  private constructor(
    world: FaultWorld,
    namespace: string,
    reads: Set<string>,
    [kubernetes, bigQuery]: [CallProxy, CallProxy],
  ) {
    this.namespace = namespace;
    this.#reads = reads;
    this.#proxies = [kubernetes, bigQuery];
    const flags = ["--leader-elect", "false", "--namespaces", namespace];
    const env = { BIGQUERY_EMULATOR_HOST: bigQuery.url };
    this.killed = new KilledOperator(() => world.startOperator(flags, kubernetes, env));
    kubernetes.onWrite = this.killed.onWrite;
    kubernetes.onRead = this.killed.onRead;
    bigQuery.onRead = this.killed.onRead;
  }

  /**
   * In a namespace that is there. The operator is yet to begin.
   * @param reads what is not to be killed after again, in this walk or another; what this one is killed after is added
   */
  static async in(world: FaultWorld, namespace: string, reads: Set<string>): Promise<KillWalk> {
    const { plane, bigQuery } = world;
    const proxies = await Promise.all([CallProxy.start(plane.url, plane.caFile), CallProxy.start(bigQuery.url)]);
    return new KillWalk(world, namespace, reads, proxies);
  }

  async close(): Promise<void> {
    for (const proxy of this.#proxies) await proxy.close();
  }

  /**
   * Makes the changes in turn, again and again, and kills the operator once in each turn, after a call that it was not
   * killed after before in that change, until there is none.
   * @returns the writes that it was killed after, a set a change
   */
  async over(changes: readonly Change[]): Promise<readonly ReadonlySet<string>[]> {
    const walks = changes.map((change) => ({ change, writes: new Set<string>(), isOver: false }));
    while (walks.some(({ isOver }) => !isOver)) {
      for (const walk of walks) {
        const calls = this.#killAfterNew(walk.isOver ? "nothing" : walk.writes);
        await walk.change.make();
        walk.isOver ||= !(await this.killed.restartedUnless(walk.change.isDone));
        await this.#settle(walk.change, calls);
      }
    }
    // What comes next may be a change that nobody is to be killed in.
    this.#killAfterNew("nothing");
    return walks.map(({ writes }) => writes);
  }

  /**
   * The same with an operator that starts after each change, and is killed after reads alone: those that it needs to
   * begin, and what it asks for once a start.
   */
  async overReads(changes: readonly Change[]): Promise<void> {
    for (let isOver = false; !isOver;) {
      for (const change of changes) {
        await this.killed.stop();
        const calls = this.#killAfterNew("reads");
        await change.make();
        await this.killed.begin();
        isOver = !(await this.killed.restartedUnless(change.isDone));
        await this.#settle(change, calls);
      }
    }
  }

  async #settle({ isDone, check }: Change, calls: readonly string[]): Promise<void> {
    await until(isDone, 60_000);
    await check(`killed after ${calls.join(", ")}`);
    expect(this.killed.operator.stderr).not.toContain("defect");
  }

  /** Has it killed after a write that is not among those, and then is, or after a read that it was not killed after. */
  #killAfterNew(writes: Set<string> | "reads" | "nothing"): readonly string[] {
    return this.killed.afterFirst((calls) => {
      const call = this.#labelOf(calls);
      const kills = isRead(call) ? this.#reads : writes;
      if (writes === "nothing" || typeof kills === "string" || kills.has(call)) return false;
      kills.add(call);
      return true;
    });
  }

  /** What kind of call the last one is; of a write also the how manieth. */
  #labelOf(calls: readonly string[]): string {
    const plain = (call: string) =>
      call
        .replaceAll(this.namespace, "NAMESPACE")
        .replace(/^WATCH .*/, "WATCH")
        .replace(/(\/events|\/tables)\/.*/, "$1")
        .replaceAll(/one-[0-9a-z]{8}-/g, "one-");
    const last = plain(calls.at(-1) ?? "");
    return isRead(last) ? last : `${last} #${calls.filter((call) => plain(call) === last).length}`;
  }
}

function isRead(call: string): boolean {
  return /^(GET|WATCH|Get|List)/.test(call);
}
