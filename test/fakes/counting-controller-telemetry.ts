import type { ControllerTelemetry } from "../../src/controller-ports.ts";
import { countingTelemetry } from "./counting-telemetry.ts";

/** The controller's telemetry and the pipeline's, added up under names such as `quotes.published` and `drift`. */
export function countingControllerTelemetry() {
  const { telemetry, counts } = countingTelemetry();
  const add = (name: string, count: number) => {
    counts[name] = (counts[name] ?? 0) + count;
  };
  const controller: ControllerTelemetry = {
    observeReconcile: (result) => {
      add(`reconciles.${result}`, 1);
    },
    countReconcileError: () => {
      add("reconcileErrors", 1);
    },
    countDriftCorrections: (count) => {
      add("drift", count);
    },
    countPublishedQuotes: (_feed, outcome, count) => {
      add(`quotes.${outcome}`, count);
    },
    countSymbolFailures: (_feed, kind, count) => {
      add(`failures.${kind}`, count);
    },
    countProviderRequests: (_feed, { within, seconds }) => {
      for (const [bound, count] of Object.entries(within)) add(`requests.within ${bound}`, count);
      add("requests.seconds", seconds);
    },
    countJobLaunch: (_resolution, cause) => {
      add(`launches.${cause}`, 1);
    },
    forgetFeed: () => {
      add("forgotten", 1);
    },
  };
  return { telemetry: { ...telemetry, ...controller }, counts };
}
