import type { StockfeedProcess } from "../stockfeed-process.ts";
import { until } from "../operator-world.ts";
import type { FaultWorld } from "./operator-world.ts";

/** More writes than a walk has; the walks end by themselves. */
export const MOST = 40;
/** Nothing is written for so long once all is done; events come behind the rest. */
const QUIET_MS = 1_500;

/**
 * An operator that is killed right after a call that a test chooses, and started again. Calls are those that it is told of
 * by `onWrite` and `onRead`; the server has done them, and the operator has not heard of it.
 */
export class KilledOperator {
  operator!: StockfeedProcess;
  readonly #start: () => Promise<StockfeedProcess>;
  #calls: string[] = [];
  #isLast: (calls: readonly string[]) => boolean = () => false;
  #killed = false;
  #lastWrite = 0;

  /** One that is yet to begin. @param start starts the process */
  constructor(start: () => Promise<StockfeedProcess>) {
    this.#start = start;
  }

  /** The world's one operator, killed after writes of the API server and of Pub/Sub; a test tells of those of other servers. */
  static async start(world: FaultWorld): Promise<KilledOperator> {
    const killed = new KilledOperator(() => world.startOperator());
    world.proxy.onWrite = killed.onWrite;
    world.onPubsubWrite = killed.onWrite;
    await killed.begin();
    return killed;
  }

  readonly onWrite = (what: string): void => {
    this.#lastWrite = performance.now();
    this.onRead(what);
  };

  readonly onRead = (what: string): void => {
    if (this.#killed) return;
    this.#calls.push(what);
    if (!this.#isLast(this.#calls)) return;
    this.#killed = true;
    this.operator.kill("SIGKILL");
  };

  /** Kills the operator when so many calls from now on are done. @returns what they were, as long as it lived */
  after(count: number): readonly string[] {
    return this.afterFirst((calls) => calls.length === count);
  }

  /**
   * Kills the operator once this says so of the calls from now on; it is asked after each of them.
   * @returns what they were, as long as it lived
   */
  afterFirst(isLast: (calls: readonly string[]) => boolean): readonly string[] {
    this.#isLast = isLast;
    this.#calls = [];
    this.#killed = false;
    return this.#calls;
  }

  /** Waits until it was killed, and starts another; or until it has done all that there is to do. Whether it was killed. */
  async restartedUnless(isDone: () => Promise<boolean>): Promise<boolean> {
    const quiet = () => performance.now() - this.#lastWrite > QUIET_MS;
    await until(async () => this.#killed || ((await isDone()) && quiet()), 60_000);
    const killed = this.#killed;
    if (killed) {
      await this.operator.ended;
      await this.begin();
    }
    return killed;
  }

  /** Starts the process. */
  async begin(): Promise<void> {
    this.operator = await this.#start();
  }

  async stop(): Promise<void> {
    this.operator.kill("SIGKILL");
    await this.operator.ended;
  }
}
