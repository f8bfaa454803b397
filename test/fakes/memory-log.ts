import type { Clock, LogMessage, LogReading, QuoteLog } from "../../src/ports.ts";

/** How a log delivers. */
export interface Delivery {
  /** Messages that it hands over in one go, a tenth of a second apart. */
  readonly rate: number;
  /** How many places a message may come before another that was published earlier. */
  readonly disorder: number;
  /** In [0, 1). */
  readonly random: () => number;
  /** Which of so many readers gets a message, the oldest being 0; by default any. */
  readonly pick?: (readers: number, message: { readonly id: string }) => number;
}

const STEP_MS = 100;
/** What a reader held that is gone without a word comes again after this time. */
const LEASE_MS = 10_000;

interface Kept {
  readonly id: string;
  readonly publishedAt: number;
  readonly data: Uint8Array;
  readonly attributes: LogMessage["attributes"];
}

/** Readers that are served in turn; each message that is not acknowledged is at one of them at most. */
interface Reader {
  readonly capacity: number;
  readonly onMessage: (message: LogMessage) => void;
  readonly held: Set<Kept>;
  readonly alive: () => boolean;
}

/** A log in memory, on a manual clock: keeps everything, and delivers it again from wherever it is sent back to. */
export class MemoryLog {
  readonly #clock: Clock;
  readonly #delivery: Delivery;
  readonly #kept: Kept[] = [];
  readonly #pending = new Set<Kept>();
  readonly #readers = new Set<Reader>();
  /** Whether messages get through. */
  connected = true;

  constructor(clock: Clock, delivery: Delivery) {
    this.#clock = clock;
    this.#delivery = delivery;
  }

  publish(data: string, attributes: LogMessage["attributes"] = {}): void {
    const { length } = this.#kept;
    const message = { id: String(length + 1), publishedAt: this.#clock.now(), data: Buffer.from(data), attributes };
    this.#kept.push(message);
    this.#pending.add(message);
  }

  /** The log as one process sees it, until the signal, at which the process is gone without a word. */
  open(capacity: number, died: AbortSignal): QuoteLog {
    return {
      capacity,
      seek: (time) => {
        this.#seek(time);
        return Promise.resolve();
      },
      read: (onMessage) => this.#read(capacity, onMessage, died),
    };
  }

  /** Delivers from now on, until the signal. */
  async run(signal: AbortSignal): Promise<void> {
    for (;;) {
      const woke = await this.#clock.sleepUntil(this.#clock.now() + STEP_MS, signal).then(
        () => true,
        () => false,
      );
      if (!woke) return;
      if (this.connected) this.#deliver();
    }
  }

  #seek(time: number): void {
    this.#pending.clear();
    const held = new Set([...this.#readers].flatMap((reader) => [...reader.held]));
    for (const message of this.#kept) {
      if (message.publishedAt >= time && !held.has(message)) this.#pending.add(message);
    }
  }

  #read(capacity: number, onMessage: (message: LogMessage) => void, died: AbortSignal): LogReading {
    const reader = { capacity, onMessage, held: new Set<Kept>(), alive: () => !died.aborted };
    this.#readers.add(reader);
    const leave = () => {
      for (const message of reader.held) this.#pending.add(message);
      this.#readers.delete(reader);
    };
    died.addEventListener("abort", () => {
      void this.#clock.sleepUntil(this.#clock.now() + LEASE_MS, new AbortController().signal).then(leave);
    });
    return {
      close: () => {
        leave();
        return Promise.resolve();
      },
    };
  }

  #deliver(): void {
    const { rate, disorder, random, pick = (readers) => Math.floor(random() * readers) } = this.#delivery;
    const readers = [...this.#readers].filter(({ alive }) => alive());
    const queue = [...this.#pending].sort((a, b) => Number(a.id) - Number(b.id)).slice(0, rate + disorder);
    for (let i = 0; i < rate && queue.length > 0 && readers.length > 0; i += 1) {
      const [message] = queue.splice(Math.floor(random() * Math.min(disorder + 1, queue.length)), 1);
      const open = readers.filter(({ held, capacity }) => held.size < capacity);
      const reader = message && open[pick(open.length, message)];
      if (message === undefined || reader === undefined) return;
      this.#pending.delete(message);
      reader.held.add(message);
      reader.onMessage({ ...message, ack: () => reader.held.delete(message) });
    }
  }
}
