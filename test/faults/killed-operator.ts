import type { StockfeedProcess } from "../stockfeed-process.ts";
import { until } from "../operator-world.ts";
import type { FaultWorld } from "./operator-world.ts";

/** More writes than a walk has; the walks end by themselves. */
export const MOST = 40;
/** Nothing is written for so long once all is done; events come behind the rest. */
const QUIET_MS = 1_500;

/**
 * An operator that is killed right after a write that a test chooses, and started again. Writes are those of the API server
 * and of Pub/Sub; a test tells by `onWrite` of those of other servers.
 */
export class KilledOperator {
  operator: StockfeedProcess;
  readonly #world: FaultWorld;
  #writes: string[] = [];
  #count = Infinity;
  #lastWrite = 0;

  private constructor(world: FaultWorld, operator: StockfeedProcess) {
    this.#world = world;
    this.operator = operator;
    world.proxy.onWrite = (what) => {
      this.onWrite(what);
    };
    world.onPubsubWrite = (what) => {
      this.onWrite(what);
    };
  }

  static async start(world: FaultWorld): Promise<KilledOperator> {
    return new KilledOperator(world, await world.startOperator());
  }

  readonly onWrite = (what: string): void => {
    this.#lastWrite = performance.now();
    if (this.#writes.length < this.#count && this.#writes.push(what) === this.#count) this.operator.kill("SIGKILL");
  };

  /** Kills the operator when so many writes from now on are done. @returns what they were, as long as it lived */
  after(count: number): readonly string[] {
    this.#count = count;
    this.#writes = [];
    return this.#writes;
  }

  /** Waits until it was killed, and starts another; or until it has done all that there is to do. Whether it was killed. */
  async restartedUnless(isDone: () => Promise<boolean>): Promise<boolean> {
    const wasKilled = () => this.#writes.length === this.#count;
    const quiet = () => performance.now() - this.#lastWrite > QUIET_MS;
    await until(async () => wasKilled() || ((await isDone()) && quiet()), 60_000);
    const killed = wasKilled();
    if (killed) {
      await this.operator.ended;
      this.operator = await this.#world.startOperator();
    }
    return killed;
  }

  async stop(): Promise<void> {
    this.operator.kill("SIGKILL");
    await this.operator.ended;
  }
}
