/**
 * A container of a Pod over its runs: started, probed, restarted as the Pod's policy says, with a kubelet's back-off
 * (at once, then 10 s doubled up to 5 min, anew after a run of 10 min), and stopped with a grace period.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { ContainerProcess } from "./container-process.ts";
import { ConfigError } from "./environment.ts";
import type { Container, ContainerState, ContainerStatus, Pod, Terminated } from "./pod.ts";
import { runProbes } from "./probing.ts";

const CONFIG_RETRY = 1000;
const BACKOFF_LIMIT = 300_000;
const BACKOFF_RESET = 600_000;

export interface RunnerOptions {
  readonly restartPolicy: Pod["spec"]["restartPolicy"];
  /** The first wait before a restart, in milliseconds. */
  readonly backoff: number;
  /** Makes a run; a `ConfigError` is tried again. */
  readonly start: (attempt: number) => Promise<ContainerProcess>;
  readonly portOf: (port: number | string) => number;
  /** The status is another. */
  readonly changed: () => void;
}

export class ContainerRunner {
  readonly #container: Container;
  readonly #options: RunnerOptions;
  readonly #stopped = new AbortController();
  #process: ContainerProcess | undefined;
  #state: ContainerState = { waiting: { reason: "ContainerCreating" } };
  #last: Terminated | undefined;
  #ready = false;
  #started = false;
  #restarts = 0;

  constructor(container: Container, options: RunnerOptions) {
    this.#container = container;
    this.#options = options;
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  get status(): ContainerStatus {
    const { name, image } = this.#container;
    return {
      name,
      image,
      imageID: image,
      state: this.#state,
      lastState: this.#last === undefined ? {} : { terminated: this.#last },
      ready: this.#ready,
      started: this.#started,
      restartCount: this.#restarts,
    };
  }

  /** Resolves when the container has ended and will not be started again. */
  async run(): Promise<void> {
    const { signal } = this.#stopped;
    let waited = 0;
    for (;;) {
      const started = await this.#start();
      if (started === undefined) return;
      const since = Date.now();
      const exit = await this.#follow(started);
      if (signal.aborted || !this.#restartsAfter(exit)) {
        this.#set({ terminated: exit });
        return;
      }
      if (Date.now() - since > BACKOFF_RESET) waited = 0;
      await this.#backOff(exit, waited);
      if (isAborted(signal)) {
        this.#set({ terminated: exit });
        return;
      }
      waited = waited === 0 ? this.#options.backoff : Math.min(2 * waited, BACKOFF_LIMIT);
      this.#last = exit;
      this.#restarts += 1;
    }
  }

  /** SIGTERM, and SIGKILL after the grace period; `run` then resolves. A second call can only shorten it. */
  stop(graceSeconds: number): void {
    this.#stopped.abort();
    const child = this.#process;
    if (child === undefined) return;
    child.signal(graceSeconds > 0 ? "SIGTERM" : "SIGKILL");
    if (graceSeconds <= 0) return;
    const kill = setTimeout(() => {
      child.signal("SIGKILL");
    }, graceSeconds * 1000);
    void child.ended.then(() => {
      clearTimeout(kill);
    });
  }

  /** A run, as soon as what it needs is there; undefined where it was stopped before. */
  async #start(): Promise<ContainerProcess | undefined> {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      try {
        const started = await this.#options.start(this.#restarts);
        this.#process = started;
        // Stopped while it was being started.
        if (isAborted(signal)) started.signal("SIGKILL");
        return started;
      } catch (error) {
        const reason = error instanceof ConfigError ? "CreateContainerConfigError" : "CreateContainerError";
        this.#set({ waiting: { reason, message: error instanceof Error ? error.message : String(error) } });
        await delay(CONFIG_RETRY, undefined, { signal }).catch(() => undefined);
      }
    }
    return undefined;
  }

  async #follow(started: ContainerProcess): Promise<Terminated> {
    const over = new AbortController();
    this.#set({ running: { startedAt: started.startedAt } });
    void runProbes(this.#container, this.#options.portOf, over.signal, {
      started: () => {
        this.#started = true;
        this.#options.changed();
      },
      ready: (is) => {
        this.#ready = is;
        this.#options.changed();
      },
      dead: () => {
        started.signal("SIGKILL");
      },
    });
    const exit = await started.ended;
    over.abort();
    this.#process = undefined;
    this.#ready = false;
    this.#started = false;
    return exit;
  }

  #restartsAfter(exit: Terminated): boolean {
    const { restartPolicy } = this.#options;
    return restartPolicy === "Always" || (restartPolicy === "OnFailure" && exit.exitCode !== 0);
  }

  async #backOff(exit: Terminated, milliseconds: number): Promise<void> {
    this.#last = exit;
    if (milliseconds === 0) {
      this.#set({ terminated: exit });
      return;
    }
    const message = `back-off ${milliseconds / 1000}s restarting failed container=${this.#container.name}`;
    this.#set({ waiting: { reason: "CrashLoopBackOff", message } });
    await delay(milliseconds, undefined, { signal: this.#stopped.signal }).catch(() => undefined);
  }

  #set(state: ContainerState): void {
    if (JSON.stringify(state) === JSON.stringify(this.#state)) return;
    this.#state = state;
    this.#options.changed();
  }
}

function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
