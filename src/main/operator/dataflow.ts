import type { Logger } from "pino";
import { googleCalls } from "../../adapters/dataflow/dataflow-calls.ts";
import { dataflowJobs } from "../../adapters/dataflow/dataflow-jobs.ts";
import { cloudStorage } from "../../adapters/dataflow/staging.ts";
import { type Jobs, JobsError } from "../../job-ports.ts";
import { beamYaml } from "../../pipeline/beam-yaml.ts";
import { pipelineProto } from "../../pipeline/pipeline-proto.ts";
import type { CommandIo } from "../command-io.ts";

/** How soon a job's own changes are seen, unless the interval for drift is shorter: one call a project and region. */
const LIST_INTERVAL_MS = 30_000;

interface JobsOptions {
  /** DATAFLOW_EMULATOR_HOST and STORAGE_EMULATOR_HOST name servers that stand in for Google's. */
  readonly env: CommandIo["env"];
  readonly driftIntervalMs: number;
  /** Throws where another leads. */
  readonly fence: () => void;
  readonly log: Pick<Logger, "info" | "warn">;
}

/**
 * Dataflow for the controller. Neither Google's clients nor the Beam SDK is loaded before a feed needs one: an operator
 * without such feeds doesn't pay for them.
 */
export function operatorJobs({ env, driftIntervalMs, fence, log }: JobsOptions): Jobs & { close(): Promise<void> } {
  return dataflowJobs({
    calls: () => googleCalls({ endpoint: env.DATAFLOW_EMULATOR_HOST }),
    staging: () => cloudStorage({ endpoint: env.STORAGE_EMULATOR_HOST }),
    buildPipeline: (pipeline, workerImage) => pipelineProto({ ...pipeline, workerImage }),
    buildYaml: beamYaml,
    listIntervalMs: Math.min(LIST_INTERVAL_MS, driftIntervalMs),
    fence,
    onListing: ({ projectId, region }, trouble) => {
      const what = "the jobs of a project and region can't be listed; its feeds wait";
      if (trouble instanceof JobsError) log.warn({ project: projectId, region, problem: trouble.message }, what);
      else
        log.info({ project: projectId, region, afterSeconds: Math.round(trouble.overAfterMs / 1000) }, `over: ${what}`);
    },
  });
}
