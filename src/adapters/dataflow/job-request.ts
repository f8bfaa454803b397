/**
 * The body of `jobs.create` for a portable pipeline that lies in Cloud Storage, field by field as Beam's own submitters
 * make it; docs/dataflow.md lists where it differs from theirs, and why.
 * https://cloud.google.com/dataflow/docs/reference/rest/v1b3/projects.locations.jobs
 */
import type { JobLaunch } from "../../job-ports.ts";
import type { ApiJob } from "./dataflow-calls.ts";
import type { PortableEnvironment } from "./portable-environments.ts";
import { struct } from "./struct.ts";
import { FUNCTIONS_MODULE } from "../../plan/functions-module.ts";

/** The SDK whose functions the workers run. */
const SDK = { name: "Apache Beam SDK for TypeScript", version: "2.49.0" } as const;

/**
 * Portable submission on Runner v2; workers of one core each, the way that the TypeScript SDK's own runner asks for them
 * (`use_sibling_sdk_workers`) beside the way that Python's, which it submits by, always does (`use_multiple_sdk_containers`);
 * Streaming Engine, without which workers can't be resized in flight.
 */
const EXPERIMENTS = [
  "beam_fn_api",
  "use_runner_v2",
  "use_unified_worker",
  "use_portable_job_submission",
  "use_sibling_sdk_workers",
  "enable_streaming_engine",
  "enable_windmill_service",
  "use_multiple_sdk_containers",
] as const;

/** Of a worker that can process more than one bundle on more than one core; a Node process can't. */
const MULTI_CORE = "beam:protocol:multi_core_bundle_processing:v1";

/** What was made ready for a job. */
export interface StagedPipeline {
  /** `gs://bucket/object` of the serialised pipeline. */
  readonly pipelineUrl: string;
  readonly environments: readonly PortableEnvironment[];
}

/** The job to create. */
export function jobRequest(launch: JobLaunch, staged: StagedPipeline): ApiJob {
  const { name, requestId, labels, projectId, region, tempLocation, serviceAccountEmail, replaceJobId } = launch;
  return {
    name,
    projectId,
    location: region,
    type: "JOB_TYPE_STREAMING",
    clientRequestId: requestId,
    labels: { ...labels },
    steps: [],
    environment: {
      userAgent: struct(SDK),
      version: struct({ job_type: "FNAPI_STREAMING", major: "8" }),
      experiments: [...EXPERIMENTS],
      sdkPipelineOptions: struct({ options: sdkOptions(launch, staged), display_data: [] }),
      tempStoragePrefix: tempLocation.replace(/^gs:\//, "storage.googleapis.com").replace(/\/+$/, ""),
      ...(serviceAccountEmail !== undefined && { serviceAccountEmail }),
      ...(launch.minWorkers !== undefined && { serviceOptions: [`min_num_workers=${launch.minWorkers}`] }),
      workerPools: [workerPool(launch, staged)],
    },
    // Transforms are named alike in every version of the graph, so an update maps each to itself.
    ...(replaceJobId !== undefined && { replaceJobId, transformNameMapping: {} }),
  };
}

/** What the SDK's own workers are told; those of TypeScript load the modules that are named here. */
function sdkOptions(launch: JobLaunch, { pipelineUrl }: StagedPipeline): Readonly<Record<string, unknown>> {
  const { name, projectId, region, tempLocation, maxWorkers, serviceAccountEmail } = launch;
  return {
    pipelineUrl,
    job_name: name,
    project: projectId,
    region,
    temp_location: tempLocation,
    streaming: true,
    experiments: [...EXPERIMENTS],
    max_num_workers: maxWorkers,
    ...(serviceAccountEmail !== undefined && { service_account_email: serviceAccountEmail }),
    registered_node_modules: [FUNCTIONS_MODULE],
  };
}

function workerPool(launch: JobLaunch, { environments }: StagedPipeline) {
  const { machineType, network, subnetwork, privateIps = false, minWorkers = 1, maxWorkers, workerImage } = launch;
  return {
    kind: "harness",
    numWorkers: minWorkers,
    packages: [],
    autoscalingSettings: { algorithm: "AUTOSCALING_ALGORITHM_BASIC" as const, maxNumWorkers: maxWorkers },
    // A streaming worker has a data disk of the service's choice beside its boot disk.
    dataDisks: [{}],
    workerHarnessContainerImage: workerImage,
    sdkHarnessContainerImages: environments.flatMap(({ id, containerImage, capabilities }) => {
      if (containerImage === undefined) return [];
      return {
        environmentId: id,
        containerImage,
        capabilities: [...capabilities],
        useSingleCorePerContainer: !capabilities.includes(MULTI_CORE),
      };
    }),
    ...(machineType !== undefined && { machineType }),
    ...(network !== undefined && { network }),
    ...(subnetwork !== undefined && { subnetwork }),
    ...(privateIps && { ipConfiguration: "WORKER_IP_PRIVATE" as const }),
  };
}
