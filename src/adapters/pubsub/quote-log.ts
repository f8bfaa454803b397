/**
 * A subscription as a log that can be read again; it has to retain what was acknowledged.
 *
 * - Streaming pull by Google's client, which extends the leases of what is not acknowledged yet, for as long as it
 *   takes, and mends its streams through outages and restarts of the server by itself.
 * - What ends the client's own retries (a subscription that is not there, a right that is missing) is tried again here,
 *   with a delay that doubles from one second to half a minute, until the reading is closed.
 * - Flow control is by messages and bytes, and the server's: at the capacity it rests, and goes on as messages are
 *   acknowledged. The emulator knows nothing of it, and delivers all that it has.
 */
import { Duration, type Message, type PubSub, type Subscription } from "@google-cloud/pubsub";
import type { LogMessage, LogReading, QuoteLog } from "../../ports.ts";
import { subscriptionTrouble } from "./subscription-trouble.ts";

export interface QuoteLogOptions {
  readonly client: PubSub;
  readonly project: string;
  /** Its short name. */
  readonly subscription: string;
  /** Messages that are handed over before some have to be acknowledged; 20,000 by default. */
  readonly capacity?: number;
  /** Delivery has stopped, and is tried again then. */
  readonly onInterrupted: (error: Error, retryInMs: number) => void;
  /** Messages come again after an interruption. */
  readonly onResumed: () => void;
}

const CAPACITY = 20_000;
const MOST_BYTES = 64 * 1024 * 1024;
/** Longer than a log keeps a message: a sink may be away for days. */
const LONGEST_LEASE = Duration.from({ hours: 8 * 24 });
/** What is leased to a process that was killed comes again after this time, at most. */
const LEASE = Duration.from({ seconds: 10 });
const FIRST_BACKOFF_MS = 1_000;
const LONGEST_BACKOFF_MS = 30_000;
/** One attempt at a seek. */
const SEEK = { timeout: 20_000, retry: null } as const;

/** A log of the messages of a subscription. Seeks reject with an error that names the subscription and the mend. */
export function pubsubQuoteLog(options: QuoteLogOptions): QuoteLog {
  const { client, project, subscription, capacity = CAPACITY } = options;
  return {
    capacity,
    async seek(time) {
      try {
        await client.subscription(`projects/${project}/subscriptions/${subscription}`).seek(new Date(time), SEEK);
      } catch (error) {
        throw subscriptionTrouble(error, options);
      }
    },
    read: (onMessage) => new Reading({ ...options, capacity }, onMessage),
  };
}

class Reading implements LogReading {
  readonly #options: QuoteLogOptions & { readonly capacity: number };
  readonly #onMessage: (message: LogMessage) => void;
  #subscription: Subscription | undefined;
  #backoffMs = FIRST_BACKOFF_MS;
  #interrupted = false;
  #retry: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: QuoteLogOptions & { readonly capacity: number }, onMessage: (message: LogMessage) => void) {
    this.#options = options;
    this.#onMessage = onMessage;
    this.#open();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#retry);
    await this.#subscription?.close();
  }

  #open(): void {
    const { client, project, subscription: name, capacity } = this.#options;
    const subscription = client.subscription(`projects/${project}/subscriptions/${name}`, {
      flowControl: { maxMessages: capacity, maxBytes: MOST_BYTES },
      maxAckDeadline: LEASE,
      maxExtensionTime: LONGEST_LEASE,
      // One stream carries thousands of messages a second; more would only shuffle their order.
      streamingOptions: { maxStreams: 1 },
    });
    this.#subscription = subscription;
    let failed = false;
    subscription.on("message", (message: Message) => {
      if (this.#closed) return;
      this.#resumed();
      this.#onMessage(logMessage(message));
    });
    subscription.on("error", (error) => {
      if (failed) return;
      failed = true;
      void this.#reopen(subscription, error);
    });
  }

  async #reopen(subscription: Subscription, error: unknown): Promise<void> {
    await subscription.close().catch(() => undefined);
    if (this.#closed) return;
    this.#interrupted = true;
    this.#options.onInterrupted(subscriptionTrouble(error, this.#options), this.#backoffMs);
    this.#retry = setTimeout(() => {
      this.#open();
    }, this.#backoffMs);
    this.#backoffMs = Math.min(this.#backoffMs * 2, LONGEST_BACKOFF_MS);
  }

  #resumed(): void {
    if (!this.#interrupted) return;
    this.#interrupted = false;
    this.#backoffMs = FIRST_BACKOFF_MS;
    this.#options.onResumed();
  }
}

function logMessage(message: Message): LogMessage {
  return {
    id: message.id,
    publishedAt: message.publishTime.getTime(),
    data: message.data,
    attributes: message.attributes,
    ack: () => {
      message.ack();
    },
  };
}
