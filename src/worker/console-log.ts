/**
 * Sends what is written to the console to a worker's log. The SDK and a pipeline's functions know no other way to say
 * something; at whose work they said it the SDK keeps beside each call.
 */
import { format } from "node:util";
import { loggingLocalStorage, type LoggingStageInfo } from "./beam-sdk.ts";
import type { FnLog, LogLevel } from "./fn-log.ts";

const LEVELS = {
  debug: "DEBUG",
  log: "INFO",
  info: "INFO",
  warn: "WARN",
  error: "ERROR",
} as const satisfies Partial<Record<keyof Console, LogLevel>>;

/** @returns puts the console back */
export function consoleToLog(log: Pick<FnLog, "takes" | "write">, target: Console = console): () => void {
  const before = { ...target };
  for (const [method, level] of Object.entries(LEVELS) as [keyof typeof LEVELS, LogLevel][]) {
    target[method] = (...args: unknown[]) => {
      // The SDK says something at every bundle: it must cost nothing where it is left out.
      if (!log.takes(level)) return;
      log.write(level, format(...args), loggingLocalStorage.getStore() as LoggingStageInfo | undefined);
    };
  }
  return () => void Object.assign(target, before);
}
