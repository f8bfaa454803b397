/**
 * Asks a runner what its workers are to do: where control and logging are, which workers this container is to start, and
 * the pipeline's options.
 *
 * Artifacts are not fetched. The image has the pipeline's code, and nothing is installed at a start; what a pipeline names
 * all the same is told, so that one that relies on code of its own is seen to be on the wrong image.
 */
import { ChannelCredentials, Metadata } from "@grpc/grpc-js";
import { type ProvisionInfo, ProvisionServiceClient, Struct } from "./beam-sdk.ts";
import { BootError, type ContainerFlags } from "./container-flags.ts";
import type { PipelineOptions } from "./pipeline-options.ts";

/** Time for the runner's service to answer. */
const PROVISION_LIMIT_MS = 60_000;

export interface Provision {
  /** The container's own ID first, then its siblings': one worker each. */
  readonly workerIds: readonly [string, ...string[]];
  /** `HOST:PORT` */
  readonly controlEndpoint: string;
  readonly loggingEndpoint?: string;
  readonly options: PipelineOptions;
  /** Of the artifacts that the pipeline names: their kinds, such as `beam:artifact:type:npm:v1`. */
  readonly artifacts: readonly string[];
}

/** @throws BootError where the service does not answer or leaves the control endpoint out */
export async function askProvision(flags: ContainerFlags, limitMs = PROVISION_LIMIT_MS): Promise<Provision> {
  const info = await fetchInfo(flags, limitMs);
  const controlEndpoint = said(info.controlEndpoint?.url) ?? flags.controlEndpoint;
  if (controlEndpoint === undefined)
    throw new BootError(
      `Neither the provision service at ${flags.provisionEndpoint} nor --control_endpoint names a control endpoint.`,
    );
  return {
    workerIds: [flags.id, ...info.siblingWorkerIds.filter((id) => id !== flags.id)],
    controlEndpoint,
    loggingEndpoint: said(info.loggingEndpoint?.url) ?? flags.loggingEndpoint,
    options: info.pipelineOptions === undefined ? {} : (Struct.toJson(info.pipelineOptions) as PipelineOptions),
    artifacts: info.dependencies.map(({ roleUrn, typeUrn }) => said(roleUrn) ?? typeUrn),
  };
}

function fetchInfo({ id, provisionEndpoint }: ContainerFlags, limitMs: number): Promise<ProvisionInfo> {
  const client = new ProvisionServiceClient(provisionEndpoint, ChannelCredentials.createInsecure());
  // It may come up a moment after the container.
  const metadata = new Metadata({ waitForReady: true });
  metadata.add("worker_id", id);
  return new Promise<ProvisionInfo>((resolve, reject) => {
    client.getProvisionInfo({}, metadata, { deadline: Date.now() + limitMs }, (error, response) => {
      client.close();
      if (response?.info !== undefined) resolve(response.info);
      else
        reject(
          new BootError(
            `The provision service at ${provisionEndpoint} told worker ${id} nothing: ${error?.message ?? "no info"}.`,
          ),
        );
    });
  });
}

/** Protobuf's empty text is what was not said. */
function said(text: string | undefined): string | undefined {
  return text === "" ? undefined : text;
}
