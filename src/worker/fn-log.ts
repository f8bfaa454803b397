/**
 * A worker's log, on the runner's logging service (`BeamFnLogging`): entries with level, time, and the instruction and
 * transform at whose work they were written.
 *
 * It never holds the work up: while the runner does not read, up to 10,000 entries wait, and what comes on top is counted
 * and said. Where the service cannot be reached or is gone, entries go to standard error instead, which a container's
 * host keeps.
 */
import { once } from "node:events";
import { ChannelCredentials, type ClientDuplexStream, Metadata } from "@grpc/grpc-js";
import { BeamFnLoggingClient, type LogEntry, LogEntry_Severity_Enum as Severity } from "./beam-sdk.ts";

/** Beam's levels, as its pipeline options name them, in rising order. */
export const LOG_LEVELS = ["DEBUG", "INFO", "WARN", "ERROR", "CRITICAL"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** The work that an entry is about, by the runner's names. */
interface Work {
  readonly instructionId?: string;
  readonly transformId?: string;
}

export interface FnLogOptions {
  readonly workerId: string;
  /** Such as `127.0.0.1:12345`; without one everything goes to standard error. */
  readonly endpoint?: string;
  /** What is below is left out. */
  readonly level: LogLevel;
  readonly now: () => number;
  /** Takes lines where there is no service. */
  readonly stderr?: (line: string) => void;
}

const WAITING_LIMIT = 10_000;
const ENTRIES_PER_MESSAGE = 100;
/** Characters of one entry; a message of a hundred stays below gRPC's 4 MiB. */
const LONGEST_ENTRY = 30_000;
const CLOSE_LIMIT_MS = 5_000;

type LogStream = ClientDuplexStream<{ logEntries: LogEntry[] }, unknown>;

export class FnLog {
  readonly #options: FnLogOptions;
  readonly #stderr: (line: string) => void;
  #stream: LogStream | undefined;
  #waiting: LogEntry[] = [];
  #dropped = 0;
  #full = false;

  constructor(options: FnLogOptions) {
    this.#options = options;
    this.#stderr = options.stderr ?? ((line) => process.stderr.write(line));
    if (options.endpoint === undefined) return;
    const client = new BeamFnLoggingClient(options.endpoint, ChannelCredentials.createInsecure());
    const metadata = new Metadata();
    metadata.add("worker_id", options.workerId);
    const stream = client.logging(metadata);
    this.#stream = stream;
    stream.on("data", () => undefined);
    stream.on("error", () => {
      this.#withoutService();
    });
    stream.on("drain", () => {
      this.#full = false;
      this.#send();
    });
  }

  /** Whether entries of this level are kept at all. */
  takes(level: LogLevel): boolean {
    return LOG_LEVELS.indexOf(level) >= LOG_LEVELS.indexOf(this.#options.level);
  }

  /** @param at the work that it is about */
  write(level: LogLevel, message: string, at: Work = {}): void {
    if (!this.takes(level)) return;
    if (this.#waiting.length >= WAITING_LIMIT) {
      this.#dropped++;
      return;
    }
    this.#waiting.push(this.#entry(level, message, at));
    this.#send();
  }

  /** Sends what waits, for some seconds at most, and ends the stream. */
  async close(): Promise<void> {
    const stream = this.#stream;
    if (stream === undefined) return;
    const over = Promise.race([once(stream, "status"), once(stream, "error")]).catch(() => undefined);
    while (this.#waiting.length > 0 && this.#stream !== undefined) {
      this.#full = false;
      this.#send();
    }
    stream.end();
    const patience = new Promise((resolve) => setTimeout(resolve, CLOSE_LIMIT_MS).unref());
    await Promise.race([over, patience]);
    this.#stream = undefined;
  }

  #send(): void {
    if (this.#stream === undefined) {
      for (const entry of this.#waiting.splice(0)) this.#print(entry);
      return;
    }
    while (this.#waiting.length > 0 && !this.#full) this.#full = !this.#stream.write({ logEntries: this.#batch() });
  }

  #batch(): LogEntry[] {
    const batch = this.#waiting.splice(0, ENTRIES_PER_MESSAGE);
    if (this.#waiting.length === 0 && this.#dropped > 0) {
      const text = `${this.#dropped} log entries were left out, since the runner did not take them in time.`;
      batch.push(this.#entry("WARN", text));
      this.#dropped = 0;
    }
    return batch;
  }

  #withoutService(): void {
    this.#stream = undefined;
    this.#send();
  }

  #print({ severity, message }: LogEntry): void {
    this.#stderr(`${Severity[severity]} ${this.#options.workerId}: ${message}\n`);
  }

  #entry(level: LogLevel, message: string, at: Work = {}): LogEntry {
    const now = this.#options.now();
    const seconds = Math.floor(now / 1000);
    return {
      severity: Severity[level],
      timestamp: { seconds: BigInt(seconds), nanos: Math.floor((now - seconds * 1000) * 1e6) },
      message: message.length > LONGEST_ENTRY ? `${message.slice(0, LONGEST_ENTRY)} …` : message,
      trace: "",
      instructionId: at.instructionId ?? "",
      transformId: at.transformId ?? "",
      logLocation: "",
      thread: "",
    };
  }
}
