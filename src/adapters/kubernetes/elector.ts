import { ClusterError } from "../../controller-ports.ts";
import type { Clock } from "../../ports.ts";
import type { ApiClient } from "./api-client.ts";
import { ApiError } from "./api-error.ts";
import type { Leadership } from "./fenced-writes.ts";
import { leaseStore, type LeaseRecord } from "./lease-store.ts";
import { Stopwatch } from "./stopwatch.ts";

/** How long a lease holds without a renewal: others wait this long after the last one that they saw. */
const LEASE_MS = 15_000;
/** How long the holder itself trusts in its last renewal. */
const RENEW_DEADLINE_MS = 10_000;
/** Between two tries of getting or renewing, with up to a fifth more. */
const RETRY_MS = 2_000;
const JITTER = 0.2;

export interface ElectorOptions {
  readonly client: Pick<ApiClient, "request">;
  readonly namespace: string;
  /** Name of the Lease. */
  readonly name: string;
  /** Tells this process from all others, such as the Pod's name with something random. */
  readonly identity: string;
  readonly clock: Clock;
  /** From 0 up to 1. */
  readonly random: () => number;
  /** Milliseconds that no setting of the clock changes; the process's own where it is not given. */
  readonly monotonic?: () => number;
  /** Told of each failure, for the log. */
  readonly onProblem: (error: Error) => void;
}

/**
 * Leader election by a Lease of the API server, 15 s long, renewed every 2 s and trusted in for 10 s.
 *
 * Guarantees: a process leads until 10 s after it sent its last successful renewal, by its own clock; another waits for
 * 15 s after it saw that renewal, by its own. So no two lead at once however their clocks are set, given that neither
 * clock runs half as fast again as the other. A process that was stopped, and goes on later than that, finds at once and
 * before any timer fires that it does not lead; writes under way are broken off when a term ends. A stop gives the lease
 * back, and another leads some 2 s later; after a crash it takes less than 20 s.
 * Caveats: see `fencedWrites` for what was sent just before a stop. A monotonic clock may stand still while the machine
 * sleeps, so the wall clock is asked too, and the one that is further on counts.
 */
export class Elector implements Leadership {
  readonly #options: ElectorOptions;
  readonly #lease: ReturnType<typeof leaseStore>;
  readonly #watch: Stopwatch;
  /** The lease as we wrote it last, and when that was sent. */
  #own: { readonly record: LeaseRecord; readonly sent: Stopwatch } | undefined;
  /** The lease as another wrote it, and when it was first seen so. */
  #rival: { readonly version: string; readonly seen: Stopwatch } | undefined;
  #term = new AbortController();

  constructor(options: ElectorOptions) {
    this.#options = options;
    this.#lease = leaseStore(options.client, options.namespace, options.name);
    this.#watch = new Stopwatch(options.clock, options.monotonic ?? (() => performance.now()));
    this.#term.abort(notLeader());
  }

  /** Aborted when the present term ends. */
  get signal(): AbortSignal {
    return this.#term.signal;
  }

  /** Whether we lead at this very moment. */
  isLeader(): boolean {
    return !this.#term.signal.aborted && this.#leftMs() > 0;
  }

  /** @throws ClusterError (NotLeader) */
  fence(): void {
    if (!this.isLeader()) throw notLeader();
  }

  /**
   * Waits for the lease, then does the work until it ends. The work's signal tells it that the lease is lost or that
   * `signal` was aborted; it is waited for, the lease being renewed meanwhile, and given back in the end.
   * @returns why it ended; after `lost` it may be called again
   */
  async lead(signal: AbortSignal, work: (signal: AbortSignal) => Promise<void>): Promise<"lost" | "done"> {
    while (!isAborted(signal)) {
      let waitMs = RETRY_MS;
      try {
        waitMs = await this.#acquire(signal);
        if (waitMs <= 0) return await this.#serve(signal, work);
      } catch (error) {
        if (!(error instanceof ApiError)) {
          if (isAborted(signal)) break;
          throw error;
        }
        if (error.kind !== "Conflict") this.#options.onProblem(error);
      }
      await this.#pause(signal, waitMs);
    }
    return "done";
  }

  async #serve(signal: AbortSignal, work: (signal: AbortSignal) => Promise<void>): Promise<"lost" | "done"> {
    const term = new AbortController();
    this.#term = term;
    const over = new AbortController();
    const kept = AbortSignal.any([over.signal, term.signal]);
    const keeping = [this.#keep(kept), this.#expire(kept)];
    try {
      await work(AbortSignal.any([signal, term.signal]));
    } finally {
      over.abort();
      await Promise.all(keeping);
      term.abort(notLeader());
      if (this.#leftMs() > 0) await this.#release();
    }
    return this.#own === undefined ? "done" : "lost";
  }

  /**
   * Takes the lease where nobody holds it, or where its holder did not renew it in time.
   * @returns 0 where it is ours now, else after how many milliseconds to ask again
   */
  async #acquire(signal: AbortSignal): Promise<number> {
    const record = await this.#lease.read(signal);
    if (record !== undefined && record.holder !== "" && record.holder !== this.#options.identity) {
      if (this.#rival?.version !== record.version) this.#rival = { version: record.version, seen: this.#watch.start() };
      const left = record.leaseMs - this.#rival.seen.elapsedMs();
      if (left > 0) return Math.min(left, RETRY_MS);
    }
    await this.#claim(record, signal);
    return 0;
  }

  async #claim(over: LeaseRecord | undefined, signal: AbortSignal): Promise<void> {
    const { identity, clock } = this.#options;
    const sent = this.#watch.start();
    const record = await this.#lease.write(over, { holder: identity, leaseMs: LEASE_MS, now: clock.now() }, signal);
    this.#own = { record, sent };
  }

  /** Renews what is ours; false where another has it. */
  async #renew(signal: AbortSignal): Promise<boolean> {
    try {
      await this.#claim(this.#own?.record, signal);
      return true;
    } catch (error) {
      if (!(error instanceof ApiError && (error.kind === "Conflict" || error.kind === "NotFound"))) throw error;
    }
    // Another has it, or a renewal of ours was done whose answer never came, or somebody deleted it.
    const record = await this.#lease.read(signal);
    if (record !== undefined && record.holder !== this.#options.identity) return false;
    await this.#claim(record, signal);
    return true;
  }

  /** Renews until the signal is aborted; ends the term where another has the lease. */
  async #keep(signal: AbortSignal): Promise<void> {
    for (;;) {
      await this.#pause(signal);
      if (isAborted(signal) || !this.isLeader()) return;
      try {
        if (!(await this.#renew(signal))) this.#term.abort(notLeader());
      } catch (error) {
        if (error instanceof ApiError) this.#options.onProblem(error);
        else if (!isAborted(signal)) throw error;
      }
    }
  }

  /** Ends the term when its last renewal has grown too old, whatever a renewal under way is doing. */
  async #expire(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    while (!isAborted(signal)) {
      const left = this.#leftMs();
      if (left <= 0) this.#term.abort(notLeader());
      else await clock.sleepUntil(clock.now() + left, signal).catch(() => undefined);
    }
  }

  async #release(): Promise<void> {
    const record = this.#own?.record;
    this.#own = undefined;
    const given = { holder: "", leaseMs: 1_000, now: this.#options.clock.now() };
    try {
      await this.#lease.write(record, given, new AbortController().signal);
    } catch (error) {
      this.#options.onProblem(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #leftMs(): number {
    return this.#own === undefined ? 0 : RENEW_DEADLINE_MS - this.#own.sent.elapsedMs();
  }

  async #pause(signal: AbortSignal, ms = RETRY_MS): Promise<void> {
    const { clock, random } = this.#options;
    await clock.sleepUntil(clock.now() + ms * (1 + JITTER * random()), signal).catch(() => undefined);
  }
}

/** Asked anew each time: it may have been aborted while something was awaited. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}

function notLeader(): ClusterError {
  return new ClusterError("NotLeader", "This process does not lead (any more), and writes nothing.");
}
