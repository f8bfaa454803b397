import { InvalidArgumentError } from "commander";
import type { DatasetId } from "../views/bigquery-schema.ts";

/**
 * A dataset as flags have it, `project.dataset`, or `project:dataset` as bq writes it.
 * @throws InvalidArgumentError
 */
export function datasetId(text: string): DatasetId {
  const [, projectId, dataset] = /^([a-z][a-z0-9-]*)[.:]([A-Za-z0-9_]+)$/.exec(text) ?? [];
  if (projectId === undefined || dataset === undefined) {
    throw new InvalidArgumentError("Write project and dataset, such as acme.markets.");
  }
  return { projectId, dataset };
}
