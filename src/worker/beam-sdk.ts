/**
 * The parts of npm `apache-beam` that a worker is made of, loaded in the one order that works: its index first, since
 * deep imports run into its circular ones otherwise.
 */
import "../pipeline/node-compat.ts";
import "apache-beam";

export { BeamFnDataClient, BeamFnLoggingClient } from "apache-beam/proto/beam_fn_api.grpc-client";
export {
  type Elements,
  type Elements_Data,
  type InstructionRequest,
  type InstructionResponse,
  type LogEntry,
  LogEntry_Severity_Enum,
  RemoteGrpcPort,
} from "apache-beam/proto/beam_fn_api";
export { type Coder, Context as CoderContext } from "apache-beam/coders/coders";
export type { PTransform } from "apache-beam/proto/beam_runner_api";
export type { MonitoringInfo } from "apache-beam/proto/metrics";
export { ProvisionServiceClient } from "apache-beam/proto/beam_provision_api.grpc-client";
export type { ProvisionInfo } from "apache-beam/proto/beam_provision_api";
export { Struct } from "apache-beam/proto/google/protobuf/struct";
export { loggingLocalStorage, type LoggingStageInfo } from "apache-beam/worker/logging";
export type { IDataChannel, MultiplexingDataChannel } from "apache-beam/worker/data";
export { type BundleProcessor, Worker } from "apache-beam/worker/worker";
export {
  CombinePerKeyPrecombineOperator,
  type IOperator,
  type OperatorContext,
  ProcessResultBuilder,
  registerOperator,
} from "apache-beam/worker/operators";
export { PaneInfoCoder } from "apache-beam/coders/required_coders";
export type { Window, WindowedValue } from "apache-beam/values";
