/**
 * The pipeline's options as a runner hands them to its workers: a JSON object whose keys are an option's name or
 * `beam:option:NAME:v1`. Dataflow puts it one level deeper, under `options`.
 */
import { LOG_LEVELS, type LogLevel } from "./fn-log.ts";

/** A JSON object. */
export type PipelineOptions = Readonly<Record<string, unknown>>;

function option(options: PipelineOptions, name: string): unknown {
  const deeper = options.options;
  const own = typeof deeper === "object" && deeper !== null ? (deeper as PipelineOptions) : options;
  return own[name] ?? own[`beam:option:${name}:v1`];
}

/** Names of the modules that register the pipeline's functions. */
export function functionModules(options: PipelineOptions): readonly string[] {
  const modules = option(options, "registered_node_modules");
  return Array.isArray(modules) ? modules.filter((name) => typeof name === "string") : [];
}

/** The least level that is logged: the pipeline's `default_sdk_harness_log_level`, INFO where it has none. */
export function logLevel(options: PipelineOptions): LogLevel {
  const wanted = option(options, "default_sdk_harness_log_level");
  return LOG_LEVELS.find((level) => level === wanted) ?? "INFO";
}
